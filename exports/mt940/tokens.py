"""From bytes to messages of tags, whatever stands around them: SWIFT blocks, heading lines of a bank, end marks."""

import re
from dataclasses import dataclass, field

from exports.coda.text import guess_encoding
from exports.statements.errors import UnreadableError

_TAGS = (
    "20",
    "21",
    "25",
    "25P",
    "28",
    "28C",
    "60F",
    "60M",
    "61",
    "86",
    "62F",
    "62M",
    "64",
    "65",
    "13D",
    "13",
    "90C",
    "90D",
    "NS",
)
_TAG = re.compile(rb":(%s):" % b"|".join(one.encode() for one in sorted(_TAGS, key=len, reverse=True)))
_START = re.compile(rb"(?:\A|[\r\n{])[ \t]*(?::4:[\r\n]*)?:20:")
_HEAD = 4096
_END = re.compile(rb"-\}?(?:\{5:.*)?|-XXX|\{5:.*", re.DOTALL)
MAX_LINES = 1_000_000


@dataclass(slots=True)
class Tag:
    """One tag: its name, the lines of its value, the number of its first line."""

    name: str
    lines: list[str]
    line: int

    @property
    def text(self) -> str:
        """Its value, lines joined by line ends."""
        return "\n".join(self.lines)


@dataclass(slots=True)
class Message:
    """One message, from its tag 20 on, with its bytes in the file."""

    tags: list[Tag] = field(default_factory=list)
    start: int = 0
    end: int = 0

    def first(self, *names: str) -> Tag | None:
        """The first tag with one of these names."""
        return next((tag for tag in self.tags if tag.name in names), None)


def looks_like(head: bytes) -> bool:
    """Whether a file begins as MT940: a tag 20 at a line's start, and behind it an account or an opening balance."""
    start = head[:_HEAD]
    found = _START.search(start)
    if found is None or b"<" in start[: found.start()]:
        return False
    rest = start[found.end() :]
    return b":25" in rest and (b":60F:" in rest or b":60M:" in rest or b":28" in rest)


def messages(data: bytes) -> tuple[list[Message], str]:
    """The messages of a file, and the character set it was read in.

    Raises:
        UnreadableError: ``not_mt940``, or ``too_many``.
    """
    body = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    shift = len(data) - len(body)
    encoding = guess_encoding(body)
    encoding = "cp1252" if encoding == "cp850" else encoding
    found: list[Message] = []
    place = number = 0
    message: Message | None = None
    current: Tag | None = None
    for raw in body.splitlines(keepends=True):
        number += 1
        if number > MAX_LINES:
            raise UnreadableError("too_many", number, {"element": "lines"})
        place += len(raw)
        line = raw.rstrip(b"\r\n\x1a\x00\x03")
        if (block := line.rfind(b"{4:")) >= 0:
            line = line[block + 3 :]
        if message is not None and _END.fullmatch(line.strip()):
            message.end, current = place + shift, None
            continue
        match = _TAG.match(line)
        if match is None:
            if current is not None and message is not None and line.strip():
                current.lines.append(_decode(line, encoding))
                message.end = place + shift
            continue
        name = match[1].decode()
        if name == "20":
            message = Message()
            found.append(message)
        elif message is None:
            raise UnreadableError("not_mt940", number, {"found": f":{name}:"})
        current = Tag(name, [_decode(line[match.end() :], encoding)], number)
        message.tags.append(current)
        message.end = place + shift
    # What stands between two messages, an envelope or a heading, belongs to the second.
    for index, one in enumerate(found):
        one.start = found[index - 1].end if index else 0
    if found:
        found[-1].end = len(data)
    return found, encoding


def _decode(line: bytes, encoding: str) -> str:
    return line.decode(encoding, "replace")
