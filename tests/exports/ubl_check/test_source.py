"""What reaches the rules: a tree that came through the hardened parser, and nothing else."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.errors import ExportsError
from exports.ubl.check import check, source
from exports.ubl.check.engine import ENGINE
from exports.ubl.tokens import Unreadable
from tests.exports.ubl_check.samples import INVOICE, Build

ROOT = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
EMPTY = (ROOT + "/>").encode()


def _bomb() -> bytes:
    """Nine levels of ten references: a thousand million letters, in an attribute and in a text."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{levels}]>{ROOT} a="&e9;">&e9;</Invoice>'.encode()


def _leak(path: Path) -> bytes:
    entity = f'<!DOCTYPE Invoice [<!ENTITY e SYSTEM "{path.as_uri()}">]>'
    return (entity + INVOICE.replace(">2026/1<", ">&e;<")).encode()


REFUSED: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "empty"),
    ("blanks", b" \n\t", "empty"),
    ("text", b"Factuur 2026/1", "not_xml"),
    ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
    ("half a document", INVOICE[:2000].encode(), "not_xml"),
    ("bytes that are not UTF-8", INVOICE.replace("Bakkerij", "P\xe2tisserie").encode("latin-1"), "not_xml"),
    ("an unknown entity", EMPTY[:-2] + b">&nbsp;</Invoice>", "not_xml"),
    ("another document", b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>', "not_ubl"),
    ("an invoice of no namespace", b"<Invoice/>", "not_ubl"),
    ("a document type", b"<!DOCTYPE Invoice>" + EMPTY, "doctype"),
    ("one after a long comment", b"<!--" + b"x" * 9000 + b"--><!DOCTYPE a>" + EMPTY, "doctype"),
    ("one in UTF-16", ("<!DOCTYPE Invoice>" + EMPTY.decode()).encode("utf-16"), "doctype"),
    ("growing entities", _bomb(), "doctype"),
    ("depth", EMPTY[:-2] + b">" + b"<a>" * 100 + b"</a>" * 100 + b"</Invoice>", "too_deep"),
    ("great depth", EMPTY[:-2] + b">" + b"<a>" * 100_000, "too_deep"),
]


@pytest.mark.parametrize(
    ("data", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused_for_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        check(data, profile="peppol-bis-3")
    assert refused.value.reason == reason
    assert isinstance(refused.value, ExportsError)


def test_more_than_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 1000)
    with pytest.raises(Unreadable, match="too_large"):
        source.parse(INVOICE.encode())
    monkeypatch.undo()
    monkeypatch.setattr(source, "MAX_ELEMENTS", 50)
    with pytest.raises(Unreadable, match="too_many_elements"):
        source.parse(INVOICE.encode())


def test_an_external_entity_is_never_read(tmp_path: Path, spied: list[bytes]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    with pytest.raises(Unreadable, match="doctype"):
        check(_leak(secret), profile="en16931")
    assert spied == []


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is sent to the rules process."""
    sent: list[bytes] = []
    evaluate = ENGINE.evaluate

    def spy(document: bytes, meanwhile: Callable[[], None] | None = None) -> list[object]:
        sent.append(document)
        return list(evaluate(document, meanwhile))

    monkeypatch.setattr(ENGINE, "evaluate", spy)
    return sent


def test_the_rules_process_gets_what_we_wrote_never_the_senders_bytes(
    invoice: Build, spied: list[bytes]
) -> None:
    pi = '<?xml-stylesheet href="http://127.0.0.1:9/x"?><!-- hello -->'
    data = (pi + invoice().decode().replace("<cbc:IssueDate>", "<!-- a --><cbc:IssueDate>")).encode("utf-16")
    assert check(data, profile="peppol-bis-3") == []
    [document] = spied
    assert document.startswith(b"<Invoice ")
    assert b"<!--" not in document
    assert b"<?" not in document


PDF = base64.b64encode(b"%PDF-1.7\n" + bytes(range(256)) * 40_000)  # 10 MB: a text longer than libxml2 takes


def _with_attachment(invoice: Build, content: str) -> bytes:
    return invoice(
        (
            "<cac:AccountingSupplierParty>",
            (
                "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject "
                f'mimeCode="application/pdf" filename="a.pdf">{content}</cbc:EmbeddedDocumentBinaryObject>'
                "</cac:Attachment></cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
            ),
        )
    )


def test_an_attachment_of_ten_megabytes_costs_the_rules_nothing(invoice: Build, spied: list[bytes]) -> None:
    lines = b"\n".join(PDF[start : start + 76] for start in range(0, len(PDF), 76)).decode()
    assert len(lines) > 13_000_000
    assert check(_with_attachment(invoice, lines), profile="peppol-bis-3") == []
    assert len(spied[0]) < 10_000


@pytest.mark.parametrize("content", ["JVBERi0", "JVB*Ri0=", "JVBERi0===", "=JVBERi0", "JVBÉRi0="])
def test_an_attachment_that_is_no_base64_breaks_the_schema(invoice: Build, content: str) -> None:
    findings = check(_with_attachment(invoice, content), profile="peppol-bis-3")
    assert [finding.rule for finding in findings] == ["UBL-XSD"]
    assert findings[0].location.endswith("/cac:Attachment/cbc:EmbeddedDocumentBinaryObject")


@pytest.mark.parametrize("content", ["JVBERi0=", " JVBE\r\n\tRi0=\n", "JVBE", "JVBERg=="])
def test_base64_is_judged_as_the_schema_does(invoice: Build, content: str) -> None:
    assert check(_with_attachment(invoice, content), profile="peppol-bis-3") == []


def test_an_empty_attachment_stays_an_empty_element(invoice: Build) -> None:
    findings = check(_with_attachment(invoice, "  "), profile="peppol-bis-3")
    assert "PEPPOL-EN16931-R008" in {finding.rule for finding in findings}


def test_the_tree_is_the_documents(invoice: Build) -> None:
    parsed = source.parse(invoice())
    canonical = etree.tostring(
        etree.fromstring(invoice(), etree.XMLParser(remove_blank_text=True)), method="c14n"
    )
    assert etree.tostring(etree.fromstring(parsed.serialised()), method="c14n") == canonical
