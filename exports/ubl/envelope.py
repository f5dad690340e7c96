"""Invoices in a transport envelope: the Standard Business Document Header (GS1 SBDH 1.3) that every Peppol message travels in.

The document inside leaves as it stands: :func:`opened` cuts its bytes out, from the ``<`` of its first tag to the ``>`` of its last. Nothing
is parsed into a tree and written again. Only where those bytes alone would say something else, because a prefix they use is declared on
the envelope, or because the envelope's declaration names an encoding other than UTF-8, exactly that is added and nothing more: the
declarations into its first tag, the XML declaration before it. :attr:`Enclosed.added` then says so.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

from msgspec import Struct

from exports.ubl.encodings import ENCODINGS, normal
from exports.ubl.kinds import ENVELOPE, ENVELOPE_NAMESPACE
from exports.ubl.tokens import MAX_BYTES, Unreadable

MAX_DOCUMENTS = 100  #: in one envelope
MAX_DEPTH = 64
MAX_ELEMENTS = 500_000
LONGEST = 200  #: of a text of the header
_HEADER = "StandardBusinessDocumentHeader"
_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]*)[\"']")
_NAME_END = re.compile(r"[\s/>]")
_BINARY = "BinaryContent"  # Peppol's, for what it sends as base64
#: Where the header says what we show; by its path below the header.
_FIELDS: Mapping[str, str] = {
    "Sender/Identifier": "sender",
    "Receiver/Identifier": "receiver",
    "DocumentIdentification/Standard": "standard",
    "DocumentIdentification/Type": "type",
    "DocumentIdentification/InstanceIdentifier": "instance",
    "DocumentIdentification/CreationDateAndTime": "created",
}


class Header(Struct, frozen=True, kw_only=True):
    """What an envelope says of itself, each as it stands there; empty where it says nothing."""

    sender: str = ""  #: a participant, ``0208:0456789133``
    receiver: str = ""
    standard: str = ""  #: namespace of the document inside
    type: str = ""  #: its root element
    instance: str = ""  #: the message's own number
    created: str = ""  #: when it was packed


class Enclosed(Struct, frozen=True, kw_only=True):
    """One document of an envelope.

    Attributes:
        root: The local name of its root element, with its ``namespace``.
        data: Its bytes, see the module.
        added: Whether anything had to be added, so that the bytes stand alone.
    """

    root: str
    namespace: str
    data: bytes
    added: bool = False


class Envelope(Struct, frozen=True, kw_only=True):
    """An envelope and what is in it, in its order."""

    header: Header
    documents: tuple[Enclosed, ...]


class _Found(Struct):
    """A document as it is met: where its bytes are, and what they need from outside."""

    root: str
    namespace: str
    start: int
    end: int = 0
    needs: dict[str, str] = {}


def opened(data: bytes) -> Envelope:
    """The header of an envelope and the documents in it.

    Raises:
        Unreadable: ``too_large``, ``empty``, ``doctype``, ``not_xml``, ``too_deep``, ``too_many_elements``; ``not_ubl`` when it is no
            envelope; ``empty_envelope`` when nothing is in it, ``too_many_documents``.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", params={"limit": str(MAX_BYTES)})
    if not data.strip():
        raise Unreadable("empty")
    walk = _Walk()
    wide = data[:2] in {b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"}
    body = data if wide else data.removeprefix(_BOM).lstrip(b" \t\r\n")
    # Every other encoding that is taken is ASCII below 128: read byte by byte, places are right and no letter is a fault.
    parser = expat.ParserCreate("utf-16" if wide else "iso-8859-1")
    parser.StartElementHandler = walk.started
    parser.EndElementHandler = walk.ended
    parser.CharacterDataHandler = walk.text
    parser.StartDoctypeDeclHandler = walk.doctype
    walk.parser = parser
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Unreadable("not_xml", line=error.lineno, params={"message": str(error)}) from error
    if not walk.found:
        raise Unreadable("empty_envelope")
    encoding = "utf-16" if wide else _declared(body)[1]
    return Envelope(
        header=walk.header(encoding),
        documents=tuple(_cut(body, one, encoding) for one in walk.found),
    )


class _Walk:
    """What the parser's events come to."""

    parser: "expat.XMLParserType"

    def __init__(self) -> None:
        self.found: list[_Found] = []
        self._names: list[str] = []  # local names, from the root
        self._outer: dict[str, str] = {"": "", "xml": "http://www.w3.org/XML/1998/namespace"}
        self._scopes: list[dict[str, str]] = []
        self._own: list[frozenset[str]] = []  # prefixes declared by each open element inside the document
        self._texts: dict[str, list[str]] = {}
        self._elements = 0
        self._document: _Found | None = None

    def doctype(self, *_given: object) -> None:
        raise Unreadable("doctype", line=self.parser.CurrentLineNumber)

    def started(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._names) >= MAX_DEPTH:
            raise Unreadable("too_deep", params={"limit": str(MAX_DEPTH)})
        if self._elements > MAX_ELEMENTS:
            raise Unreadable("too_many_elements", params={"limit": str(MAX_ELEMENTS)})
        prefix, _colon, local = name.rpartition(":")
        declared = {
            one.partition(":")[2]: uri
            for one, uri in attributes.items()
            if one == "xmlns" or one.startswith("xmlns:")
        }
        depth = len(self._names)
        self._names.append(local)
        if self._document is not None:
            self._inside(prefix, attributes, declared)
            return
        around = self._scopes[-1] if self._scopes else self._outer
        scope = {**around, **declared} if declared else around  # a copy for each element would be quadratic
        if depth == 0 and (
            local != ENVELOPE or scope.get(prefix, "").partition("#")[0] != ENVELOPE_NAMESPACE
        ):
            raise Unreadable("not_ubl", params={"root": local, "namespace": scope.get(prefix, "")})
        if depth == 1 and local != _HEADER:
            if len(self.found) == MAX_DOCUMENTS:
                raise Unreadable("too_many_documents", params={"limit": str(MAX_DOCUMENTS)})
            self._document = _Found(local, scope.get(prefix, ""), self.parser.CurrentByteIndex)
            self.found.append(self._document)
            self._inside(prefix, attributes, declared)
            return
        self._scopes.append(scope)

    def _inside(self, prefix: str, attributes: dict[str, str], declared: Mapping[str, str]) -> None:
        """What an element of a document needs from the envelope."""
        assert self._document is not None
        self._own.append(frozenset(declared))
        used = {prefix, *(one.partition(":")[0] for one in attributes if ":" in one)}
        used.update(
            value.partition(":")[0] if ":" in value else ""
            for one, value in attributes.items()
            if one.endswith(":type")
        )
        outer = self._scopes[-1]
        for one in sorted(used - {"xmlns", "xml"}):
            if not any(one in scope for scope in self._own) and outer.get(one):
                self._document.needs.setdefault(one, outer[one])

    def ended(self, _name: str) -> None:
        self._names.pop()
        if self._document is None:
            self._scopes.pop()
            return
        self._own.pop()
        if not self._own:
            self._document.end = self.parser.CurrentByteIndex
            self._document = None

    def text(self, text: str) -> None:
        if self._document is None and len(self._names) > 2 and self._names[1] == _HEADER:
            kept = self._texts.setdefault("/".join(self._names[2:]), [])
            if sum(map(len, kept)) < LONGEST:
                kept.append(text)

    def header(self, encoding: str) -> Header:
        """What was read of it; read byte by byte, its letters are put together now."""
        said: dict[str, str] = {}
        for path, field in _FIELDS.items():
            text = "".join(self._texts.get(path, ()))
            if encoding != "utf-16":
                raw = text.encode("latin-1", "replace")
                try:
                    text = raw.decode(encoding)
                except UnicodeDecodeError:
                    text = raw.decode("cp1252", "replace")
            said[field] = " ".join(text.split())[:LONGEST]
        return Header(**said)


def _declared(body: bytes) -> tuple[bytes, str]:
    """The encoding as it is declared, and Python's name of it; UTF-8 where none or an unknown one is."""
    match = _DECLARED.match(body)
    name = match[1] if match else b"UTF-8"
    return name, ENCODINGS.get(normal(name.decode("ascii")), "utf-8")


def _cut(data: bytes, found: _Found, encoding: str) -> Enclosed:
    """The document's own bytes, with what they cannot stand without."""
    close = ">".encode(_codec(data, encoding))
    at = _aligned(data, close, found.end, found.start)
    own = data[found.start : at + len(close)]
    if found.root == _BINARY:
        return Enclosed(root=found.root, namespace=found.namespace, data=_unwrapped(own))
    whole = b"".join(_completed(own, found, data, encoding))
    return Enclosed(root=found.root, namespace=found.namespace, data=whole, added=whole != own)


def _codec(data: bytes, encoding: str) -> str:
    """In what the signs of tags are written."""
    if encoding != "utf-16":
        return "ascii"
    return "utf-16-le" if data[:2] in {b"\xff\xfe", b"<\x00"} else "utf-16-be"


def _aligned(data: bytes, sign: bytes, position: int, start: int) -> int:
    """Where the sign is next; in UTF-16 it begins at every second byte."""
    at = data.find(sign, position)
    while at >= 0 and (at - start) % len(sign):
        at = data.find(sign, at + 1)
    if at < 0:
        raise Unreadable("not_xml", params={"message": "an element does not end"})
    return at


def _completed(own: bytes, found: _Found, data: bytes, encoding: str) -> Iterator[bytes]:
    """The bytes; before them the encoding, and in their first tag the declarations, where they are missing."""
    codec = _codec(data, encoding)
    if encoding == "utf-16":
        yield b"\xff\xfe" if codec == "utf-16-le" else b"\xfe\xff"
    elif encoding != "utf-8" and not own.isascii():
        yield b'<?xml version="1.0" encoding="' + _declared(data)[0] + b'"?>'
    if not found.needs:
        yield own
        return
    head = own[: 4 * LONGEST].decode(codec, "replace")
    name = _NAME_END.search(head, 1)
    size = len(head[: name.start() if name else 1].encode(codec, "replace"))
    yield own[:size]
    for prefix, uri in found.needs.items():
        attribute = f"xmlns:{prefix}" if prefix else "xmlns"
        value = uri.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        yield f' {attribute}="{value}"'.encode(codec, "xmlcharrefreplace")
    yield own[size:]


def _unwrapped(own: bytes) -> bytes:
    """What a BinaryContent holds: base64; what is none stays as it is."""
    inner = own[own.find(b">") + 1 : own.rfind(b"<")]
    try:
        return binascii.a2b_base64(b"".join(inner.split()), strict_mode=True)
    except ValueError:
        return inner


def contradictions(header: Header, root: str, namespace: str) -> Iterator[tuple[str, str]]:
    """What an envelope announces and what is in it, where the two differ: (announced, found)."""
    if header.type and header.type.casefold() != root.casefold():
        yield header.type, root
    elif header.standard.startswith("urn:oasis:names:specification:ubl:") and header.standard != namespace:
        yield header.standard, namespace
