"""Splitting and merging physical files on record boundaries, without decoding them.

Only position 128 of record 9 ever changes (1: another statement follows, 2: the last one); all other bytes
stay as the bank made them, line ends included.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from exports.coda.accounts import parse_account
from exports.coda.errors import UnreadableError
from exports.coda.text import LENGTH, guess_encoding, line_end_of

_BOM = b"\xef\xbb\xbf"


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a file with their line ends; records without line ends every 128 bytes."""
    line_end = line_end_of(data)
    if line_end:
        lines = data.split(line_end)
        if all(len(line) == LENGTH for line in lines[:-1]):  # whatever control characters a record holds
            return [line + line_end for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    if line_end or len(data) <= LENGTH + 3:
        return data.splitlines(keepends=True)
    start = 3 if data.startswith(_BOM) else 0
    body = data.rstrip(b"\x1a\x00\r\n")
    step = LENGTH
    try:
        text = body[start:].decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if (
        len(text) != len(body) - start
        and text
        and all(text[at] in "0123489" for at in range(0, len(text), step))
    ):
        pieces = [text[at : at + step].encode("utf-8") for at in range(0, len(text), step)]
    else:
        pieces = [body[at : at + step] for at in range(start, len(body), step)]
    if pieces:
        pieces[0] = data[:start] + pieces[0]
        pieces[-1] += data[len(body) :]
    return pieces


def cut(data: bytes) -> list[bytes]:
    """The bytes of each statement: cut before every record 0; together they are the whole file."""
    lines = lines_of(data)
    starts = [index for index, line in enumerate(lines) if line[:1] == b"0"]
    if data.startswith(_BOM) and lines[0][3:4] == b"0":
        starts.insert(0, 0)
    if not starts:
        return []
    starts[0] = 0
    return [b"".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def split(data: bytes, by: Literal["account", "statement"] = "account") -> list[bytes]:
    """A physical file as one file for each account and currency, in the order in which they first appear.

    A file of one account comes back as it is, byte for byte. Otherwise the last statement of each part says
    that it is the last one and all others that another follows; nothing else changes, so that the parts of
    a file whose accounts are not interleaved put one after the other are the file.

    Args:
        data: The file.
        by: ``account`` for one part for each account, ``statement`` for one part for each statement.

    Raises:
        UnreadableError: When it holds no CODA, or its first or last statement is not whole.
    """
    pieces = cut(data)
    if not pieces:
        raise UnreadableError("not_coda", 1, 1, "0", data[:20].decode("latin-1"))
    groups: dict[object, list[bytes]] = {}
    for number, piece in enumerate(pieces):
        groups.setdefault(number if by == "statement" else _account_of(piece), []).append(piece)
    if len(groups) == 1:
        return [data]
    return [b"".join(_marked(group)) for group in groups.values()]


def merge(parts: Sequence[bytes]) -> bytes:
    """One physical file of whole files, in the order given; no statement is changed or joined to another.

    Raises:
        UnreadableError: ``empty`` without any part, ``truncated`` when a part's last statement has no trailer, ``mixed_line_ends`` or
            ``mixed_encodings`` when the parts differ in them, ``not_coda`` when a part is none; ``record`` is
            then the number of the part.
    """
    if not parts:
        raise UnreadableError("empty", expected="at least one file", found="none")
    if len(parts) == 1:
        _check_whole(1, parts[0], cut(parts[0]))
        return parts[0]
    pieces: list[bytes] = []
    line_ends: dict[bytes, None] = {}
    encodings: dict[str, None] = {}
    for number, part in enumerate(parts, start=1):
        body = part if number == 1 else part.removeprefix(_BOM)
        if number < len(parts):
            body = _ended(body, line_end_of(part))
        found = cut(body)
        _check_whole(number, body, found)
        pieces.extend(found)
        line_ends[line_end_of(part)] = None
        encoding = guess_encoding(part.removeprefix(_BOM))
        if encoding != "ascii":
            encodings[encoding] = None
        if len(line_ends) > 1:
            raise UnreadableError("mixed_line_ends", number, None, *map(repr, line_ends))
        if len(encodings) > 1:
            raise UnreadableError("mixed_encodings", number, None, *encodings)
    return b"".join(_marked(pieces))


def _ended(body: bytes, line_end: bytes) -> bytes:
    """A file to put another one behind: no end marks, no blank lines at its end, its last line ended."""
    whole = body.rstrip(b"\x1a\x00\r\n")
    if not line_end:
        missing = -len(whole) % LENGTH
        return whole + b" " * missing
    kept = body[len(whole) :]
    return whole + line_end if not kept.startswith(line_end) else whole + kept.rstrip(b"\x1a\x00")


def _check_whole(number: int, body: bytes, pieces: Sequence[bytes]) -> None:
    if not pieces:
        raise UnreadableError("not_coda", number, None, "0", body[:20].decode("latin-1"))
    for piece in pieces:
        if not any(line[:1] == b"9" for line in lines_of(piece)):
            raise UnreadableError("truncated", number, None, "record 9 (trailer)", "end of statement")


def _account_of(piece: bytes) -> tuple[str, str, str]:
    for line in lines_of(piece):
        if line[:1] == b"1":
            text = line.decode("latin-1").ljust(LENGTH)
            return parse_account(text[1], text[5:42]).key
    raise UnreadableError("order", 2, 1, "1 (old balance)", "no record 1")


def _marked(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """The statements with their multiple file codes put right."""
    for number, piece in enumerate(pieces, start=1):
        yield _with_code(piece, b"2" if number == len(pieces) else b"1")


def _with_code(piece: bytes, code: bytes) -> bytes:
    lines = lines_of(piece)
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line[:1] == b"9":
            record = line.rstrip(b"\r\n\x1a\x00")
            # A trailer whose blanks were cut off says nothing, which is as good as being the last one.
            if record[LENGTH - 1 :] == code or (len(record) < LENGTH and code == b"2"):
                return piece
            lines[index] = (
                record[: LENGTH - 1].ljust(LENGTH - 1) + code + record[LENGTH:] + line[len(record) :]
            )
            return b"".join(lines)
    return piece
