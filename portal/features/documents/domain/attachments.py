"""What is attached to an invoice by its first bytes, whatever its file says it is.

An attachment that lies is named and never changed: what leaves is what came. Peppol lets an invoice carry PDF, pictures (PNG, JPEG), CSV
and spreadsheets (code list MIMEMediaType of EN 16931); XML is common besides.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from exports.model import Attachment, Finding
from exports.model import Document as Invoice
from portal.kernel import signatures
from portal.kernel.language import N_
from portal.kernel.texts import line

PROGRAM, OTHER, KIND, DAMAGED = (
    "ATTACHMENT-PROGRAM",
    "ATTACHMENT-OTHER",
    "ATTACHMENT-KIND",
    "ATTACHMENT-DAMAGED",
)
HOLDING: Final = frozenset({PROGRAM, OTHER, DAMAGED})
"""What keeps a document from leaving, where the firm has chosen so; honest attachments of an unusual kind never do."""
MOST = 100
"""So many attachments of one invoice are looked at."""
WORDS: Final[Mapping[str, str]] = {
    PROGRAM: N_(
        "Attached is a program: “%(name)s”. Do not open it; ask the sender whether they really sent it."
    ),
    OTHER: N_(
        "The attachment “%(name)s” is not what it says: it says %(declared)s and is %(kind)s. Do not open it unless you know it."
    ),
    KIND: N_("Attached is %(kind)s: “%(name)s”. Few programs take such an attachment."),
    DAMAGED: N_(
        "The attachment “%(name)s” is empty or damaged in the file. Ask the sender for it, if you need it."
    ),
}
KINDS: Final[Mapping[str, str]] = {
    "pdf": N_("a PDF"),
    "picture": N_("a picture"),
    "spreadsheet": N_("a spreadsheet"),
    "text": N_("a text"),
    "xml": N_("an XML file"),
    "web_page": N_("a web page"),
    "mail": N_("a mail"),
    "archive": N_("a ZIP or another archive"),
    "office": N_("a document of an Office program"),
    "program": N_("a program"),
    "signed": N_("a signed or encrypted envelope"),
    "sound": N_("a sound or film"),
    "shortcut": N_("a shortcut to a file"),
    "unknown": N_("of no known kind"),
}
_USUAL: Final = frozenset({"pdf", "picture", "spreadsheet", "text", "xml", "unknown"})
_BY_SIGNATURE: Final[Mapping[str, str]] = {
    signatures.WEB_PAGE: "web_page",
    signatures.MAIL: "mail",
    signatures.OUTLOOK: "mail",
    signatures.MAILBOX: "mail",
    signatures.WINMAIL: "mail",
    signatures.WORD: "office",
    signatures.POWERPOINT: "office",
    signatures.EXCEL: "spreadsheet",
    signatures.RICH_TEXT: "office",
    signatures.IWORK: "office",
    signatures.OFFICE: "office",
    signatures.OFFICE_LOCKED: "office",
    signatures.OPEN_DOCUMENT: "spreadsheet",
    signatures.ZIP: "archive",
    signatures.ARCHIVE: "archive",
    signatures.PROGRAM: "program",
    signatures.SHORTCUT: "shortcut",
    signatures.SIGNED: "signed",
    signatures.ENCRYPTED: "signed",
    signatures.AUDIO: "sound",
    signatures.POSTSCRIPT: "office",
    signatures.CALENDAR: "text",
    signatures.CONTACT: "text",
    signatures.JSON: "text",
    signatures.TEXT: "text",
}
_PICTURES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "application/pdf": frozenset({"pdf"}),
    "image/*": frozenset({"picture"}),
    "text/csv": frozenset({"text"}),
    "text/plain": frozenset({"text", "xml", "mail"}),
    "text/xml": frozenset({"xml"}),
    "application/xml": frozenset({"xml"}),
    "text/html": frozenset({"web_page", "xml"}),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": frozenset({"spreadsheet", "office"}),
    "application/vnd.ms-excel": frozenset({"spreadsheet", "office", "text"}),
    "application/vnd.oasis.opendocument.spreadsheet": frozenset({"spreadsheet"}),
    "application/zip": frozenset({"archive", "spreadsheet", "office"}),
    "application/msword": frozenset({"office", "spreadsheet"}),
}
"""A declared type, and what a file of it may be; any other claims nothing."""
_ENDINGS: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "png": "image/*",
    "jpg": "image/*",
    "jpeg": "image/*",
    "gif": "image/*",
    "tif": "image/*",
    "tiff": "image/*",
    "csv": "text/csv",
    "txt": "text/plain",
    "xml": "text/xml",
    "ubl": "text/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}


def odd_attachments(invoice: Invoice) -> list[Finding]:
    """What is to be said of the attachments of an invoice; only the beginning of each is decoded."""
    found = (_finding(one) for one in invoice.attachments[:MOST] if one.is_embedded)
    lost = (
        _said(DAMAGED, line(one.params["filename"])[:100]) for one in invoice.reading_remarks if is_lost(one)
    )
    return [*(one for one in found if one is not None), *lost]


def is_lost(remark: Finding) -> bool:
    """Whether a remark of the reader is of an attachment with a name that was empty or damaged, and left out."""
    return remark.rule == "not_base64" and bool(remark.params.get("filename"))


def suspicious(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the attachments for which a document may be held, as its findings are kept; each once."""
    return list(
        dict.fromkeys(str(one["params"].get("name", "–")) for one in findings if one["code"] in HOLDING)
    )


def kind_of(head: bytes) -> str:
    """What a file is, of `KINDS`, by what `signatures.beginning` gives of it."""
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "picture"
    if (known := signatures.binary(head)) is not None:
        return _BY_SIGNATURE.get(known, "unknown")
    if signatures.pdf_begins(head) is not None:
        return "pdf"
    if (known := signatures.words(head)) is not None:
        return _BY_SIGNATURE.get(known, "text")
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<"):
        return "xml"
    return _BY_SIGNATURE.get(signatures.rest(head) or "", "unknown")


def _finding(one: Attachment) -> Finding | None:
    name = line(one.filename or one.id)[:100]
    kind = kind_of(one.first_bytes(signatures.HEAD))
    if kind in ("program", "shortcut"):
        return _said(PROGRAM, name)
    declared = (one.mime_code or "").partition(";")[0].strip().lower()
    ending = (one.filename or "").rstrip(" .").rpartition(".")[2].lower()
    for claim, said in ((declared, declared), (_ENDINGS.get(ending, ""), f".{ending}")):
        if kind not in _allowed(claim):
            return _said(OTHER, name, declared=said, kind=kind)
    return None if kind in _USUAL else _said(KIND, name, kind=kind)


def _allowed(claim: str) -> Iterable[str]:
    return _TYPES.get("image/*" if claim.startswith("image/") else claim, KINDS)


def _said(rule: str, name: str, **params: str) -> Finding:
    return Finding(rule=rule, severity="warning", location="", text="", params={"name": name, **params})
