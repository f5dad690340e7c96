"""The files attached to a mail (RFC 5322, MIME): each with its name, those of mails forwarded in it too.

A picture that the text shows and that is small is no paper but a logo under a signature: it is left out, and counted.
"""

import contextlib
import email.header
import email.parser
import email.utils
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.message import Message
from email.policy import Compat32

from portal.kernel.signatures import mail_begins
from portal.sandbox.contract import MIB, MailHead, Unreadable, ZipMember
from portal.sandbox.readers.zip_members import Budget
from portal.sandbox.readers.zip_names import shown

SMALL_PICTURE = 100 * 1024
"""Bytes; a picture in the text that is larger may be the photo of a receipt, and is taken."""
MAX_PARTS = 1000
MAX_BOUNDARIES = 200
MAX_DEPTH = 5
"""So deep may mails lie in mails."""
_ANOTHER = re.compile(rb"\r?\n\r?\nFrom \S[^\n]{0,200}\d{4}[^\n]{0,20}\r?\n[A-Za-z-]{2,40}:")
_SIGNATURES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)
_SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TEXTS = frozenset(
    {"text/plain", "text/html", "text/enriched", "text/calendar", "text/x-amp-html", "text/watch-html"}
)
_BROKEN = frozenset({"InvalidBase64CharactersDefect", "InvalidBase64LengthDefect"})
_CUT = frozenset({"InvalidBase64PaddingDefect"})
"""Padding that is forgotten loses nothing, unless the mail ends before its end."""
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/zip": ".zip",
    "message/rfc822": ".eml",
    "text/plain": ".txt",
}


class _AsGiven(Compat32):
    """Fields with bytes beyond ASCII as they are: `_text` knows more encodings than the parser, which marks them as lost."""

    def _sanitize_header(self, _name: str, value: str) -> str:
        return value


def prepare() -> None:
    """Read a small mail once, so that everything is loaded."""
    sample = (
        b"From: =?utf-8?q?J=C3=A9?= <j@x.example>\nDate: Mon, 30 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf; name*=utf-8''a%C3%A9.pdf\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b\nContent-Transfer-Encoding: quoted-printable\n"
        b"Content-Disposition: attachment; filename==?iso-8859-1?q?=E9?=\n\n=41\n--b--\n"
    )
    with contextlib.suppress(Unreadable):
        list(members(sample, Budget(9, MIB, MIB), MailHead()))


def members(data: bytes, budget: Budget, head: MailHead) -> Iterator[ZipMember]:
    """Yield the files attached to a mail in their order.

    Args:
        head: what the mail says of itself is written there, and how many small pictures were left out.
    """
    data = data[mail_begins(data) :]
    if data[:5] != b"From " and _ANOTHER.search(data):
        raise Unreadable("mail.several")
    if data.lower().count(b"boundary=") > MAX_BOUNDARIES:
        raise Unreadable("mail.parts", limit=MAX_BOUNDARIES)
    try:
        message = email.parser.BytesParser(policy=_AsGiven()).parsebytes(data)
    except (RecursionError, ValueError, LookupError, TypeError) as error:
        raise Unreadable("mail.damaged") from error
    head.subject = _text(message.get("Subject"))
    head.sender = _text(message.get("From")) or _text(message.get("Sender"))
    head.sent = _sent(message.get("Date"))
    yield from _files(message, budget, head, "", 0)


def _files(message: Message, budget: Budget, head: MailHead, folder: str, depth: int) -> Iterator[ZipMember]:
    parts = 0
    shown_ids = _shown_in_text(message)
    broken = _BROKEN | _CUT if _is_cut(message) else _BROKEN
    for part, related, first in _leaves(message):
        parts += 1
        if parts > MAX_PARTS:
            raise Unreadable("mail.parts", limit=MAX_PARTS)
        kind = part.get_content_type()
        name = _file_name(part)
        if kind == "message/rfc822":
            inner = part.get_payload()
            inner = inner[0] if isinstance(inner, list) and inner else None
            if not isinstance(inner, Message):
                continue
            called = _text(inner.get("Subject")) or name or "mail"
            if depth + 1 >= MAX_DEPTH:
                budget.count(1)
                yield ZipMember(folder + _bare(called), refused="mail.depth", params={"limit": MAX_DEPTH})
                continue
            count = budget.members
            yield from _files(inner, budget, head, f"{folder}{_bare(called)[:80]}/", depth + 1)
            if budget.members == count:
                budget.count(1)
                yield ZipMember(shown(folder + _bare(called)), refused="mail.nothing")
            continue
        if _is_text(part, kind, name, first=first):
            continue
        if kind in _SIGNATURES:
            head.skipped += 1
            continue
        budget.count(1)
        name = folder + (name or "part " + str(parts) + _ENDINGS.get(kind, ""))
        member = _file(part, kind, name, budget, broken)
        if member.data is not None and _is_logo(
            part, kind, member.data, related=related, shown_ids=shown_ids
        ):
            head.skipped += 1
            continue
        yield member


