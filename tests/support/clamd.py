"""ClamAV's own daemon with one signature of ours: the test file that all scanners know (EICAR), and nothing from the network."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from portal.scanning import Clamd

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""Harmless by agreement. Written in two parts, so that no scanner takes this file for it."""
SIGNATURE = "Fidero.Test.Eicar.UNOFFICIAL"
PROGRAM = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_SETTINGS = """\
Foreground yes
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
PidFile {folder}/clamd.pid
LogTime no
StreamMaxLength 30M
MaxThreads 2
SelfCheck 0
"""


@asynccontextmanager
async def running_clamd(folder: Path | None = None) -> AsyncIterator[str]:
    """A daemon of its own; gives the setting that names it. Ends with the block."""
    assert PROGRAM is not None, "clamd is missing: scripts/setup test installs it (Debian: clamav-daemon)"
    # the path of a socket may have 107 characters: too few for the folders of tests
    home = folder or Path(tempfile.mkdtemp(prefix="clamd-"))
    signatures = home / "signatures"
    signatures.mkdir(exist_ok=True)
    (signatures / "own.ndb").write_text(f"Fidero.Test.Eicar:0:*:{EICAR.hex()}\n")
    settings = home / "clamd.conf"
    settings.write_text(_SETTINGS.format(folder=home))
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        f"--config-file={settings}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        scanner = Clamd(path=f"{home}/clamd.sock")
        async with asyncio.timeout(60):
            while not await scanner.answers():
                assert process.returncode is None, "clamd ended by itself"
                await asyncio.sleep(0.05)
        yield f"unix://{home}/clamd.sock"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)
