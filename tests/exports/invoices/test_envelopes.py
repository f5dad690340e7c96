"""What is in a transport envelope comes out byte for byte; only what it cannot stand without is added, and said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import invoices, ubl
from exports.ubl import envelope
from tests.support.builders_cii import SBDH, an_envelope
from tests.support.builders_papers import a_ubl

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
PLAIN = a_ubl(supplier_name="Café Zoë")


def bare(data: bytes) -> bytes:
    """An invoice without its XML declaration."""
    return data[data.index(b"?>") + 2 :].lstrip()


@pytest.mark.parametrize("prefix", ["", "sh", "ns0"])
def test_the_bytes_inside_come_out_unchanged_whatever_the_envelope_calls_itself(prefix: str) -> None:
    data = an_envelope(PLAIN, prefix=prefix)
    [one] = envelope.opened(data).documents
    assert one.data == bare(PLAIN)
    assert not one.added
    taken = invoices.take(data)
    assert (taken.data, taken.wrapped, taken.added) == (bare(PLAIN), True, False)
    assert taken.document.number == ubl.read(PLAIN).number
    assert taken.document.supplier.name == "Café Zoë"


def test_what_the_envelope_says_of_itself_is_told() -> None:
    header = envelope.opened(an_envelope(PLAIN, instance="abc-1")).header
    assert (header.sender, header.receiver) == ("0208:0417497106", "0208:0202239951")
    assert (header.instance, header.type, header.standard) == ("abc-1", "Invoice", INVOICE)
    assert header.created == "2026-11-02T09:00:00Z"


def outside(data: bytes) -> bytes:
    """An envelope that declares what the invoice needs."""
    declared = f'xmlns:x="{SBDH}" xmlns="{INVOICE}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}" xmlns:un="urn:used:by:nobody"'
    text = an_envelope(data, prefix="x").decode().replace(f'xmlns:x="{SBDH}"', declared)
    return re.sub(r"<Invoice\s[^>]*>", "<Invoice>", text).encode()


def test_prefixes_that_are_declared_outside_are_declared_and_nothing_else_is_touched() -> None:
    [one] = envelope.opened(outside(PLAIN)).documents
    assert one.added
    head, _sign, rest = one.data.partition(b">")
    assert head.split(b" ", 1)[0] == b"<Invoice"
    assert b"urn:used:by:nobody" not in head
    assert rest == bare(PLAIN).partition(b">")[2]
    assert ubl.read(one.data) == ubl.read(PLAIN)
    assert invoices.take(outside(PLAIN)).added


@pytest.mark.parametrize(
    ("encoding", "added"), [("utf-8", False), ("utf-8-sig", False), ("utf-16", True), ("iso-8859-15", True)]
)
def test_each_encoding_is_cut_at_the_right_place(encoding: str, added: bool) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = an_envelope(PLAIN).decode().replace('encoding="UTF-8"', f'encoding="{name}"')
    [one] = envelope.opened(text.encode(encoding)).documents
    assert one.added is added
    assert ubl.read(one.data) == ubl.read(PLAIN)


def test_bytes_that_are_in_no_declared_encoding_come_out_as_they_are() -> None:
    data = an_envelope(PLAIN).decode().encode("cp1252")  # and says UTF-8
    taken = invoices.take(data)
    assert taken.data in data
    assert taken.document.supplier.name == "Café Zoë"


def test_several_documents_are_each_cut_out() -> None:
    credit = a_ubl(credit=True, number="C-1")
    with pytest.raises(invoices.SeveralError) as several:
        invoices.take(an_envelope(PLAIN, credit))
    assert [one.data for one in several.value.documents] == [bare(PLAIN), bare(credit)]
    assert [one.root for one in several.value.documents] == ["Invoice", "CreditNote"]


def test_an_envelope_in_an_envelope_is_opened_a_few_times() -> None:
    once = an_envelope(an_envelope(PLAIN, prefix="a"), prefix="b")
    assert invoices.take(once).data == bare(PLAIN)
    data = PLAIN
    for _time in range(6):
        data = an_envelope(data)
    with pytest.raises(ubl.Unreadable):
        invoices.take(data)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"receiver": "iso6523-actorid-upis::0208:0202239951"}, []),
        ({"receiver": "9925:BE0202239951"}, []),
        ({"kind": "CreditNote"}, ["ENVELOPE-TYPE"]),
        ({"standard": INVOICE.replace("Invoice", "CreditNote")}, ["ENVELOPE-TYPE"]),
        ({"receiver": "0208:0417497106"}, ["ENVELOPE-RECEIVER"]),
        ({"receiver": "0088:5412345000013"}, ["ENVELOPE-RECEIVER"]),
        ({"receiver": ""}, []),
    ],
)
def test_an_envelope_that_contradicts_its_invoice_is_remarked(
    changes: dict[str, str], rules: list[str]
) -> None:
    taken = invoices.take(an_envelope(PLAIN, **changes))
    assert [one.rule for one in taken.document.reading_remarks] == rules


def test_a_self_billed_invoice_goes_to_its_supplier() -> None:
    data = an_envelope(a_ubl(type_code="389"), sender="0208:0202239951", receiver="0208:0417497106")
    assert invoices.take(data).document.reading_remarks == ()


def test_base64_inside_is_an_invoice_too() -> None:
    from base64 import b64encode

    content = b'<BinaryContent xmlns="http://peppol.eu/xsd/ticc/envelope/1.0" mimeType="application/xml" encoding="base64">'
    content += b64encode(PLAIN) + b"</BinaryContent>"
    assert invoices.take(an_envelope(content)).data == PLAIN


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (an_envelope(), "empty_envelope"),
        (an_envelope(b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>'), "enclosed"),
        (an_envelope(*[PLAIN] * 101), "too_many_documents"),
        (an_envelope(PLAIN)[:-8], "not_xml"),
        (b"<!DOCTYPE a>" + bare(an_envelope(PLAIN)), "doctype"),
        (an_envelope(b"<a>" * 80 + b"</a>" * 80), "too_deep"),
    ],
)
def test_what_holds_no_invoice_is_refused_by_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(ubl.Unreadable) as refused:
        invoices.take(data)
    assert refused.value.reason == reason


@given(st.data())
def test_whatever_becomes_of_its_bytes_what_comes_out_is_of_them_or_said_to_be_completed(
    data: st.DataObject,
) -> None:
    whole = an_envelope(PLAIN, prefix="sh")
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + data.draw(st.binary(max_size=12)) + whole[at + data.draw(st.integers(0, 30)) :]
    try:
        documents = envelope.opened(changed).documents
    except ubl.Unreadable:
        return
    for one in documents:
        assert one.added or one.root == "BinaryContent" or one.data in changed
