"""Programs where the servers' account can reach them.

PostgreSQL's programs refuse root, and before they run one another they ask ``access()``, which judges by the account alone and not by
a capability it was given. So where root's own folders are closed (a checkout below ``/root``), the programs are copied to a place that
everybody can walk to and only root can write to: below the data folder where that is such a place, else below `SHARED`.

A copy is named by its contents: it is made once, serves every start and every portal of this machine, outlives a checkout that is
moved, and one that was changed or half made is not taken for whole. Copies of other contents go when no portal uses them.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from portal.embedded.process import Account, EmbeddedError, can_reach

SHARED = Path("/var/lib/fidero-embedded")
COPIES = "programs"
_LOCK = ".lock"


class Programs:
    """A folder of programs, in use until `release`."""

    def __init__(self, folder: Path, lock: IO[str] | None = None) -> None:
        self.folder = folder
        self._lock = lock

    def release(self) -> None:
        """Not used any more. May be repeated."""
        if self._lock is not None:
            self._lock.close()


def reachable(trees: Sequence[Path], data: Path, account: Account | None) -> Programs:
    """The first of these trees, which lie side by side, where the account can reach all of it: itself, or a copy.

    Args:
        trees: folders that belong together (programs, and libraries they look for beside them).
        data: the folder of the portal's data.

    Raises:
        EmbeddedError: there is no safe place for a copy.
    """
    if account is None or all(_is_open(tree, account) for tree in trees):
        return Programs(trees[0])
    name = _fingerprint(trees)
    place = _place(data, account)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        place.chmod(0o755)
        lock = (place / f"{name}{_LOCK}").open("a")
        fcntl.flock(lock, fcntl.LOCK_SH)
        whole = place / name
        if not (whole.is_dir() and _fingerprint([whole / tree.name for tree in trees]) == name):
            _copy(trees, whole)
        _clean(place, name)
    except OSError as error:
        raise EmbeddedError(
            f"The programs of PostgreSQL lie in a folder that the servers' account cannot reach, and cannot be copied to {place}:"
            f" {error.strerror}. Install the portal where everybody may walk (such as /srv), or start it as an ordinary user."
        ) from error
    return Programs(whole / trees[0].name, lock)


def _is_open(tree: Path, account: Account) -> bool:
    """Whether the account can walk to everything in a tree and read it."""
    if not can_reach(tree, account):
        return False
    for parent, folders, files in os.walk(tree):
        if not all(_readable(Path(parent, name), account) for name in (*folders, *files)):
            return False
    return True


def _readable(path: Path, account: Account) -> bool:
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    bits = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(status.st_mode) else 0)
    return status.st_mode & (bits << shift) == bits << shift


def _place(data: Path, account: Account) -> Path:
    """Where a copy may lie: in folders of root's into which nobody else writes, and through which the account may walk."""
    own = data / COPIES
    return own if _is_safe(data) and can_reach(data, account) else SHARED / COPIES


def _is_safe(folder: Path) -> bool:
    return all(
        status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        for status in (one.stat() for one in (folder, *folder.parents))
    )


def _fingerprint(trees: Sequence[Path]) -> str:
    """A name for the contents of trees: every path, whether it may be run, and its bytes."""
    digest = hashlib.sha256()
    for tree in trees:
        for parent, folders, files in os.walk(tree):
            folders.sort()
            for name in sorted(files):
                path = Path(parent, name)
                runs = bool(path.stat().st_mode & stat.S_IXUSR)
                digest.update(f"{tree.name}/{path.relative_to(tree)}\0{runs}\0".encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _copy(trees: Sequence[Path], whole: Path) -> None:
    """Copy aside and move into place, readable for everybody and writable for root alone."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{whole.name}.", dir=whole.parent))
    try:
        for tree in trees:
            shutil.copytree(tree, fresh / tree.name)
        for parent, _folders, files in os.walk(fresh):
            Path(parent).chmod(0o755)
            for name in files:
                path = Path(parent, name)
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
        if whole.exists():  # half made, or changed: another start of the same moment makes the same
            shutil.rmtree(whole)
        fresh.rename(whole)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _clean(place: Path, name: str) -> None:
    """Remove copies of other contents that no portal holds, and what a killed start left half made."""
    for lock in place.glob(f"*{_LOCK}"):
        other = lock.name.removesuffix(_LOCK)
        if other == name:
            continue
        with lock.open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            for found in place.glob(f"{other}*"):
                shutil.rmtree(found, ignore_errors=True) if found.is_dir() else found.unlink(missing_ok=True)
