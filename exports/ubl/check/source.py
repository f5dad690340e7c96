"""The first step of every check: bytes that nobody vouches for become a tree that is safe to hand on."""

from dataclasses import dataclass
from typing import Any, Never

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # compiled, without types

from exports.ubl.check.names import ROOTS, Element, clark
from exports.ubl.kinds import named
from exports.ubl.tokens import MAX_BYTES, Unreadable

MAX_ELEMENTS = 500_000  #: an invoice of 10,000 lines has about 300,000
MAX_DEPTH = 64  #: UBL itself needs about 12

_ATTACHMENT = clark("cbc:EmbeddedDocumentBinaryObject")
_STUB = "AA=="
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ \t\r\n"


@dataclass(frozen=True, slots=True)
class Source:
    """A document that passed the hardened parser.

    Attributes:
        root: The tree, without comments, processing instructions and the blanks between elements; the
            content of attachments is replaced by one byte (empty ones stay empty).
        broken_attachments: The attachments whose content was no base64.
    """

    root: Element
    broken_attachments: tuple[Element, ...]

    def serialised(self) -> bytes:
        """The tree as UTF-8 without declaration: never the sender's own bytes."""
        return etree.tostring(self.root, encoding="UTF-8")


class _Prolog:
    """A parser target that stops at a document type, before any of its declarations is read."""

    def __init__(self) -> None:
        self.started = False

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> Never:
        raise Unreadable("doctype")

    def start(self, _tag: str, _attributes: object) -> None:
        self.started = True

    def close(self) -> None:
        """Part of the target protocol; never reached."""


def _refuse_doctype(data: bytes) -> None:
    """Reads up to the root element's start tag only.

    Done before the real parse: with the limits for long texts lifted (attachments need that), libxml2 also
    lifts its guard against entities that expand into each other.
    """
    target = _Prolog()
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    for start in range(0, len(data), 4096):
        try:
            parser.feed(data[start : start + 4096])
        except etree.XMLSyntaxError as error:
            raise _not_xml(error) from error
        if target.started:
            return


def _not_xml(error: Any) -> Unreadable:
    message = str(error.msg)
    reason = "too_deep" if "xcessive depth" in message else "not_xml"
    return Unreadable(reason, line=error.lineno, params={"message": message})


def parse(data: bytes) -> Source:
    """A UBL invoice or credit note as a safe tree; for anything else the same is said as by the reader.

    Raises:
        Unreadable: ``too_large``, ``empty``, ``doctype``, ``not_xml``, ``not_ubl``, ``too_deep`` or
            ``too_many_elements``. Stricter than the reader: bytes that are not in the encoding they claim
            are not XML, as any receiver's parser finds; ``pdf``.
    """
    try:
        return _parsed(data)
    except Unreadable as error:
        if (known := named(error, data)) is not error:
            raise known from error
        raise


def _parsed(data: bytes) -> Source:
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", params={"limit": str(MAX_BYTES)})
    if not data.strip():
        raise Unreadable("empty")
    _refuse_doctype(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=True,  # attachments above 10 MB; the limits above stand in
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _not_xml(error) from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable("doctype")
    if root.tag not in ROOTS:
        raise Unreadable("not_ubl", params={"root": root.tag[:200]})
    if _TOO_DEEP(root):
        raise Unreadable("too_deep", params={"limit": str(MAX_DEPTH)})
    if root.xpath("count(//*)") > MAX_ELEMENTS:
        raise Unreadable("too_many_elements", params={"limit": str(MAX_ELEMENTS)})
    return Source(root, tuple(_stub_attachments(root)))


def _stub_attachments(root: Element) -> list[Element]:
    """Replaces every attachment's content and returns the elements whose content was no base64.

    The content is judged here because nobody after this sees it: in the schema validator, base64 costs
    50 ms for a PDF of 7 MB.
    """
    broken: list[Element] = []
    for element in root.iter(_ATTACHMENT):
        text = element.text
        if len(element) or text is None or not text.strip(" \t\r\n"):
            continue
        if not _is_base64(text):
            broken.append(element)
        element.text = _STUB
    return broken


def _is_base64(text: str) -> bool:
    """Whether a text is xsd:base64Binary: the alphabet with blanks, padded to groups of four."""
    if not text.isascii():
        return False
    data = text.encode("ascii")
    body = data.rstrip(b"= \t\r\n")
    padding = data[len(body) :].translate(None, b" \t\r\n")
    if body.translate(None, _ALPHABET) or len(padding) > 2:
        return False
    count = len(body) - sum(body.count(blank) for blank in (b" ", b"\t", b"\r", b"\n"))
    return (count + len(padding)) % 4 == 0
