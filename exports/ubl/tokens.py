"""XML bytes to tags and texts the reader can walk, the fast way, without trusting them.

Invoices are small XML without DTD, comments or CDATA. Cut at its angle brackets such a text is a list of
tags and texts in turn, several times faster than a tree of proxies can be walked. The reader accepts only a
strict subset of
XML: brackets strictly in turn, no control characters, plain ASCII names, quoted attributes, declared
prefixes, XML's own five references, end tags that match. At the first thing outside it (a comment, CDATA, a
namespace declared below the root, a fault) the document goes through lxml first, hardened, which refuses it
or writes it again inside the subset. So both ways end in the same walk, and the tests compare them on
everything they can find.

What is embedded outweighs all else by far. Its text is laid aside before the rest is decoded and cut, so that it is
looked at once, to know whether it is base64, and never copied.

A document type declaration is refused before any parser sees the text: without one there are no entities,
external or growing, and nothing is ever fetched.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Self

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.embedded import Embedded, is_base64
from exports.errors import UnreadableError
from exports.ubl.encodings import ENCODINGS, normal

AGGREGATES = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
BASICS = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"

#: What a receiver may send: a 20 MB attachment is 27 MB of base64, and there may be a few.
MAX_BYTES = 96 * 1024 * 1024

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_SPACE = r"[ \t\n]"
_ATTRIBUTES = (
    rf"((?:{_SPACE}++[^<>&\s=\"'/]++{_SPACE}*+=(?:{_SPACE}*+)(?:\"[^\"<]*+\"|'[^'<]*+'))*+){_SPACE}*+(/?)"
)
_HEAD = re.compile(rf"({_NAME}(?::{_NAME})?){_ATTRIBUTES}")
#: The same for what lxml wrote: names may hold letters of any script.
_WRITTEN_HEAD = re.compile(rf"([^\s<>/=\"'&!?]++){_ATTRIBUTES}")
_ATTRIBUTE = re.compile(rf"{_SPACE}+([^<>&\s=\"'/]+){_SPACE}*={_SPACE}*(?:\"([^\"]*)\"|'([^']*)')")
_BLANKS = str.maketrans("\t\n", "  ")
_ATTRIBUTE_NAME = re.compile(rf"{_NAME}(?::{_NAME})?")

_DECLARATION = re.compile(
    r"[ \t\n]*<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:\"1\.[0-9]\"|'1\.[0-9]')"
    r"(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:\"[A-Za-z0-9._-]*\"|'[A-Za-z0-9._-]*'))?"
    r"(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\n]*\?>"
)
_USUAL_DECLARATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<?xml version="1.0" encoding="utf-8"?>',
    "<?xml version='1.0' encoding='UTF-8'?>",
)  # 38 characters each
_USUAL_BYTES = tuple(one.encode() for one in _USUAL_DECLARATIONS)
_DECLARED_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]*)[\"']")
_PROLOG = re.compile(r"(?:[ \t\n]++|<\?(?:(?!\?>)[\s\S])*+\?>|<!--(?:(?!-->)[\s\S])*+-->)*+")
_ODD_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
#: Every byte but the angle brackets and the control characters XML forbids.
_INNOCENT = bytes(sorted(set(range(256)) - set(b"<>") - (set(range(32)) - {9, 10, 13})))

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),  # nobody sends it, and parsers disagree about it
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)


class Unreadable(UnreadableError):
    """The bytes are not a UBL invoice or credit note that can be read.

    Reasons: ``empty``, ``too_large``, ``too_deep``, ``encoding``, ``doctype``, ``not_xml``, ``not_ubl``,
    ``missing``, ``not_an_amount``, ``not_a_date``, ``not_base64``.
    """


class MalformedError(Exception):
    """The tokens are not one well-formed element; never leaves the package."""


def decode(data: bytes) -> str:
    """The document's text, without byte order mark and XML declaration, its line ends normalised.

    The encoding is the byte order mark's, else the declared one, else UTF-8. Text that claims to be UTF-8 and
    is not is read as Windows-1252: such files are around, and only names suffer when the guess is wrong.

    Raises:
        Unreadable: ``empty``, ``too_large``, ``encoding`` or ``doctype``.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", params={"limit": str(MAX_BYTES)})
    text = _decoded(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith(_USUAL_DECLARATIONS):
        text = text[38:]
    elif text.startswith("<?xml") or text[:1] in " \t\n":
        declaration = _DECLARATION.match(text)
        if declaration:
            # What was above stays as empty lines, so that lines are counted as in the file.
            text = "\n" * declaration[0].count("\n") + text[declaration.end() :]
    begin = text.find("<")
    if begin < 0 and not text.strip():
        raise Unreadable("empty")
    if text[begin + 1 : begin + 2] in {"!", "?"}:
        begin = _begin(text)
        if begin == len(text):
            raise Unreadable("empty")
        if text.startswith("<!", begin) and not text.startswith("<!--", begin):
            raise Unreadable("doctype", line=text.count("\n", 0, begin) + 1)
    return text


def _begin(text: str) -> int:
    """Where the root, or what should not be there, begins: after white space, comments and instructions."""
    match = _PROLOG.match(text)
    return match.end() if match else 0


def _decoded(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS if data[:1] not in b"<\xef" or data[1:2] == b"\x00" else ():
        if data.startswith(mark):
            try:
                return data.decode(encoding).removeprefix("\ufeff")
            except UnicodeError as error:
                raise Unreadable("encoding", params={"encoding": encoding}) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    name = "utf-8"
    if not data.startswith(_USUAL_BYTES) and (declared := _DECLARED_ENCODING.match(data)):
        name = normal(declared[1].decode("ascii"))
    codec = ENCODINGS.get(name)
    if codec is None:
        raise Unreadable("encoding", params={"encoding": name})
    if codec == "utf-8":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            codec = "cp1252"
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable("encoding", params={"encoding": name}) from error


_EMBEDDED = b"EmbeddedDocumentBinaryObject"
#: Shorter texts are not worth their laying aside.
_HEAVY = 4096


class LaidAside(str):
    """Stands in the parts where the text of an embedded file was."""

    __slots__ = ("embedded",)

    embedded: Embedded

    @classmethod
    def of(cls, embedded: Embedded) -> Self:
        """What stands for this one: as a text it is not empty, and no base64."""
        result = cls("=")
        result.embedded = embedded
        return result

    def strip(self, chars: str | None = None, /) -> Self:  # noqa: ARG002 - as every text has it
        """Itself: there is nothing around it."""
        return self


class Light(NamedTuple):
    """A file without the long texts of what it embeds, and where they were."""

    data: bytes
    laid_aside: list[tuple[int, Embedded]]  #: with its offset in the data

    def restored(self, parts: list[str]) -> None:
        """Put into the parts what stands for the texts; parts are the data's."""
        position, behind = len(parts) - 1, len(self.data)
        for offset, embedded in reversed(self.laid_aside):
            position -= 2 * self.data.count(b"<", offset, behind)
            parts[position] = LaidAside.of(embedded)
            behind = offset


def lightened(data: bytes) -> Light | None:
    """The file without its long base64; nothing when it has none, or not in bytes that are ASCII.

    An embedded object's text counts only where it is base64 without a doubt: with no bracket, reference or control
    character in it, nothing else in the file is seen otherwise without it. What is in a comment or the like looks as if
    it were one; such a file is outside the subset without it too.
    """
    if not _HEAVY < len(data) <= MAX_BYTES or data[:1] not in b"<\xef" or data[1:2] == b"\x00":
        return None
    view = memoryview(data)
    kept: list[memoryview] = []
    laid_aside: list[tuple[int, Embedded]] = []
    size = start = end = 0
    while (found := data.find(_EMBEDDED, end)) >= 0:
        tag = data.rfind(b"<", max(end, found - SHORT), found)
        begin = data.find(b">", found) + 1
        if not begin or (end := data.find(b"<", begin)) < 0:
            break
        prefix = data[tag:found]
        if (
            end - begin < _HEAVY or tag < 0 or prefix.split() != [prefix]
        ):  # short, or another element's attribute
            continue
        text = view[begin:end]
        if is_base64(text):
            kept.append(view[start:begin])
            size += begin - start
            start = end
            laid_aside.append((size, Embedded(text)))
    if not laid_aside:
        return None
    return Light(b"".join([*kept, view[start:]]), laid_aside)


def cut(data: bytes, text: str) -> list[str] | None:
    """What stands between the brackets: a text, a tag, a text … Nothing when it is outside the subset at sight.

    Args:
        data: The file: counting its brackets is quicker in bytes. In UTF-16 it is outside the subset.
        text: What :func:`decode` made of it.
    """
    brackets = data.translate(None, _INNOCENT)
    if not brackets or brackets != b"<>" * (len(brackets) // 2) or text[: text.find("<")].strip(" \t\n"):
        return None
    if not text.isascii() and ("\ufffe" in text or "\uffff" in text):
        return None
    if "&" in text and _ODD_REFERENCE.search(text):
        return None
    return cut_written(text)


def cut_written(text: str) -> list[str]:
    """Cut what :func:`normalised` gave into tokens; it needs no looking at."""
    return text.replace(">", "<").split("<")


class Head(NamedTuple):
    """A start tag between its brackets."""

    name: str
    attributes: Mapping[str, str]
    empty: bool  #: whether it is an empty element's


def head(text: str, strict: bool) -> Head:
    """The name and attributes of a start tag, the root's.

    Args:
        text: What stands between the brackets.
        strict: Whether names must be ASCII and attributes without prefix; not for what lxml wrote.

    Raises:
        MalformedError: When it is none.
    """
    match = (_HEAD if strict else _WRITTEN_HEAD).fullmatch(text)
    if match is None:
        raise MalformedError("not a start tag")
    attributes: dict[str, str] = {}
    for name, double, single in _ATTRIBUTE.findall(match[2]):
        if name in attributes:
            raise MalformedError("an attribute twice")
        if strict and not (
            _ATTRIBUTE_NAME.fullmatch(name) and (":" not in name or name.startswith("xmlns:"))
        ):
            raise MalformedError("an attribute of another namespace")
        value = double or single
        if not value.isalnum():
            value = unescaped(value.translate(_BLANKS))  # as XML 1.0, 3.3.3 has it
        attributes[name] = value
    return Head(match[1], attributes, bool(match[3]))


def inner_head(text: str, strict: bool) -> Head:
    """The head of a tag below the root, where the subset has no namespace declarations."""
    result = head(text, strict)
    if strict and any(name[:5] == "xmlns" for name in result.attributes):
        raise MalformedError("a namespace below the root")
    return result


#: The same few start tags come back in every invoice. Long ones are not kept: a sender could fill the memory.
SHORT = 1000
short_inner_head = lru_cache(maxsize=2048)(inner_head)


def unescaped(text: str) -> str:
    """Character data with XML's own five references resolved."""
    if "&" not in text:
        return text
    for reference, character in _REFERENCES:
        text = text.replace(reference, character)
    return text


_REFERENCES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&apos;", "'"),
    ("&amp;", "&"),  # last, or &amp;lt; would become a tag
)


#: What lxml writes for white space: a carriage return anywhere, the others in attributes.
_WHITE_SPACE = (("&#13;\n", "\n"), ("&#13;", "\n"), ("&#10;", "\n"), ("&#9;", "\t"))


def parsed(text: str) -> Any:
    """The tree of a decoded document, by a parser that loads, resolves and fetches nothing.

    Raises:
        Unreadable: ``not_xml`` with the parser's message and line, ``too_deep``, or ``doctype``.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        reason = "too_deep" if "xcessive depth" in str(error) else "not_xml"
        raise Unreadable(reason, line=error.lineno, params={"message": str(error.msg)}) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("doctype")
    return root


def normalised(text: str) -> str:
    """The document inside the subset: UBL's namespaces on the root, no comments, CDATA or odd references.

    White space that came by reference is what it stands for, with line ends as everywhere.

    Raises:
        Unreadable: As :func:`parsed`.
    """
    root = parsed(text)
    etree.cleanup_namespaces(root, top_nsmap={"cac": AGGREGATES, "cbc": BASICS})
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    if "&#" in text:
        for reference, character in _WHITE_SPACE:
            text = text.replace(reference, character)
    return text
