"""Cross Industry Invoices say in the model what the same invoice says as UBL, whatever it holds."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from msgspec.structs import replace

from exports import cii, ubl
from exports.cii.check import by_schema
from exports.cii.reader import NO_RATES, tree
from exports.model import (
    Delivery,
    Document,
    Party,
)
from exports.ubl.codes import CREDIT_NOTE_TYPES
from tests.support.builders_cii import PROFILES
from tests.support.builders_cii import cii as written
from tests.support.whole_invoice import WHOLE


def same(one: Document) -> Document:
    """An invoice without what belongs to the file it came in."""
    return replace(one, customization_id=None, reading_remarks=())


def test_everything_the_model_has_comes_through_a_cii_and_its_schema_has_nothing_to_say() -> None:
    data = written(WHOLE)
    assert by_schema(tree(data)) == []
    assert same(cii.read(data)) == same(WHOLE)
    assert cii.read(data).customization_id == PROFILES["EXTENDED"]


def test_what_was_a_cii_is_the_same_as_ubl() -> None:
    given = replace(WHOLE, payment_means=WHOLE.payment_means[:2])  # UBL wants a card's network
    again = ubl.read(ubl.write(cii.read(written(given))))
    assert same(again) == same(given)


@pytest.mark.parametrize("type_code", ["381", "380", "384", "389", "261", "751"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_is_one_by_its_type_and_signs_stay(type_code: str, sign: int) -> None:
    amount = Decimal("121.00") * sign
    given = replace(
        WHOLE,
        kind="credit_note" if type_code in CREDIT_NOTE_TYPES | {"261"} else "invoice",
        type_code=type_code,
        tax_inclusive=amount,
        payable=amount,
        prepaid=Decimal(0),
        rounding=Decimal(0),
    )
    read = cii.read(written(given))
    assert (read.kind, read.payable, read.type_code) == (given.kind, amount, type_code)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_gives_what_it_has(profile: str) -> None:
    read = cii.read(written(WHOLE, profile))
    assert (read.number, read.payable, read.tax_total) == ("2026/104", Decimal("60.99"), Decimal("21.00"))
    assert read.supplier == WHOLE.supplier
    assert read.customer.company_numbers == (("BE", "0712345630"),)
    assert bool(read.lines) == (profile not in {"MINIMUM", "BASIC WL"})
    assert bool(read.tax_subtotals) == (profile != "MINIMUM")
    rules = {one.rule for one in read.reading_remarks}
    assert (NO_RATES in rules) == (profile == "MINIMUM")


@pytest.mark.corpus
def test_every_invoice_of_others_is_the_same_through_a_cii(corpus: Path) -> None:
    compared = 0
    for path in sorted((corpus / "ubl").rglob("*.xml")):
        try:
            given = _holdable(ubl.read(path.read_bytes()))
        except ubl.Unreadable:
            continue
        if not given.currency:
            continue
        assert same(cii.read(written(given))) == same(given), path
        compared += 1
    assert compared >= 100


def _holdable(of: Document) -> Document:
    """What of an invoice CII has a place for: no Belgian codes, post boxes, card networks, discounts of UBL.BE."""

    def party(one: Party | None, *, trader: bool) -> Party | None:
        if one is None:
            return None
        kept = [pair for pair in one.identifiers if pair[0] is None]
        kept += [pair for pair in one.identifiers if pair[0] not in {None, "SEPA"}]
        name = one.name if trader or one.name else None
        return replace(
            one,
            name=name,
            legal_name=one.legal_name if trader else None,
            postbox=None,
            identifiers=tuple(kept),
            legal_id_scheme=one.legal_id_scheme if one.legal_id else None,
            endpoint_scheme=one.endpoint_scheme if one.endpoint_id else None,
        )

    communication = next((one.payment_id for one in of.payment_means if one.payment_id), None)
    mandate = next((one.mandate_id for one in of.payment_means if one.mandate_id), None)
    debited = next((n for n, one in enumerate(of.payment_means) if one.code in {"49", "59"}), 0)
    means = tuple(
        replace(
            one,
            payment_id=communication,
            mandate_id=mandate if number == debited else None,
            instruction_id=None,
            instruction_note=None,
            due_date=None,
            card_network=None,
        )
        for number, one in enumerate(of.payment_means)
    )
    delivered = replace(of.delivery, postbox=None) if of.delivery else None
    if delivered and not delivered.location_id:
        delivered = replace(delivered, location_scheme=None)
    supplier = party(of.supplier, trader=True)
    customer = party(of.customer, trader=True)
    assert supplier
    assert customer
    return replace(
        of,
        kind="credit_note" if of.type_code in CREDIT_NOTE_TYPES | {"261"} else "invoice",
        supplier=supplier,
        customer=customer,
        payee=party(of.payee, trader=False),
        tax_representative=party(of.tax_representative, trader=False),
        delivery=None if delivered in {None, Delivery()} else delivered,
        lines=tuple(
            replace(
                one,
                tax_name=None,
                tax_amount=None,
                unit_code=one.unit_code if one.quantity is not None else None,
                base_quantity_unit=one.base_quantity_unit if one.base_quantity is not None else None,
                price_discount=one.price_discount if one.gross_price is not None else None,
                standard_item_scheme=one.standard_item_scheme if one.standard_item_id else None,
                object_scheme=one.object_scheme if one.object_id else None,
                allowances_charges=tuple(
                    replace(each, tax_category=None, tax_percent=None, tax_name=None)
                    for each in one.allowances_charges
                ),
            )
            for one in of.lines
        ),
        tax_subtotals=tuple(replace(one, name=None) for one in of.tax_subtotals),
        allowances_charges=tuple(replace(one, tax_name=None) for one in of.allowances_charges),
        tax_point_date=of.tax_point_date if of.tax_subtotals else None,
        tax_point_code=of.tax_point_code if of.tax_subtotals else None,
        payment_means=tuple(dict.fromkeys(means)),
        settlement_discounts=(),
        software=None,
        attachments=tuple(
            replace(
                one,
                scheme=one.scheme if one.document_type_code == "130" else None,
                document_type_code="130" if one.document_type_code == "130" else None,
            )
            for one in of.attachments
            if one.document_type_code != "50"
        ),
        tax_currency=of.tax_currency if of.tax_total_in_tax_currency is not None else None,
        tax_total_in_tax_currency=of.tax_total_in_tax_currency if of.tax_currency else None,
    )


@pytest.mark.parametrize(
    ("old", "new", "reason", "element"),
    [
        (b"<ram:ID>2026/104</ram:ID>", b"", "missing", "ID"),
        (b'format="102">20261102<', b'format="102">2026-13-02<', "not_a_date", "IssueDateTime"),
        (
            b"<ram:GrandTotalAmount>111.00<",
            b"<ram:GrandTotalAmount>1e5<",
            "not_an_amount",
            "GrandTotalAmount",
        ),
        (b"<ram:LineTotalAmount>95.00<", b"<ram:LineTotalAmount>95,00<", "not_an_amount", "LineTotalAmount"),
    ],
)
def test_what_is_booked_must_be_readable_and_the_place_is_said(
    old: bytes, new: bytes, reason: str, element: str
) -> None:
    data = written(WHOLE)
    assert data.count(old) >= 1
    with pytest.raises(ubl.Unreadable) as refused:
        cii.read(data.replace(old, new, 1))
    assert refused.value.reason == reason
    assert refused.value.params["element"] == element


def test_what_nobody_books_is_left_out_and_remarked() -> None:
    read = cii.read(written(WHOLE).replace(b">20261030<", b">30 okt<"))
    assert read.delivery is not None
    assert read.delivery.actual_date is None
    [remark] = read.reading_remarks
    assert (remark.rule, remark.params["value"]) == ("not_a_date", "30 okt")


@pytest.mark.parametrize(
    "text", ['format="102">20261102', 'format="203">202611021530', ">2026-11-02", ">20261102"]
)
def test_days_are_read_in_each_form_that_is_around(text: str) -> None:
    data = (
        written(WHOLE)
        .replace(b'format="102">20261102', text.encode(), 1)
        .replace(b"String>20", b"String >20")
    )
    assert cii.read(data).issue_date == date(2026, 11, 2)


def test_lines_that_only_gather_others_do_not_count() -> None:
    data = written(WHOLE).replace(
        b"<ram:LineID>2</ram:LineID>",
        b"<ram:LineID>2</ram:LineID><ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>",
    )
    assert [line.id for line in cii.read(data).lines] == ["1"]


def test_zugferd_1_is_read_by_its_own_names() -> None:
    data = written(WHOLE)
    for old, new in (
        (
            b"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
            b"urn:ferd:CrossIndustryDocument:invoice:1p0",
        ),
        (b"CrossIndustryInvoice", b"CrossIndustryDocument"),
        (b"rsm:ExchangedDocumentContext", b"rsm:SpecifiedExchangedDocumentContext"),
        (b"rsm:ExchangedDocument>", b"rsm:HeaderExchangedDocument>"),
        (b"rsm:SupplyChainTradeTransaction", b"rsm:SpecifiedSupplyChainTradeTransaction"),
        (b"ApplicableHeaderTrade", b"ApplicableSupplyChainTrade"),
        (b"SpecifiedLineTrade", b"SpecifiedSupplyChainTrade"),
        (b"SettlementHeaderMonetarySummation", b"SettlementMonetarySummation"),
        (b"SettlementLineMonetarySummation", b"SettlementMonetarySummation"),
        (b"RateApplicablePercent", b"ApplicablePercent"),
    ):
        assert old in data
        data = data.replace(old, new)
    assert same(cii.read(data)) == same(WHOLE)


@pytest.mark.parametrize(
    ("old", "new", "rule", "element"),
    [
        (
            b"</ram:GrandTotalAmount>",
            b"</ram:GrandTotalAmount><ram:GrandTotalAmount>5</ram:GrandTotalAmount>",
            "UBL-TWICE",
            "GrandTotalAmount",
        ),
        (
            b"<ram:DuePayableAmount>",
            b'<ram:DuePayableAmount currencyID="USD">',
            "UBL-CURRENCIES",
            "InvoiceCurrencyCode",
        ),
    ],
)
def test_what_is_said_twice_or_in_two_currencies_is_doubted(
    old: bytes, new: bytes, rule: str, element: str
) -> None:
    found = {
        one.rule: one.params["element"] for one in cii.read(written(WHOLE).replace(old, new)).reading_remarks
    }
    assert found == {rule: element}


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + written(WHOLE)[39:],
        written(WHOLE)[:-5],
        b"",
        b"<" * 2000,
        written(WHOLE).replace(
            b"<ram:BuyerReference>", b"<ram:A>" * 70 + b"</ram:A>" * 70 + b"<ram:BuyerReference>"
        ),
    ],
    ids=["doctype", "cut off", "empty", "brackets", "deep"],
)
def test_nothing_hostile_is_read(data: bytes) -> None:
    with pytest.raises(ubl.Unreadable):
        cii.read(data)


@given(st.data())
def test_whatever_becomes_of_its_bytes_it_is_a_document_or_unreadable(data: st.DataObject) -> None:
    whole = written(WHOLE)
    at = data.draw(st.integers(0, len(whole) - 1))
    size = data.draw(st.integers(0, 40))
    changed = whole[:at] + data.draw(st.binary(max_size=20)) + whole[at + size :]
    try:
        read = cii.read(changed)
    except ubl.Unreadable:
        return
    ubl.read(ubl.write(read))


def test_the_schema_says_what_stands_at_the_wrong_place() -> None:
    found = cii.check(
        written(WHOLE).replace(b"<ram:TypeCode>380</ram:TypeCode>", b"<ram:Type>380</ram:Type>")
    )
    assert [one.rule for one in found if one.rule == "CII-XSD"]
    assert "{" not in "".join(one.text for one in found)
    assert isinstance(tree(written(WHOLE)), etree._Element)
