"""What a file is by its first bytes, of all that people hand in for a paper and that is none: told by name, with what to do.

Names and declared types are not believed. The types are media types of our own where a real one could make a browser act
(`application/x-web-page`), since they are stored and sent beside the bytes. Nothing is parsed: signatures and words alone.

Sources: the file formats as published (PKWARE APPNOTE, MS-CFB, MS-OXMSG, RFC 5322, RFC 2557, RFC 5652, RFC 5545, RFC 6350, ETSI EN 319 162).
"""

import re
from typing import Final

HEAD = 64 * 1024 + 1024
"""So many first bytes tell what a file is: gateways set kilobytes before a PDF, a disk image names itself at 32 kB."""
DIRECTORY = 8 * 1024
"""So many bytes of the directory of an OLE file are looked at."""

WEB_PAGE: Final = "application/x-web-page"
MAIL: Final = "message/rfc822"
OUTLOOK: Final = "application/vnd.ms-outlook"
WORD, EXCEL, POWERPOINT = "application/x-word", "application/x-excel", "application/x-powerpoint"
OPEN_DOCUMENT, RICH_TEXT, IWORK = "application/x-open-document", "application/rtf", "application/x-iwork"
OFFICE, OFFICE_LOCKED = "application/x-office", "application/x-office-locked"
MAILBOX, WINMAIL, SIGNED, ENCRYPTED = (
    "application/x-mailbox",
    "application/ms-tnef",
    "application/pkcs7-mime",
    "application/pgp-encrypted",
)
ZIP, ARCHIVE, PROGRAM, SHORTCUT = (
    "application/zip",
    "application/x-archive",
    "application/x-program",
    "application/x-shortcut",
)
CALENDAR, CONTACT, JSON, TEXT, AUDIO, POSTSCRIPT, BLANK, CODA_UNICODE = (
    "text/x-calendar",
    "text/x-contact",
    "application/x-json",
    "application/x-text",
    "audio/x-sound",
    "application/postscript",
    "application/x-blank",
    "text/x-coda-unicode",
)
NAMED: Final = frozenset(
    {
        WEB_PAGE,
        WORD,
        EXCEL,
        POWERPOINT,
        OPEN_DOCUMENT,
        RICH_TEXT,
        IWORK,
        OFFICE_LOCKED,
        MAILBOX,
        WINMAIL,
        SIGNED,
        ENCRYPTED,
        ARCHIVE,
        PROGRAM,
        SHORTCUT,
        CALENDAR,
        CONTACT,
        JSON,
        TEXT,
        AUDIO,
        POSTSCRIPT,
        BLANK,
        CODA_UNICODE,
    }
)
"""What is known for what it is, and never taken."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: Final = (
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),  # gzip
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ\x00", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),  # Zstandard
    (b"MSCF", ARCHIVE),  # Windows cabinet
    (b"ITSF", ARCHIVE),  # Windows help
    (b"!<arch>\n", ARCHIVE),
    (b"xar!", ARCHIVE),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),  # Mach-O, either way around, and for several processors
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"dex\n", PROGRAM),
    (b"\x00asm", PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", SHORTCUT),
    (b"!BDN", MAILBOX),  # Outlook's .pst and .ost
    (b"\x78\x9f\x3e\x22", WINMAIL),
    (b"{\\rtf", RICH_TEXT),
    (b"%!PS", POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", POSTSCRIPT),
    (b"ID3", AUDIO),
    (b"OggS", AUDIO),
    (b"fLaC", AUDIO),
    (b"#!AMR", AUDIO),
    (b"MThd", AUDIO),
    (b"\xff\xfb", AUDIO),
    (b"\xff\xf1", AUDIO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", AUDIO),  # Windows Media
)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d0107")  # PKCS #7, whatever it holds
_SIGNED_TEXT = re.compile(
    rb"\A\s*(?:-----BEGIN (?:PKCS7|CMS|SIGNED MESSAGE)-----|MI[A-Za-z0-9+/]{2,12}YJKoZIhvcNAQc|MIAGCSqGSIb3DQEH)"
)
_ENCRYPTED_TEXT = re.compile(rb"\A\s*-----BEGIN PGP (?:MESSAGE|SIGNED MESSAGE)-----")

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OFFICE_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/")
_OPEN_DOCUMENT_TYPES = (b"application/vnd.oasis.opendocument", b"application/vnd.sun.xml")
_SIGNED_CONTAINER = b"application/vnd.etsi.asic"


def ole_directory(head: bytes) -> int | None:
    """Where in an OLE file its directory begins, which says what it is; None for any other file.

    Args:
        head: its first 512 bytes or more.
    """
    if not head.startswith(_OLE) or len(head) < 512:
        return None
    shift = int.from_bytes(head[30:32], "little")
    sector = int.from_bytes(head[48:52], "little")
    return (sector + 1) << shift if 7 <= shift <= 16 and sector < 1 << 24 else None


def beginning(data: bytes) -> bytes:
    """Of a file at hand, what tells its kind: its first bytes, and of an OLE file the directory behind them."""
    place = ole_directory(data)
    return data[:HEAD] + (data[place : place + DIRECTORY] if place is not None and place > HEAD else b"")


def container(head: bytes) -> str | None:
    """`ZIP`, `MAIL` or `OUTLOOK` for what is opened for the files in it; None for anything else."""
    if head.startswith(_ZIP):
        return ZIP if _of_zip(head) == ZIP else None
    if head.startswith(_OLE):
        return OUTLOOK if _of_ole(head) == OUTLOOK else None
    return MAIL if _first_pdf(head) is None and is_mail(head) else None


def binary(head: bytes) -> str | None:
    """What a file is that announces itself by a signature: ZIP and all that is one, OLE, archives, programs, sounds. None for others."""
    if head.startswith(_ZIP):
        return _of_zip(head)
    if head.startswith(_OLE):
        return _of_ole(head)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(b"MZ") and not _is_text(head):
        return PROGRAM
    if head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI "):
        return AUDIO
    if head[257:262] == b"ustar" or head[32769:32774] == b"CD001":
        return ARCHIVE
    if head[:1] == b"\x30" and _SIGNED_DATA in head[:40]:
        return SIGNED
    return None


def words(head: bytes) -> str | None:
    """What a file is that begins with words: a web page, a mail, a script, a calendar. None for any other text, XML among it."""
    text = _as_bytes(head)
    if is_web_page(text):
        return WEB_PAGE
    if _SIGNED_TEXT.match(text):
        return SIGNED
    if _ENCRYPTED_TEXT.match(text):
        return ENCRYPTED
    if is_mail(text):
        return WEB_PAGE if _SAVED_PAGE.search(_header(text)) else MAIL
    start = text.lstrip()[:40].lower()
    return next((kind for words, kind in _FIRST_WORDS if start.startswith(words)), None)


_FIRST_WORDS: Final = (
    (b"begin:vcalendar", CALENDAR),
    (b"begin:vevent", CALENDAR),
    (b"begin:vcard", CONTACT),
    (b"[internetshortcut]", SHORTCUT),
    (b"[desktop entry]", SHORTCUT),
    (b"#!/", PROGRAM),
    (b"#! /", PROGRAM),
    (b"@echo off", PROGRAM),
    (b"<?php", PROGRAM),
    (b"<%@", PROGRAM),
    (b"powershell ", PROGRAM),
)


def rest(head: bytes) -> str | None:
    """Of what nothing else is known: blank, an object in JSON, or plain text. None for bytes that nobody knows."""
    if not head.strip(b"\x00 \t\r\n\x1a\xef\xbb\xbf\xfe\xff"):
        return BLANK
    text = _as_bytes(head)
    if _JSON.match(text):
        return JSON
    return TEXT if _is_text(text) else None


# ── ZIP and OLE ──────────────────────────────────────────────────────────────────────────────────────────────────


def _of_zip(head: bytes) -> str:
    if head.startswith(_ZIP[1:]):
        return ZIP
    length, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
    first = head[30 : 30 + length]
    if first == b"mimetype":
        declared = head[30 + length + extra :][:120]
        if declared.startswith(_OPEN_DOCUMENT_TYPES):
            return OPEN_DOCUMENT
        return SIGNED if declared.startswith(_SIGNED_CONTAINER) else OFFICE
    if first.startswith((b"Index/", b"Metadata/")) and b".iwa" in head:
        return IWORK
    if not first.startswith(_OFFICE_PARTS):
        return ZIP
    for part, kind in ((b"word/", WORD), (b"xl/", EXCEL), (b"ppt/", POWERPOINT)):
        if re.search(rb"PK\x03\x04.{26}" + part, head, re.DOTALL):
            return kind
    return OFFICE


_OLE_PARTS: Final = (
    ("__substg1.0_", OUTLOOK),
    ("__properties_version1.0", OUTLOOK),
    ("EncryptedPackage", OFFICE_LOCKED),
    ("WordDocument", WORD),
    ("Workbook", EXCEL),
    ("Book", EXCEL),
    ("PowerPoint Document", POWERPOINT),
)


def _of_ole(head: bytes) -> str:
    """Old Office, a mail saved by Outlook, or Office with a password: by the names in the directory."""
    place = ole_directory(head)
    names = head if place is None or place > len(head) else head[place:] + head[-DIRECTORY:]
    for name, kind in _OLE_PARTS:
        if name.encode("utf-16-le") in names:
            return kind
    return OFFICE


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────

_TAGS = rb"html|head|body|title|meta|script|style|link|base|div|span|table|center|font|form|iframe|frameset|img|br|h[1-6]|p|a|ul|ol"
_WEB_PAGE = re.compile(
    rb"\A(?:<\?xml[^>]{0,400}\?>|<!--.{0,4000}?-->|<\?[^>]{0,400}\?>|\s)*"
    rb"(?:<!doctype\s+html\b|<html[\s>/]|<(?:" + _TAGS + rb")(?:\s[^<]{0,2000})?/?>)",
    re.DOTALL | re.IGNORECASE,
)
_PREFIXED = re.compile(rb"\sxmlns(?::\w+)?\s*=\s*[\"'](?!http://www\.w3\.org/1999/xhtml)")


def is_web_page(text: bytes) -> bool:
    """Whether a text is HTML, with whatever before it: declarations, comments, blank lines."""
    found = _WEB_PAGE.match(text)
    if found is None:
        return False
    # an XML of somebody's own may begin with <title> or <form>: it has a namespace, or a declaration and nothing of HTML behind it
    begun = found[0].lower()
    if b"html" in begun[-40:] or b"<!doctype" in begun:
        return True
    return not _PREFIXED.search(text[:2000]) and not text.lstrip().startswith(b"<?xml")


_FIELD = re.compile(rb"^([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|\r?$)", re.MULTILINE)
_MAIL_FIELDS: Final = frozenset(
    {
        b"from",
        b"to",
        b"date",
        b"subject",
        b"message-id",
        b"mime-version",
        b"received",
        b"return-path",
        b"delivered-to",
        b"content-type",
        b"reply-to",
        b"cc",
        b"dkim-signature",
        b"x-mailer",
        b"authentication-results",
        b"arc-seal",
        b"x-unsent",
        b"importance",
        b"thread-topic",
        b"references",
        b"in-reply-to",
        b"sender",
    }
)
_SURE: Final = frozenset(
    {b"from", b"received", b"message-id", b"mime-version", b"return-path", b"delivered-to", b"date"}
)
_SAVED_PAGE = re.compile(
    rb"^(?:snapshot-content-location:|from: *\"?<?saved by|x-mimeole: produced by microsoft mimeole.*\Z)",
    re.MULTILINE | re.IGNORECASE,
)
_BEFORE = re.compile(rb"\A(?:\d{1,12}[ \t]*\r?\n|>?From [^\n]{0,200}\n|\s)*")
"""What may stand before a mail: blank lines, its length (Apple Mail), the line of a mailbox."""


def mail_begins(data: bytes) -> int:
    """Where the first field of a mail begins."""
    found = _BEFORE.match(data[:2000].removeprefix(b"\xef\xbb\xbf"))
    return (found.end() if found else 0) + (3 if data.startswith(b"\xef\xbb\xbf") else 0)


def _header(text: bytes) -> bytes:
    text = text[mail_begins(text) :]
    found = re.search(rb"\r?\n[ \t]*\r?\n", text)
    return text[: found.start()] if found else text


def is_mail(text: bytes) -> bool:
    """Whether a text begins with the head of a mail: fields alone, two of them such as mails have, one of those sure."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or text.lstrip()[:1] in (b"<", b"{", b"["):
        return False
    header = _header(text)[:HEAD]
    first = header.split(b"\n", 1)[0]
    if not _FIELD.match(first):
        return False
    fields = {name.lower() for name in _FIELD.findall(header)}
    return len(fields & _MAIL_FIELDS) >= 2 and bool(fields & _SURE)


_PDF = re.compile(rb"%PDF-\d\.\d")


def _first_pdf(head: bytes) -> int | None:
    found = _PDF.search(head)
    return found.start() if found else None


def pdf_begins(head: bytes) -> int | None:
    """Where in the first 64 kB a PDF begins: behind whatever a mail gateway or a scanner set before it; None without one.

    A page that only speaks of PDFs is none, nor a mail with one inside.
    """
    place = _first_pdf(head[: 64 * 1024 + 8])
    if place is None:
        return (
            head.find(b"%PDF-", 0, 1024 + 5) if b"%PDF-" in head[: 1024 + 4] and not _is_told(head) else None
        )
    if place == 0:
        return 0
    behind = head[place + 8 : place + 2048]
    begins = b" obj" in behind or b"\x00" in behind or any(one > 0x7F for one in behind[:64])
    if not begins:
        return place if place < 1024 and not _is_told(head) else None
    return None if is_mail(head[:place]) and b"multipart/" in head[:place].lower() else place


def _is_told(head: bytes) -> bool:
    """Whether a text about something else may mention a PDF."""
    return is_web_page(_as_bytes(head)) or head.lstrip()[:1] in (b"<", b"{") or is_mail(head)


_JSON = re.compile(rb"\A\s*(?:\{\s*(?:\"(?:[^\"\\]|\\.){0,200}\"\s*:|\})|\[\s*[\[{\"\d\]])", re.DOTALL)
_CONTROLS = bytes(one for one in range(32) if one not in b"\t\n\r\f\x1a") + b"\x7f"


def _is_text(head: bytes) -> bool:
    text = _as_bytes(head)
    return bool(text) and len(text.translate(None, _CONTROLS)) == len(text)


def _as_bytes(head: bytes) -> bytes:
    """A text without its mark, one in UTF-16 as UTF-8."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace").encode()
    if head[:1] == b"<" and head[1:2] == b"\x00":
        return head[: len(head) & ~1].decode("utf-16-le", "replace").encode()
    return head.removeprefix(b"\xef\xbb\xbf")


def is_coda_in_unicode(head: bytes) -> bool:
    """Whether a CODA file was saved again as UTF-16, as the Windows editor offers as "Unicode"."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return CODA.match(_as_bytes(head[:2048])) is not None
    narrow = head[:256]
    return b"\x00" in narrow[:2] and CODA.match(narrow.replace(b"\x00", b"")) is not None


CODA: Final = re.compile(rb"(?:\xef\xbb\xbf)?0.{4}\d{6}.{3}05", re.DOTALL)
"""How a CODA file begins: its header record, by its date and the number of the application."""
