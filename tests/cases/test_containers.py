"""What a file is, whatever it is called; ZIPs and mails of every maker; each file in them gets an outcome."""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import pytest

from exports import coda, ubl
from portal.features.intake.domain.files import CONTAINERS, PICTURES, REFUSED, FileKind, sniff
from portal.features.intake.domain.reasons import REASONS
from portal.kernel.signatures import beginning
from portal.sandbox import Unreadable, read_container, read_pdf_page
from portal.web.files import attachment_headers, safe_name
from tests.support.builders_papers import a_pdf, a_ubl, a_zip
from tests.support.cases import case, of_kind

pytestmark = pytest.mark.corpus


def kind(data: bytes) -> FileKind:
    return sniff(beginning(data))


async def names(data: bytes) -> list[str]:
    return [one.name for one in (await read_container(data)).members]


# ── K42: what it is ──────────────────────────────────────────────────────────────────────────────────────────────

PAGE = b"<html><head><title>Log in</title></head><body>Sessie verlopen</body></html>"
OLE = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + bytes(22)
    + (9).to_bytes(2, "little")
    + bytes(16)
    + (0).to_bytes(4, "little")
)
OLE = OLE + bytes(512 - len(OLE))
SIGNED = bytes.fromhex("3080 0609 2a864886f70d010702 a080") + bytes(64)

ARCHIVED = (
    b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://x.example/\r\nSubject: Factuur\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x--"
)


