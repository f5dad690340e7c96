"""Putting files where they belong: never half, never over another file, never through a link."""

import contextlib
import ctypes
import errno
import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from portal.syncagent.errors import RefusalError
from portal.syncagent.names import TEMPORARY
from portal.syncagent.root import FULL

CHUNK = 1 << 20
_WINDOWS_FULL = frozenset({39, 112})  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
_WINDOWS_BUSY = frozenset({5, 32, 33})  # access denied, sharing and lock violation: a scanner is looking
_LINK_TAGS = frozenset({0xA000000C, 0xA0000003})  # IO_REPARSE_TAG_SYMLINK, IO_REPARSE_TAG_MOUNT_POINT
_NO_SUCH_CALL = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM})


def temporary_name(delivery_id: str, path: str) -> str:
    """The name a file has until it is complete; the same each time, so that a retry replaces its own."""
    return f".fidero-{hashlib.sha256(f'{delivery_id}/{path}'.encode()).hexdigest()[:16]}.part"


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link or a Windows junction (False if it is not there)."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) in _LINK_TAGS


def check_folder(root: Path, parts: Iterable[str]) -> None:
    """Whether the way from `root` down to the folder `parts`, as far as it exists, stays inside the root.

    Raises:
        RefusalError: `unsafe_path` for a link on the way, `path_missing` for a file in the way.
    """
    folder = root
    for part in parts:
        folder = folder / part
        if is_link(folder):
            raise RefusalError("unsafe_path", path=str(folder), detail="it is a link to somewhere else")
        if folder.exists() and not folder.is_dir():
            raise RefusalError("path_missing", path=folder, detail="a file has this name")
    if not folder.resolve().is_relative_to(root.resolve()):
        raise RefusalError("unsafe_path", path=str(folder), detail="it leads out of the folder for the files")


def open_folder(root: Path, parts: tuple[str, ...], mode: int) -> None:
    """Make the folder `parts` below `root` where it is missing.

    Raises:
        RefusalError: as `check_folder`.
        OSError: as the disk says.
    """
    folder = root
    for part in parts:
        parent, folder = folder, folder / part
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        if sys.platform != "win32":
            folder.chmod(mode | (mode & 0o444) >> 2)
        sync_folder(parent)
    check_folder(root, parts)


def digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    value = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            value.update(chunk)
    return value.hexdigest()


def same(path: Path, size: int, sha256: str, *, item_id: str | None = None) -> bool:
    """Whether a file with exactly these bytes stands at `path`; False if nothing is there.

    Raises:
        RefusalError: `different_file_exists` for anything else that stands there, `unsafe_path` for a link.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    if is_link(path):
        raise RefusalError("unsafe_path", path=str(path), detail="a link has this name", item_id=item_id)
    if stat.S_ISREG(status.st_mode) and status.st_size == size and digest(path) == sha256:
        return True
    raise RefusalError("different_file_exists", path=path, item_id=item_id)


def write_temporary(path: Path, chunks: Iterable[bytes], mode: int) -> None:
    """Write a new file and bring it to the disk; what stands under this (our own) name is replaced."""
    path.unlink(missing_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        if sys.platform != "win32":
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def rename_new(temporary: Path, target: Path) -> None:
    """Give a complete file its name, in one step, only if the name is free.

    Raises:
        FileExistsError: something stands there.
        OSError: as the disk says.
    """
    if sys.platform == "win32":
        for wait in (0.1, 0.3, 1.0, None):
            try:
                temporary.rename(target)  # on Windows this never replaces
            except PermissionError as error:
                if wait is None or getattr(error, "winerror", None) not in _WINDOWS_BUSY:
                    raise
                time.sleep(wait)
            else:
                return
    if _rename_no_replace(temporary, target):
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the best there is
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        temporary.rename(target)
    else:
        temporary.unlink()


def _rename_no_replace(temporary: Path, target: Path) -> bool:
    """Linux' renameat2(RENAME_NOREPLACE); False where the system or the file system lacks it."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    at_fdcwd, no_replace = -100, 1
    if renameat2(at_fdcwd, os.fsencode(temporary), at_fdcwd, os.fsencode(target), no_replace) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_SUCH_CALL:
        return False
    raise OSError(number, os.strerror(number), str(target))


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system can."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:  # some network shares have no such call
            raise
    finally:
        os.close(handle)


def sweep(folder: Path) -> int:
    """Remove temporary files of ours that an earlier run left in `folder`; how many."""
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if TEMPORARY.fullmatch(entry.name) and not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)
                removed += 1
    return removed


def refusal(error: OSError, path: Path, *, item_id: str | None = None) -> RefusalError:
    """What a disk error means for a delivery."""
    detail = error.strerror or str(error)
    if error.errno in FULL or getattr(error, "winerror", None) in _WINDOWS_FULL:
        return RefusalError("disk_full", path=path, detail=detail, item_id=item_id)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return RefusalError("access_denied", path=path, detail=detail, item_id=item_id)
    if error.errno in {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}:
        return RefusalError("unsafe_path", path=str(path), detail=detail, item_id=item_id)
    return RefusalError("path_missing", path=path, detail=detail, item_id=item_id)
