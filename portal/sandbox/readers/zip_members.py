"""The files of a ZIP. Nothing is ever written to a path: members come out as name and bytes."""

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator

from portal.kernel.droppings import is_dropping
from portal.sandbox.contract import MIB, Unreadable, ZipMember
from portal.sandbox.readers.zip_names import LONGEST, names, shown

MAX_RATIO = 200
"""Unpacked bytes per packed byte; text compresses to a twentieth, nothing honest to a two-hundredth …"""
RATIO_FROM = 1 * MIB
"""… unless it is short: below this size the ratio says nothing."""
PIECE = 256 * 1024
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Budget:
    """What all files of a container may be together, those of containers in it included."""

    def __init__(self, max_members: int, max_member: int, max_total: int) -> None:
        self.max_members = max_members
        self.max_member = max_member
        self.max_total = max_total
        self.members = 0
        self.total = 0

    def count(self, members: int) -> None:
        """More files; `Unreadable` when they are too many."""
        self.members += members
        if self.members > self.max_members:
            raise Unreadable("zip.members", found=self.members, limit=self.max_members)

    def take(self, size: int) -> None:
        """More bytes; `Unreadable` when they are too many."""
        self.total += size
        if self.total > self.max_total:
            raise Unreadable("zip.total", limit=self.max_total // MIB)


def prepare() -> None:
    """Read a small ZIP once, so that everything is loaded."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "a")
    list(members(buffer.getvalue(), Budget(1, 1, 1)))


def members(data: bytes, budget: Budget) -> Iterator[ZipMember]:
    """Yield the members of a ZIP in their order, a ZIP among them too; raise when it is refused as a whole."""
    if not data:
        raise Unreadable("empty")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError) as error:
        raise Unreadable("zip.unknown") from error
    every = archive.infolist()
    entries = [
        (entry, name)
        for entry, name in zip(every, names(every), strict=True)
        if not name.endswith("/") and not _is_dropping(archive, entry, name)
    ]
    budget.count(len(entries))
    if not entries:
        raise Unreadable("zip.empty")
    if (
        sum(entry.file_size for entry, name in entries if _refusal(entry, name, budget.max_member)[0] is None)
        > budget.max_total - budget.total
    ):
        raise Unreadable("zip.total", limit=budget.max_total // MIB)
    for entry, name in entries:
        reason, params = _refusal(entry, name, budget.max_member)
        if reason is None:
            content, reason = _inflate(archive, entry, min(budget.max_member, entry.file_size))
            budget.take(len(content))
            if reason is None:
                yield ZipMember(shown(name), data=content)
                continue
        yield ZipMember(shown(name), refused=reason, params=params)


def _is_dropping(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bool:
    """A large file with the name of a small one of the system's is looked into."""
    if is_dropping(name, b"", entry.file_size):
        return True
    if not name.rpartition("/")[2].startswith("._") or entry.compress_type not in METHODS:
        return False
    try:
        with archive.open(entry) as file:
            return is_dropping(name, file.read(4), entry.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError):
        return False


def _refusal(entry: zipfile.ZipInfo, name: str, max_member: int) -> tuple[str | None, dict[str, object]]:
    if (
        not name
        or any(unicodedata.category(letter).startswith("C") for letter in name)
        or len(name) > LONGEST
    ):
        return "zip.name", {}
    if name.startswith("/") or (len(name) > 1 and name[1] == ":") or ".." in name.split("/"):
        return "zip.path", {}
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG}:
        return "zip.link", {}
    if entry.flag_bits & 0x41:
        return "zip.encrypted", {}
    if entry.compress_type not in METHODS:
        return "zip.method", {}
    if entry.file_size > max_member:
        return "zip.large", {"limit": max_member // MIB}
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "zip.ratio", {}
    return None, {}


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> tuple[bytes, str | None]:
    """The bytes, never more than ``limit``; a member that holds more than it declares is damaged."""
    pieces: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as file:
            while piece := file.read(PIECE):
                size += len(piece)
                if size > limit:
                    return b"", "zip.damaged"
                pieces.append(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError):
        return b"", "zip.damaged"
    return b"".join(pieces), None
