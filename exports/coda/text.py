"""From bytes to records of 128 characters: encoding, line ends, trimmed lines, blank lines, end marks.

The standard says nothing of character set and line ends, and banks and mail programs differ (CODA 2.6, §1).
"""

import codecs
import re
from dataclasses import dataclass
from itertools import islice

from exports.coda.errors import UnreadableError
from exports.model import Finding

LENGTH = 128

#: cp1252 with its five holes filled by the control characters of Latin-1: every byte is a character.
_CP1252 = "".join(
    bytes([byte]).decode("cp1252" if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")
    for byte in range(256)
)
_TO_CP1252 = codecs.charmap_build(_CP1252)

_BOM = codecs.BOM_UTF8
#: Letters in CP850 that are signs, controls or nothing in cp1252.
_CP850_LETTERS = frozenset(b"\x81\x83\x87\x88\x89\x8b\x8d\x90\x98\xa1\xa2\xa3\xa4\xa5")
#: Letters in CP850, but in cp1252 what opens a quotation: a letter only behind a letter.
_CP850_BEHIND = frozenset(b"\x82\x84")
#: Letters in CP850, but in cp1252 what stands beside words: a letter only between letters.
_CP850_BETWEEN = frozenset(b"\x85\x93\x94\x95\x96\x97\xa0")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_CP1252_LETTERS = frozenset(set(range(0xC0, 0x100)) - {0xD7, 0xF7})

_SIGNATURES = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"%PDF", "pdf"),
    (b"<", "xml"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b":20:", "mt940"),
    (b"{1:", "mt940"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """The records of a file: what reading goes on from."""

    records: list[str]
    encoding: str
    line_end: bytes
    notes: tuple[Finding, ...]
    #: Valid UTF-8 whose writer counted bytes, not characters: the records hold one character a byte.
    is_utf8_by_bytes: bool = False


def encode_charset(text: str, encoding: str) -> bytes:
    """The bytes of a text; the reverse of what reading does.

    Raises:
        UnicodeEncodeError: When the charset lacks a character.
    """
    if encoding == "cp1252":
        return codecs.charmap_encode(text, "strict", _TO_CP1252)[0]
    return text.encode(encoding)


def guess_encoding(data: bytes) -> str:
    """``ascii``, ``utf-8``, ``cp850`` or ``cp1252``.

    CP850 or cp1252 is told by the bytes that are letters in one and signs in the other, beside a letter.
    """
    if data.isascii():
        return "ascii"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    old = new = 0
    for match in islice(_NOT_ASCII.finditer(data), 2000):
        index = match.start()
        byte = data[index]
        before, after = data[index - 1 : index].isalpha(), data[index + 1 : index + 2].isalpha()
        if before or after:
            new += byte in _CP1252_LETTERS
            old += (
                byte in _CP850_LETTERS
                or (before and byte in _CP850_BEHIND)
                or (before and after and byte in _CP850_BETWEEN)
            )
    return "cp850" if old > new else "cp1252"


def line_end_of(data: bytes) -> bytes:
    """The line end a file uses: the first one it has, or nothing.

    One that stands only behind all records, as some programs add it, ends no record.
    """
    carriage, feed = data.find(b"\r"), data.find(b"\n")
    first = min((at for at in (carriage, feed) if at >= 0), default=-1)
    if first > LENGTH + 3 and not data[first:].strip(b"\r\n\x1a\x00"):
        return b""
    if carriage < 0:
        return b"\n" if feed >= 0 else b""
    if feed == carriage + 1:
        return b"\r\n"
    return b"\r" if feed < 0 or carriage < feed else b"\n"


def read_text(data: bytes, *, limit: int) -> Text:
    """The records of a file, each of exactly 128 characters.

    Raises:
        UnreadableError: When it is too large, is something else than CODA, or has a record whose length
            is not that of a record.
    """
    if len(data) > limit:
        raise UnreadableError("too_large", expected=f"at most {limit} bytes", found=f"{len(data)} bytes")
    body = data[3:] if data.startswith(_BOM) else data
    _recognise(body)
    encoding = guess_encoding(body)
    notes: list[Finding] = []
    if encoding == "cp1252":
        text = codecs.charmap_decode(body, "strict", _CP1252)[0]  # pyright: ignore[reportArgumentType] # a str is what codecs documents
    else:
        text = body.decode(encoding)
    line_end = line_end_of(body)
    by_bytes = False
    if line_end == b"":
        lines, by_bytes = _without_line_ends(text, body, encoding)
    else:
        lines = _lines(text, line_end)
        if encoding == "utf-8":
            by_bytes = _counted_in_bytes(lines)
            if by_bytes:
                lines = [line.encode("utf-8").decode("latin-1") for line in lines]
    if any(length != LENGTH for length in set(map(len, lines))):
        lines = _regular(lines, notes)
    if not lines:
        raise UnreadableError("empty", expected="records of 128 characters", found="only blank lines")
    _note_encoding(text, encoding, notes)
    return Text(lines, encoding, line_end, tuple(notes), by_bytes)


def _recognise(body: bytes) -> None:
    start = body[:4096].lstrip(b" \t\r\n")
    if not start:
        raise UnreadableError("empty", expected="records of 128 characters", found="nothing")
    for signature, name in _SIGNATURES:
        if start.startswith(signature):
            raise UnreadableError("not_coda", 1, 1, "0", name)
    if start[:1] != b"0":
        shown = start[:20].decode("latin-1")
        kind = "csv" if b";" in start[:400] or b"," in start[:128] else shown
        raise UnreadableError("not_coda", 1, 1, "0", kind)


def _lines(text: str, line_end: bytes) -> list[str]:
    lines = text.split(line_end.decode("ascii"))
    if not lines[-1].strip("\x1a\x00 \t"):
        lines.pop()
    if set(map(len, lines)) != {LENGTH}:  # perhaps because the line ends are not all the same
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines


def _without_line_ends(text: str, body: bytes, encoding: str) -> tuple[list[str], bool]:
    """Records that follow each other without anything between: cut every 128 characters, or bytes."""
    text = text.rstrip("\x1a\x00\r\n")
    by_bytes = False
    if encoding == "utf-8" and not _starts_like_records(text):
        text, by_bytes = body.decode("latin-1").rstrip("\x1a\x00\r\n"), True
    return [text[start : start + LENGTH] for start in range(0, len(text), LENGTH)], by_bytes


def _starts_like_records(text: str) -> bool:
    return all(text[start] in "0123489" for start in range(0, len(text), LENGTH))


def _counted_in_bytes(lines: list[str]) -> bool:
    wide = [line for line in lines if not line.isascii()]
    by_bytes = sum(len(line.encode("utf-8")) == LENGTH for line in wide)
    return by_bytes > sum(len(line) == LENGTH for line in wide)


def _regular(lines: list[str], notes: list[Finding]) -> list[str]:
    """Blank lines left out, trimmed records filled up; a record of another length cannot be read."""
    kept: list[str] = []
    filled = longer = 0
    first = 0
    lines = _without_junk(lines, notes)
    last = max((index for index, line in enumerate(lines) if line.strip("\x1a\x00 \t")), default=-1)
    for index, original in enumerate(lines):
        line = original.rstrip("\x1a\x00") if len(original) != LENGTH else original
        if not line.strip():
            continue
        number = len(kept) + 1
        if len(line) > LENGTH:
            if line[LENGTH:].strip():
                raise UnreadableError(
                    "length", number, LENGTH + 1, "128 characters", f"{len(line)} characters"
                )
            longer += 1
            first = first or number
            line = line[:LENGTH]
        elif len(line) < LENGTH:
            if index == last and line[0] != "9":
                raise UnreadableError(
                    "truncated", number, len(line) + 1, "128 characters", f"{len(line)} characters"
                )
            filled += 1
            first = first or number
            line = line.ljust(LENGTH)
        kept.append(line)
    if filled or longer:
        notes.append(
            Finding(
                rule="CODA-LENGTH",
                severity="warning",
                location=f"record {first}",
                text="Records do not have 128 characters: blanks at their end were cut off or added.",
                params={"count": str(filled + longer)},
            )
        )
    return kept


def _without_junk(lines: list[str], notes: list[Finding]) -> list[str]:
    """Without what mail and transfer programs put behind the last trailer, if nothing of it is a record."""
    trailer = max((index for index, line in enumerate(lines) if line[:1] == "9"), default=len(lines))
    behind = [line for line in lines[trailer + 1 :] if line.strip("\x1a\x00 \t")]
    if not behind or any(line[0] in "012348" for line in behind):
        return lines
    notes.append(
        Finding(
            rule="CODA-JUNK",
            severity="warning",
            location=f"record {trailer + 2}",
            text="Text that belongs to no record stands behind the last trailer.",
            params={"found": behind[0][:40]},
        )
    )
    return lines[: trailer + 1]


def _note_encoding(text: str, encoding: str, notes: list[Finding]) -> None:
    if "\ufffd" in text:
        notes.append(
            Finding(
                rule="CODA-DAMAGED",
                severity="warning",
                location="file",
                text="Accented letters were lost in transit: the file holds replacement characters.",
                params={"count": str(text.count("\ufffd"))},
            )
        )
    if encoding not in ("ascii", "cp1252"):
        notes.append(
            Finding(
                rule="CODA-ENCODING",
                severity="warning",
                location="file",
                text=f"The character set was guessed: {encoding}.",
                params={"encoding": encoding},
            )
        )
