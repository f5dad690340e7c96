"""``invoices.take`` on anything in XML: an invoice or ``Unreadable``; one that was read as CII can be written as UBL."""

from __future__ import annotations

from exports import invoices, ubl
from fuzz import harness

_SMALLEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">
<rsm:ExchangedDocument><ram:ID>1</ram:ID><ram:IssueDateTime>2026-01-01</ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeSettlement>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:DuePayableAmount>1</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""
_ENVELOPE = b"""<a:StandardBusinessDocument xmlns:a="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
<a:StandardBusinessDocumentHeader/>%s</a:StandardBusinessDocument>"""


def one_input(data: bytes) -> None:
    """Takes the bytes for an invoice, and writes what comes of a CII."""
    try:
        taken = invoices.take(data)
    except ubl.Unreadable:
        return
    assert taken.added or not taken.wrapped or taken.data in data or b"BinaryContent" in data
    if taken.syntax == "cii":
        ubl.read(ubl.write(taken.document))


def seeds() -> list[bytes]:
    """A CII, an envelope around one, and whatever is in the collections."""
    bare = _SMALLEST.partition(b"\n")[2]
    return [_SMALLEST, _ENVELOPE % bare, *harness.corpus("cases/50-sbdh.xml", "cases/formats/*.xml")]
