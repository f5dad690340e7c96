"""The folder for the files: chosen once, marked as this agent's, looked at before every cycle.

The mark (a small file in the root) tells a share that is away, whose mount point is then an empty local
folder, from the real one, and keeps two agents off one folder.
"""

import errno
import os
import shutil
import sys
from pathlib import Path, PureWindowsPath

import msgspec

from portal.syncagent.config import Config, write_private
from portal.syncagent.errors import AgentError, RootAwayError
from portal.syncagent.names import MARKER, is_mapped_drive

PROBE = ".fidero-0000000000000000.part"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Mark(msgspec.Struct, frozen=True):
    """The contents of the file by which a root is known again: which agent and which portal write below it."""

    agent_id: str
    portal: str


def choose(text: str, *, platform: str = sys.platform) -> Path:
    """The root a person typed, made if only its last folder is missing.

    A missing parent is not made: it would hide a share that is not mounted, or a typing error.

    Raises:
        AgentError: `root_relative`, `root_mapped_letter`, `bad_root`.
    """
    if platform == "win32" and is_network_letter(text):
        raise AgentError("root_mapped_letter", path=text)
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise AgentError("root_relative", path=text)
    try:
        path.mkdir(exist_ok=True)
        path = path.resolve(strict=True)
        _probe_write(path)
    except OSError as error:
        raise AgentError("bad_root", path=path, detail=error.strerror or error) from error
    if path == Path(path.anchor):
        raise AgentError("bad_root", path=path, detail="name a folder, not a whole disk")
    return path


def is_network_letter(path: str) -> bool:
    """Whether a Windows path begins with a letter that stands for a network share (GetDriveType = 4)."""
    if not is_mapped_drive(path) or sys.platform != "win32":
        return False
    import ctypes

    return ctypes.windll.kernel32.GetDriveTypeW(PureWindowsPath(path).drive + "\\") == 4


def check_free(root: Path, known: frozenset[str], *, take_over: bool = False) -> None:
    """Whether no other agent writes to a root. `known`: ids this installation has or had.

    Raises:
        AgentError: `root_taken`, `bad_root`.
    """
    try:
        present = read_mark(root)
    except OSError as error:
        raise AgentError("bad_root", path=root, detail=error.strerror or error) from error
    if present is not None and present.agent_id not in known and not take_over:
        raise AgentError("root_taken", path=root, detail=f"{present.agent_id}, {present.portal}")


def claim(root: Path, mark: Mark) -> None:
    """Mark a root as this agent's, whatever the mark said.

    Raises:
        AgentError: `bad_root`.
    """
    try:
        write_private(root / MARKER, msgspec.json.encode(mark))
    except OSError as error:
        raise AgentError("bad_root", path=root, detail=error.strerror or error) from error


def release(root: Path, agent_id: str) -> None:
    """Take the mark away if it is this agent's; a root that is away keeps it."""
    try:
        mark = read_mark(root)
        if mark is not None and mark.agent_id == agent_id:
            (root / MARKER).unlink()
    except OSError:
        return


def read_mark(root: Path) -> Mark | None:
    """The mark of a root; None if it has none that can be read.

    Raises:
        OSError: the root cannot be read.
    """
    try:
        return msgspec.json.decode((root / MARKER).read_bytes(), type=Mark)
    except (FileNotFoundError, ValueError):
        return None


def look(root: Path, config: Config) -> int:
    """Free bytes of a root that is there, ours and writable.

    Raises:
        RootAwayError: `root_missing`, `root_not_ours`, `root_not_writable`.
    """
    try:
        if not root.is_dir():
            raise RootAwayError("root_missing", path=root)
        mark = read_mark(root)
        if mark is None or mark.agent_id != config.agent_id:
            raise RootAwayError("root_not_ours", path=root, marker=MARKER)
        _probe_write(root)
        return shutil.disk_usage(root).free
    except OSError as error:
        raise RootAwayError("root_not_writable", path=root, detail=error.strerror or error) from error


def _probe_write(root: Path) -> None:
    probe = root / PROBE
    probe.unlink(missing_ok=True)
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        if error.errno not in FULL:  # a full disk is told per delivery, with what is missing
            raise
    finally:
        probe.unlink(missing_ok=True)
