"""The files of an uploaded ZIP. Nothing is ever written to a path: members come out as name and bytes."""

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator

from portal.sandbox.contract import MIB, Unreadable, ZipMember

MAX_RATIO = 200
"""Unpacked bytes per packed byte; text compresses to a twentieth, nothing honest to a two-hundredth …"""
RATIO_FROM = 1 * MIB
"""… unless it is short: below this size the ratio says nothing."""
PIECE = 256 * 1024
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
DROPPINGS = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


def prepare() -> None:
    """Read a small ZIP once, so that everything is loaded."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "a")
    list(read(buffer.getvalue(), max_members=1, max_member=1, max_total=1))


def read(data: bytes, *, max_members: int, max_member: int, max_total: int) -> Iterator[ZipMember]:
    """Yield the members in their order; raise when the ZIP as a whole is refused."""
    if not data:
        raise Unreadable("empty")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError) as error:
        raise Unreadable("zip.unknown") from error
    entries = [entry for entry in archive.infolist() if not _ignored(entry)]
    if len(entries) > max_members:
        raise Unreadable("zip.members", found=len(entries), limit=max_members)
    if not entries:
        raise Unreadable("empty")
    if sum(entry.file_size for entry in entries if _refusal(entry, max_member)[0] is None) > max_total:
        raise Unreadable("zip.total", limit=max_total // MIB)
    names: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.orig_filename
        reason, params = _refusal(entry, max_member)
        folded = unicodedata.normalize("NFC", name).casefold()
        if reason is None and folded in names:
            reason = "zip.duplicate"
        names.add(folded)
        if reason is None:
            content, reason = _inflate(archive, entry, min(max_member, entry.file_size))
            total += len(content)
            if total > max_total:
                raise Unreadable("zip.total", limit=max_total // MIB)
            if reason is None and content[:4] == b"PK\x03\x04" and not _office(name):
                reason = "zip.nested"
            if reason is None:
                yield ZipMember(_shown(name), data=content)
                continue
        yield ZipMember(_shown(name), refused=reason, params=params)


def _ignored(entry: zipfile.ZipInfo) -> bool:
    name = entry.orig_filename.replace("\\", "/").lower()
    return name.endswith("/") or name.startswith(DROPPINGS[0]) or name.rpartition("/")[2] in DROPPINGS


def _refusal(entry: zipfile.ZipInfo, max_member: int) -> tuple[str | None, dict[str, object]]:
    name = entry.orig_filename
    if not name or any(unicodedata.category(letter).startswith("C") for letter in name) or len(name) > 255:
        return "zip.name", {}
    parts = name.split("/")
    if "\\" in name or name.startswith("/") or (len(name) > 1 and name[1] == ":") or ".." in parts:
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


def _office(name: str) -> bool:
    """Spreadsheets and texts are ZIPs by themselves."""
    return name.lower().endswith((".xlsx", ".xlsm", ".docx", ".ods", ".odt"))


def _shown(name: str) -> str:
    """The name for people: what cannot be printed becomes a visible mark."""
    clean = "".join("\ufffd" if unicodedata.category(letter).startswith("C") else letter for letter in name)
    return clean[:255]
