"""A CAMT file of several statements as one file for each: header and end of the file, and the bytes of one statement, nothing rewritten."""

from xml.parsers import expat

from exports.statements.errors import UnreadableError


def cut(data: bytes) -> list[bytes]:
    """The bytes of each statement as a file of its own; what stands before the first and behind the last is in every one.

    Raises:
        UnreadableError: ``not_xml`` or ``doctype``; whoever read the file before cutting it has been told already.
    """
    spans: list[tuple[int, int]] = []
    depth = 0
    opened = -1
    parser = expat.ParserCreate()

    def start(name: str, _attributes: object) -> None:
        nonlocal depth, opened
        depth += 1
        if opened < 0 and name.rpartition(":")[2] == "Stmt":
            opened, parser_depth[0] = parser.CurrentByteIndex, depth

    def end(name: str) -> None:
        nonlocal depth, opened
        if opened >= 0 and depth == parser_depth[0] and name.rpartition(":")[2] == "Stmt":
            spans.append((opened, parser.CurrentByteIndex))
            opened = -1
        depth -= 1

    def doctype(*_values: object) -> None:
        raise UnreadableError("doctype", 1)

    parser_depth = [0]
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise UnreadableError("not_xml", fault.lineno) from None
    wide = b"\x00" in data[:64]
    closing = [_closing(data, at, wide=wide) for _, at in spans]
    head, tail = data[: spans[0][0]], data[closing[-1] :]
    return [head + data[begin:end] + tail for (begin, _), end in zip(spans, closing, strict=True)]


def _closing(data: bytes, at: int, *, wide: bool) -> int:
    """Where the end tag that begins at a place ends."""
    place = data.index(b">", at) + 1
    if (
        wide and data[place - 2 : place] != b"\x00>"
    ):  # the second byte of a sign in UTF-16 with the small end first
        place += 1
    return place
