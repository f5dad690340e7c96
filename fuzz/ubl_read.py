"""``ubl.read`` on anything: a document or ``Unreadable``."""

from __future__ import annotations

from contextlib import suppress

from exports import ubl
from fuzz import harness

_SMALLEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>1</cbc:ID><cbc:IssueDate>2026-01-01</cbc:IssueDate></Invoice>"""


def one_input(data: bytes) -> None:
    """Reads the bytes and looks at what the properties make of them."""
    with suppress(ubl.Unreadable):
        document = ubl.read(data)
        _ = (document.structured_communication, document.pdf, document.is_self_billing)
        _ = (document.supplier.company_numbers, document.customer.company_numbers)


def seeds() -> list[bytes]:
    """Real invoices where they are there."""
    return [_SMALLEST, *harness.corpus("ubl/OpenPEPPOL*/rules/examples/*.xml", "ubl/*/*.xml")]