def tar_of(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("a.pdf")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


SIBLINGS = {
    "page": (PAGE, FileKind.WEB_PAGE),
    "page with mark and blank lines": (b"\xef\xbb\xbf\r\n\r\n" + PAGE, FileKind.WEB_PAGE),
    "page behind a comment": (
        b"<!-- saved from url=(0040)https://bank.example/ -->\n" + PAGE,
        FileKind.WEB_PAGE,
    ),
    "page in capitals": (
        b"<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n<HTML></HTML>",
        FileKind.WEB_PAGE,
    ),
    "page in UTF-16": (PAGE.decode().encode("utf-16"), FileKind.WEB_PAGE),
    "page as XHTML": (
        b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"/>',
        FileKind.WEB_PAGE,
    ),
    "a piece of a page": (b"<script>location='/login'</script>", FileKind.WEB_PAGE),
    "page that speaks of PDF": (b"<html><body>%PDF-1.7 is a format</body></html>", FileKind.WEB_PAGE),
    "page as the browser archives it": (ARCHIVED, FileKind.WEB_PAGE),
    "invoice": (a_ubl(), FileKind.XML),
    "some XML": (b'<?xml version="1.0"?><form xmlns="urn:x"/>', FileKind.XML),
    "RTF": (b"{\\rtf1\\ansi Factuur}", FileKind.RICH_TEXT),
    "old Word": (OLE + "WordDocument".encode("utf-16-le"), FileKind.WORD),
    "old Excel": (OLE + "Workbook".encode("utf-16-le"), FileKind.EXCEL),
    "old PowerPoint": (OLE + "PowerPoint Document".encode("utf-16-le"), FileKind.POWERPOINT),
    "locked Office": (OLE + "EncryptedPackage".encode("utf-16-le"), FileKind.OFFICE_LOCKED),
    "Word": (a_zip({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}), FileKind.WORD),
    "Excel": (a_zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}), FileKind.EXCEL),
    "PowerPoint": (
        a_zip({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<w/>"}),
        FileKind.POWERPOINT,
    ),
    "Outlook mailbox": (b"!BDN" + bytes(200), FileKind.MAILBOX),
    "winmail.dat": (b"\x78\x9f\x3e\x22" + bytes(50), FileKind.WINMAIL),
    "p7m": (SIGNED, FileKind.SIGNED),
    "p7m as text": (
        b"-----BEGIN PKCS7-----\nMIAGCSqGSIb3DQEHAqCAMIACAQEx\n-----END PKCS7-----\n",
        FileKind.SIGNED,
    ),
    "p7m in base64": (b"MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQ==", FileKind.SIGNED),
    "PGP": (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", FileKind.ENCRYPTED),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40), FileKind.ARCHIVE),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + bytes(40), FileKind.ARCHIVE),
    "gzip": (gzip.compress(a_pdf()), FileKind.ARCHIVE),
    "tar": (tar_of(a_pdf()), FileKind.ARCHIVE),
    "xz": (lzma.compress(a_pdf()), FileKind.ARCHIVE),
    "cabinet": (b"MSCF" + bytes(60), FileKind.ARCHIVE),
    "disk image": (bytes(32768) + b"\x01CD001\x01" + bytes(100), FileKind.ARCHIVE),
    "Windows program": (b"MZ\x90\x00\x03\x00\x00\x00" + bytes(200), FileKind.PROGRAM),
    "Linux program": (b"\x7fELF\x02\x01\x01" + bytes(60), FileKind.PROGRAM),
    "Mac program": (b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + bytes(60), FileKind.PROGRAM),
    "script": (b"#!/bin/sh\nrm -rf /\n", FileKind.PROGRAM),
    "batch": (b"@echo off\r\nformat c:\r\n", FileKind.PROGRAM),
    "shortcut": (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(60), FileKind.SHORTCUT),
    "web shortcut": (b"[InternetShortcut]\r\nURL=https://x.example\r\n", FileKind.SHORTCUT),
    "appointment": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", FileKind.CALENDAR),
    "business card": (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", FileKind.CONTACT),
    "JSON": (b'{"invoice": {"number": "1"}}', FileKind.JSON),
    "CSV": ("Datum;Bedrag;Omschrijving\r\n30/11/2026;12,50;Café\r\n".encode("cp1252"), FileKind.TEXT),
    "text that begins with MZ": (b"MZ Trading, factuur 12\r\n", FileKind.TEXT),
    "sound": (b"ID3\x04" + bytes(60), FileKind.AUDIO),
    "PostScript": (b"%!PS-Adobe-3.0\n", FileKind.POSTSCRIPT),
    "nothing but zeros": (bytes(5000), FileKind.BLANK),
    "nothing but lines": (b"\r\n" * 200, FileKind.BLANK),
    "bytes of nobody": (bytes(range(256)), FileKind.UNKNOWN),
}


@pytest.mark.parametrize("name", SIBLINGS)
def test_a_file_is_known_by_its_first_bytes(name: str) -> None:
    data, expected = SIBLINGS[name]
    assert kind(data) is expected


def test_a_web_page_called_pdf_is_named_and_no_attack() -> None:
    [page] = of_kind("K42")
    reason = REASONS[REFUSED[kind(page.read())]]
    assert "web page" in reason
    assert "download" in reason
    assert "attack" not in reason


def test_every_kind_is_taken_opened_or_refused_with_words() -> None:
    """A new kind without an answer would be read as a PDF."""
    taken = {FileKind.PDF, FileKind.XML, FileKind.CODA, *PICTURES}
    answered = {*taken, *CONTAINERS, *(FileKind(one) for one in REFUSED)}
    named_elsewhere = {one for one in FileKind if one.value.startswith(("image/", "video/"))}
    assert answered | named_elsewhere >= {FileKind.UNKNOWN, FileKind.OFFICE}
    for code in REFUSED.values():
        assert len(REASONS[code]) > 40


def test_no_type_of_ours_makes_a_browser_act() -> None:
    assert not {"text/html", "application/xhtml+xml", "text/javascript"} & {one.value for one in FileKind}


def test_what_is_neither_paper_nor_invoice_is_told_what_it_is() -> None:
    expected = {
        "55-cii.xml": FileKind.XML,
        "56-order.xml": FileKind.XML,
        "60-lettre.docx": FileKind.WORD,
        "67-lzma.zip": FileKind.ZIP,
        "68-nested.zip": FileKind.ZIP,
        "45-4000.jpg": FileKind.JPEG,
        "00-own-dossiers.xlsx": FileKind.EXCEL,
        "26-plain.xlsx": FileKind.EXCEL,
    }
    assert {one.path.name: kind(one.read()) for one in of_kind("K84")} == expected


async def test_what_a_zip_cannot_give_is_named() -> None:
    by_name = {one.path.name: one.read() for one in of_kind("K84")}
    [packed] = (await read_container(by_name["67-lzma.zip"])).members
    [inner] = (await read_container(by_name["68-nested.zip"])).members
    assert (packed.refused, inner.refused) == ("zip.method", "zip.nested")


def test_the_library_says_what_it_got_instead() -> None:
    pdf = case("formats/13-pdf-called-xml.xml").read()
    assert kind(pdf) is FileKind.PDF
    with pytest.raises(ubl.Unreadable) as named:
        ubl.read(pdf)
    assert named.value.reason == "pdf"
    zipped = case("formats/34-coda-in-zip.cod").read()
    assert kind(zipped) is FileKind.ZIP
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(zipped)
    assert caught.value.found == "zip"


# ── K48, K50: PDF and CODA as they come ──────────────────────────────────────────────────────────────────────────


async def test_pdfs_open_or_say_why() -> None:
    told: dict[str, str] = {}
    for one in of_kind("K48"):
        assert kind(one.read()) is FileKind.PDF
        try:
            told[one.path.name] = str((await read_pdf_page(one.read())).count)
        except Unreadable as why:
            told[one.path.name] = why.code
    assert told == {
        "70-owner-password.pdf": "3",
        "71-user-password.pdf": "pdf.password",
        "77-truncated.pdf": "damaged",
        "75-rotated.pdf": "1",
        "76-mail-gateway-prefix.pdf": "1",
    }


@pytest.mark.parametrize(
    "before",
    [
        b"\r\n" * 20,
        b"\r\n" * 30_000,
        b"X-Scanned-By: gateway\r\nX-Spam: no\r\n" * 500,
        b"[EXTERNAL] This message comes from outside.\n" * 1000,
        b"From: scanner@office.example\r\nDate: Mon, 30 Nov 2026 10:00:00 +0100\r\n\r\n"
        + b" " * 5000
        + b"\n",
    ],
)
async def test_a_pdf_behind_what_a_gateway_set_before_it_opens(before: bytes) -> None:
    data = before + a_pdf(pages=2)
    assert kind(data) is FileKind.PDF
    assert (await read_pdf_page(data)).count == 2


def test_a_pdf_further_away_is_none() -> None:
    assert kind(b"\n" * 70_000 + a_pdf()) is not FileKind.PDF


def test_coda_and_xml_are_known_however_they_were_saved() -> None:
    found = {one.path.name: kind(one.read()) for one in of_kind("K50")}
    assert found.pop("86-coda-utf16.cod") is FileKind.CODA_UNICODE
    assert set(found.values()) == {FileKind.CODA, FileKind.XML}
    assert {name for name, one in found.items() if one is FileKind.XML} == {
        n for n in found if n.endswith(".xml")
    }
    assert "bank" in REASONS[REFUSED[FileKind.CODA_UNICODE]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_coda_in_unicode_is_named_with_and_without_a_mark(encoding: str) -> None:
    [plain] = [one for one in of_kind("K50") if one.path.name == "82-coda-trimmed.cod"]
    assert kind(plain.read().decode("latin-1").encode(encoding)) is FileKind.CODA_UNICODE


# ── K44–K46, K51: ZIPs ───────────────────────────────────────────────────────────────────────────────────────────


def zip_named(raw: bytes, data: bytes, *, unicode_path: bytes | None = None) -> bytes:
    """A ZIP of one file whose name is these bytes, without the flag of UTF-8."""
    stand_in = "n" * len(raw)
    entry = zipfile.ZipInfo(stand_in)
    if unicode_path is not None:
        field = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + unicode_path
        entry.extra = (0x7075).to_bytes(2, "little") + len(field).to_bytes(2, "little") + field
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, data)
    return buffer.getvalue().replace(stand_in.encode(), raw)


async def test_backslashes_are_folders() -> None:
    [packed] = of_kind("K44")
    opened = await read_container(packed.read())
    assert [(one.name, one.refused) for one in opened.members] == [
        ("november/factuur-a.pdf", None),
        ("november/factuur-b.xml", None),
    ]


async def test_names_are_read_in_utf8_without_the_flag() -> None:
    [packed] = of_kind("K45")
    [only] = await names(packed.read())
    assert only.encode("utf-8") == "Facture cafe\u0301 n°5.pdf".encode()


@pytest.mark.parametrize("encoding", ["utf-8", "cp850", "cp437", "cp1252"])
@pytest.mark.parametrize(
    "name", ["Facture café n°5.pdf", "Rechnung für März.pdf", "Créances échues à régler.pdf", "Übersicht.pdf"]
)
async def test_names_are_read_in_whatever_encoding_their_letters_make_sense(encoding: str, name: str) -> None:
    assert await names(zip_named(name.encode(encoding), b"%PDF-1.4")) == [name]


async def test_the_name_in_unicode_beside_the_name_counts_where_it_is_of_that_name() -> None:
    given = "Счёт 7.pdf"
    assert await names(zip_named(b"????? 7.pdf", b"x", unicode_path=given.encode())) == [given]
    stale = zip_named(b"other 7.pdf", b"x", unicode_path=given.encode()).replace(
        b"other 7.pdf", b"newer 7.pdf"
    )
    assert await names(stale) == ["newer 7.pdf"]


async def test_droppings_are_left_out_and_what_only_looks_like_one_is_not() -> None:
    [packed] = of_kind("K46")
    assert await names(packed.read()) == ["map/factuur.pdf"]
    siblings = {
        "__MACOSX/map/._a.pdf": b"\x00\x05\x16\x07" + bytes(9000),
        "._b.pdf": b"\x00\x05\x16\x07" + bytes(9000),
        "map/.DS_Store": b"x",
        "map/Thumbs.db": b"x" * 9000,
        "DESKTOP.INI": b"x",
        "Icon\r": b"",
        ".Trashes/501/old.pdf": b"x",
        "map/.AppleDouble/a.pdf": b"x",
        "~$brief.docx": b"x" * 162,
        ".~lock.lijst.ods#": b",jan,pc;",
        "._really.pdf": a_pdf() + bytes(9000),
        "good.pdf": a_pdf(),
    }
    assert await names(a_zip(siblings)) == ["._really.pdf", "good.pdf"]


async def test_files_of_one_name_in_different_folders_are_all_there() -> None:
    packed = next(one for one in of_kind("K51") if one.path.suffix == ".zip")
    opened = await read_container(packed.read())
    assert [(one.name, one.refused) for one in opened.members] == [
        ("a/scan.pdf", None),
        ("b/scan.pdf", None),
        ("c/Scan.PDF", None),
    ]


def test_names_of_uploads_stay_readable_and_safe() -> None:
    assert any(one.path.name == "105-names.txt" for one in of_kind("K51"))
    for name in (
        "Facture \u202efdp.exe.pdf",
        "é" * 120 + ".pdf",
        "🍕 bon (1) #5 100%.pdf",
        "..\\..\\boot.ini.pdf",
        "con.pdf",
        "a;b\"c'd.pdf",
        ".pdf",
        "geen-extensie",
    ):
        safe = safe_name(name)
        assert safe
        assert not set(safe) & set('\\/:*?"<>|\u202e')
        header = attachment_headers(name, "application/pdf")["content-disposition"]
        assert header.isascii()
        assert header.count('"') == 2
