"""Only one agent works with one settings folder: a lock of the system, which no crash leaves behind."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from portal.syncagent.errors import AgentError, AlreadyRunningError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_one(path: Path) -> Generator[None]:
    """Hold the lock of `path` as long as the block runs.

    Raises:
        AlreadyRunningError: someone else holds it.
    """
    try:
        path.touch(mode=0o600)
        file = path.open("ab")
    except OSError as error:
        raise AgentError("config_unwritable", path=path.parent, detail=error) from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise AlreadyRunningError("already_running", path=path.parent) from error
        yield
