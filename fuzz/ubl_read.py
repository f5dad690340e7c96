"""``ubl.read`` on anything: a document or ``Unreadable``; a document can be written and comes back as it was."""

from __future__ import annotations

from msgspec.structs import replace

from exports import ubl
from exports.model import Document
from fuzz import harness

_SMALLEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>1</cbc:ID><cbc:IssueDate>2026-01-01</cbc:IssueDate><cac:LegalMonetaryTotal>
<cbc:PayableAmount currencyID="EUR">1</cbc:PayableAmount></cac:LegalMonetaryTotal></Invoice>"""


def one_input(data: bytes) -> None:
    """Reads the bytes, looks at what the properties make of them, and writes and reads them again."""
    try:
        document = ubl.read(data)
    except ubl.Unreadable:
        return
    _ = (document.structured_communication, document.pdf, document.is_self_billing)
    _ = (document.supplier.company_numbers, document.customer.company_numbers)
    again = ubl.read(ubl.write(document))
    assert _compared(again) == _compared(document), "what was read comes back as it was"


def _compared(document: Document) -> Document:
    """Without what belongs to the file: its specification, and the remarks on reading it."""
    return replace(document, customization_id=None, profile_id=None, reading_remarks=())


def seeds() -> list[bytes]:
    """Real invoices where they are there."""
    return [_SMALLEST, *harness.corpus("ubl/OpenPEPPOL*/rules/examples/*.xml", "ubl/*/*.xml")]
