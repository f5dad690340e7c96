"""Reading CAMT.053: one entry at a time, so that a long file needs no more memory than what it says.

The bytes go through the same hardened parser as invoices: no document type declaration, hence no entities; nothing is fetched; depth,
size and number of everything are bounded. Each entry's elements are dropped once they are read.
"""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.camt import pieces
from exports.camt.entries import entry_of
from exports.camt.recognise import message_of
from exports.camt.statement import Making
from exports.camt.values import Node
from exports.statements.checks import chain
from exports.statements.errors import UnreadableError
from exports.statements.model import ForeignStatement, StatementFile

#: 20 MB are about 50,000 entries.
MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 40
MAX_STATEMENTS = 2_000
MAX_ENTRIES = 200_000
#: Elements beside the entries: a header with a million of them is none.
MAX_BESIDE = 200_000
#: Names that are kept at hand; the standard has some hundreds.
MAX_NAMES = 5_000

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read(data: bytes, *, limit: int = MAX_BYTES) -> StatementFile:
    """The statements of a CAMT.053 file.

    Args:
        data: The file as it was received.
        limit: Largest number of bytes to accept.

    Raises:
        UnreadableError: The bytes are no CAMT.053, or something that is needed is missing or has a wrong form.
    """
    _refuse(data, limit)
    reading = _Reading()
    parser = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for event, element in parser:
            if event == "start":
                reading.begins(element)
            else:
                reading.ends(element)
    except etree.XMLSyntaxError as fault:
        reason = "too_deep" if "xcessive depth" in str(fault) else "not_xml"
        raise UnreadableError(reason, fault.lineno or 1) from None
    if not reading.found:
        raise UnreadableError("missing", None, {"element": "Stmt"})
    return StatementFile("camt", tuple(_with_bytes(_chained(reading.found), data)), reading.encoding)


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.found: list[ForeignStatement] = []
        self.encoding = "utf-8"
        self._version = ""
        self._making: Making | None = None
        self._names: dict[str, str] = {}
        self._entries = self._beside = self._depth = 0

    def begins(self, element: Any) -> None:
        """A start tag: counted, so that no file is deeper or has more of them than any that is sent."""
        self._depth += 1
        self._beside += 1
        if self._depth == 1:
            self._version = _version(element)
            self.encoding = (element.getroottree().docinfo.encoding or "utf-8").lower()
        if self._depth > MAX_DEPTH:
            raise UnreadableError("too_deep", element.sourceline)
        name = self._name(element)
        if name == "Stmt" and self._making is None:
            self._making = Making(self._version)
        if self._beside > MAX_BESIDE:
            raise UnreadableError("too_many", element.sourceline, {"element": name})

    def ends(self, element: Any) -> None:
        """An end tag: an entry or a statement is whole."""
        self._depth -= 1
        name = self._name(element)
        if self._making is None or name not in ("Ntry", "Stmt"):
            return
        if name == "Ntry":
            self._entries += 1
            holder = self._making.account(lambda: Node(element.getparent(), self._names))
            self._making.add(entry_of(Node(element, self._names), holder))
            self._beside = 0
            if len(self._names) > MAX_NAMES:
                self._names.clear()
        else:
            self.found.append(self._making.done(Node(element, self._names)))
            self._making = None
        if self._entries > MAX_ENTRIES or len(self.found) > MAX_STATEMENTS:
            raise UnreadableError("too_many", element.sourceline, {"element": name})
        _drop(element)

    def _name(self, element: Any) -> str:
        tag = element.tag
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = str(tag).rpartition("}")[2]
        return name


def _refuse(data: bytes, limit: int) -> None:
    if not data.strip(b" \t\r\n\x00"):
        raise UnreadableError("empty")
    if len(data) > limit:
        raise UnreadableError("too_large", None, {"expected": str(limit), "found": str(len(data))})
    message = message_of(data)
    if message is None:
        raise UnreadableError("not_camt", 1)
    if message != "camt.053":
        raise UnreadableError("other_message", 1, {"message": message})
    # A declaration may stand anywhere before the root; there is no other place for one.
    bare = data.replace(b"\x00", b"") if data[:2] in _BOMS or b"\x00" in data[:64] else data
    if b"<!DOCTYPE" in bare or b"<!ENTITY" in bare:
        raise UnreadableError("doctype", 1)


def _version(root: Any) -> str:
    space = str(root.tag).rpartition("}")[0]
    tail = space[space.find("camt.053") :] if "camt.053" in space else "camt.053"
    return "".join(sign for sign in tail if sign.isalnum() or sign == ".")[:20]


def _drop(element: Any) -> None:
    """Forget what was read: an element's content, and the one of its name before it, which is empty by now."""
    element.clear()
    before = element.getprevious()
    if before is not None and before.tag == element.tag:
        element.getparent().remove(before)


def _chained(found: list[ForeignStatement]) -> list[ForeignStatement]:
    for place, finding in chain([one.values for one in found], "CAMT"):
        found[place] = replace(found[place], findings=(*found[place].findings, finding))
    return found


def _with_bytes(found: list[ForeignStatement], data: bytes) -> Iterator[ForeignStatement]:
    """Each with its own bytes: the file itself when it is alone in it."""
    if len(found) == 1:
        yield replace(found[0], raw=data)
        return
    parts = pieces.cut(data)
    if len(parts) != len(found):
        raise UnreadableError(
            "truncated", None, {"expected": f"{len(found)} statements", "found": str(len(parts))}
        )
    for one, part in zip(found, parts, strict=True):
        yield replace(one, raw=part)