def _is_cut(message: Message) -> bool:
    """Whether the end of a mail is missing, as far as it tells."""
    return any(
        type(one).__name__ == "CloseBoundaryNotFoundDefect" for part in message.walk() for one in part.defects
    )


def _leaves(message: Message) -> Iterator[tuple[Message, bool, bool]]:
    """The parts that are no container of others; whether each belongs to a text, and is the text of its container itself.

    Mails in the mail are leaves here.
    """
    stack: list[tuple[Message, bool, bool]] = [(message, False, True)]
    while stack:
        part, related, first = stack.pop()
        content = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(content, list):
            inside = related or part.get_content_subtype() == "related"
            alternative = part.get_content_subtype() == "alternative"
            stack.extend(
                (one, inside, nth == 0 or alternative)
                for nth, one in reversed(list(enumerate(content)))
                if isinstance(one, Message)
            )
        else:
            yield part, related, first


def _is_text(part: Message, kind: str, name: str, *, first: bool) -> bool:
    """What the mail itself says: a text without a name, that nobody attached."""
    if part.get_content_maintype() == "multipart" or kind in (
        "message/delivery-status",
        "message/disposition-notification",
    ):
        return True
    attached = part.get_content_disposition() == "attachment"
    return kind in _TEXTS and not attached and (not name or (first and kind != "text/calendar"))


def _is_logo(part: Message, kind: str, data: bytes, *, related: bool, shown_ids: set[str]) -> bool:
    """A small picture that the text shows."""
    if not kind.startswith("image/") or len(data) > SMALL_PICTURE:
        return False
    own = _text(part.get("Content-ID")).strip().strip("<>").casefold()
    if own and own in shown_ids:
        return True
    return (related and bool(own)) or part.get_content_disposition() == "inline"


_SHOWN = re.compile(r"cid:([^\"'\s>)]{1,300})", re.IGNORECASE)


def _shown_in_text(message: Message) -> set[str]:
    """The ids of the pictures that its HTML shows."""
    found: set[str] = set()
    for part, _related, _first in _leaves(message):
        if part.get_content_type() == "text/html" and len(found) < MAX_PARTS:
            with contextlib.suppress(LookupError, ValueError):
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    found.update(one.casefold() for one in _SHOWN.findall(content[:MIB].decode("latin-1")))
    return found


def _file(part: Message, kind: str, name: str, budget: Budget, broken: frozenset[str]) -> ZipMember:
    name = shown(name)
    if kind in _SIGNED:
        return ZipMember(name, refused="mail.signed")
    if kind == "application/pgp-encrypted" or name.endswith("encrypted.asc"):
        return ZipMember(name, refused="mail.encrypted")
    raw = part.get_payload()
    if isinstance(raw, str) and len(raw) * 3 // 4 > budget.max_member + MIB:
        return ZipMember(name, refused="mail.large", params={"limit": budget.max_member // MIB})
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError):
        content = None
    if not isinstance(content, bytes) or any(type(one).__name__ in broken for one in part.defects):
        return ZipMember(name, refused="mail.part")
    if len(content) > budget.max_member:
        return ZipMember(name, refused="mail.large", params={"limit": budget.max_member // MIB})
    budget.take(len(content))
    return ZipMember(name, data=content)


def _file_name(part: Message) -> str:
    """The name of an attachment in any of the ways it is written: RFC 2231, RFC 2047 in quotes, bare UTF-8 or Latin."""
    try:
        given = part.get_filename()
    except (ValueError, LookupError, TypeError, IndexError):
        given = None
    return _bare(_text(given)) if given else ""


def _bare(name: str) -> str:
    """Without folders, whichever sign is between them."""
    return (name.replace("\\", "/").rpartition("/")[2] or name.strip("/\\")).strip()[:200]


def _text(value: object) -> str:
    """A field as people read it, on one line; what cannot be decoded is kept readable."""
    if value is None:
        return ""
    given = str(value)
    with contextlib.suppress(UnicodeError):
        raw = given.encode("ascii", "surrogateescape")
        try:
            given = raw.decode("utf-8")
        except UnicodeDecodeError:
            given = raw.decode("cp1252", "replace")
    if "=?" in given:
        with contextlib.suppress(ValueError, LookupError, OSError, HeaderParseError):
            given = "".join(
                one if isinstance(one, str) else one.decode(charset or "utf-8", "replace")
                for one, charset in email.header.decode_header(given)
            )
    return " ".join(given.split())[:300]


def _sent(value: object) -> str:
    """When it was sent, as ISO 8601; empty where it does not say so in a way that can be read."""
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        return email.utils.parsedate_to_datetime(str(value)).isoformat()
    return ""
