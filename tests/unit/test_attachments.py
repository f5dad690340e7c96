"""What is attached to an invoice, whatever its file says it is."""

from base64 import b64encode

import pytest

from exports import ubl
from portal.features.documents.domain.attachments import suspicious
from portal.features.documents.domain.findings import invoice_findings, told_findings
from tests.support.builders_papers import a_pdf, a_png, a_ubl, a_zip

PROGRAM = b"MZ\x90\x00\x03\x00" + bytes(100)
PAGE = b"<!DOCTYPE html><html><body>Log in</body></html>"


def attached(*files: tuple[str, str, bytes | str]) -> bytes:
    """An invoice with files: name, declared type, and bytes (or what stands for their base64)."""
    references = "".join(
        f"<cac:AdditionalDocumentReference><cbc:ID>{nth}</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject"
        f' mimeCode="{mime}" filename="{name}">{data if isinstance(data, str) else b64encode(data).decode()}'
        "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
        for nth, (name, mime, data) in enumerate(files)
    ).encode()
    return a_ubl().replace(b"<cac:AccountingSupplierParty>", references + b"<cac:AccountingSupplierParty>", 1)


def codes(*files: tuple[str, str, bytes | str]) -> list[str]:
    found = invoice_findings(ubl.read(attached(*files)))
    return [one["code"] for one in found if one["code"].startswith("ATTACHMENT")]


@pytest.mark.parametrize(
    ("name", "mime", "data", "code"),
    [
        ("factuur.pdf", "application/pdf", PROGRAM, "ATTACHMENT-PROGRAM"),
        ("setup.exe", "application/octet-stream", PROGRAM, "ATTACHMENT-PROGRAM"),
        ("run.txt", "text/plain", b"#!/bin/sh\nrm -rf /\n", "ATTACHMENT-PROGRAM"),
        ("factuur.pdf", "application/pdf", PAGE, "ATTACHMENT-OTHER"),
        ("factuur.pdf", "application/octet-stream", PAGE, "ATTACHMENT-OTHER"),
        ("uren.csv", "text/csv", a_pdf(), "ATTACHMENT-OTHER"),
        ("foto.png", "image/png", PAGE, "ATTACHMENT-OTHER"),
        ("factuur.pdf", "application/pdf", a_zip({"a.pdf": b"x"}), "ATTACHMENT-OTHER"),
        ("alles.zip", "application/zip", a_zip({"a.pdf": b"x"}), "ATTACHMENT-KIND"),
        ("page.html", "text/html", PAGE, "ATTACHMENT-KIND"),
        ("factuur.pdf", "application/pdf", "", "ATTACHMENT-DAMAGED"),
        ("factuur.pdf", "application/pdf", "JVBER*#", "ATTACHMENT-DAMAGED"),
    ],
)
def test_an_attachment_that_lies_is_named(name: str, mime: str, data: bytes | str, code: str) -> None:
    assert codes((name, mime, data)) == [code]
    found = invoice_findings(ubl.read(attached((name, mime, data))))
    told = " ".join(told_findings(found, str, str))
    assert name in told
    assert "%(" not in told


@pytest.mark.parametrize(
    ("name", "mime", "data"),
    [
        ("factuur.pdf", "application/pdf", a_pdf()),
        ("factuur.PDF", "application/octet-stream", a_pdf()),
        ("foto.jpg", "image/png", a_png()),
        ("uren.csv", "text/csv", b"Datum;Uren\r\n30/11;8\r\n"),
        ("uren.csv", "application/vnd.ms-excel", b"Datum;Uren\r\n30/11;8\r\n"),
        ("detail.xml", "text/xml", b"<?xml version='1.0'?><a/>"),
        ("lijst.xlsx", "application/vnd.ms-excel", a_zip({"[Content_Types].xml": b"<T/>", "xl/a.xml": b""})),
        ("raar.bin", "application/octet-stream", bytes(range(256))),
    ],
)
def test_an_honest_attachment_is_not_mentioned(name: str, mime: str, data: bytes) -> None:
    assert codes((name, mime, data)) == []


def test_several_of_one_name_are_told_apart_by_what_they_are() -> None:
    files = (("bijlage.pdf", "application/pdf", PROGRAM), ("bijlage.pdf", "application/pdf", PAGE))
    assert codes(*files) == ["ATTACHMENT-PROGRAM", "ATTACHMENT-OTHER"]
    assert suspicious(invoice_findings(ubl.read(attached(*files)))) == ["bijlage.pdf"]


def test_an_honest_zip_holds_nobody() -> None:
    found = invoice_findings(ubl.read(attached(("alles.zip", "application/zip", a_zip({"a": b"x"})))))
    assert suspicious(found) == []
