"""What the writer makes is valid by the official rules, and safe whatever the values are."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from msgspec.structs import replace

from exports import ubl
from exports.model import (
    AllowanceCharge,
    Attachment,
    Delivery,
    Document,
    DocumentReference,
    Party,
    PaymentMeans,
)
from exports.ubl import codes
from exports.ubl.check import close
from tests.exports.ubl.samples import BUYER, DAY, SELLER, credit_note, in_category, invoice, line


@pytest.fixture(scope="module", autouse=True)
def _rules_process() -> Iterator[None]:
    yield
    close()


def broken(document: Document) -> set[str]:
    """Fatal rules the written document breaks."""
    return {
        one.rule for one in ubl.check(ubl.write(document), profile="peppol-bis-3") if one.severity == "fatal"
    }


IN_EUROPE = replace(
    BUYER,
    vat_id="NL123456789B01",
    legal_id=None,
    legal_id_scheme=None,
    country="NL",
    endpoint_id="NL123456789B01",
    endpoint_scheme="9944",
)
ELSEWHERE = replace(IN_EUROPE, vat_id=None, country="US", endpoint_id="150483782", endpoint_scheme="0060")


@pytest.mark.parametrize("code", [one.code for one in codes.TAX_CODES])
@pytest.mark.parametrize("kind", [invoice, credit_note])
def test_every_belgian_code_makes_a_valid_document(code: str, kind: Any) -> None:
    known = codes.tax_code(code, DAY)
    assert known is not None
    made = in_category(code)
    if made.tax_percent is None and known.category == "S":
        made = replace(made, tax_percent=Decimal(21))
    parties: dict[str, Any] = {}
    if known.category == "K":
        parties = {"customer": IN_EUROPE, "delivery": Delivery(actual_date=DAY, country="NL")}
    elif known.category == "G":
        parties = {"customer": ELSEWHERE}
    elif known.category == "O":
        parties = {"supplier": replace(SELLER, vat_id=None), "customer": replace(BUYER, vat_id=None)}
    document = kind(made, **parties)
    assert broken(document) == set()
    assert ubl.read(ubl.write(document)).tax_subtotals[0].name == code


def test_all_rates_on_one_invoice_are_valid() -> None:
    document = invoice(
        *(line("33.33", percent=str(rate)) for rate in codes.rates(DAY) if rate),
        in_category("00"),
        in_category("NA"),
    )
    assert broken(document) == set()
    assert [(one.category, one.percent) for one in document.tax_subtotals] == [
        ("E", 0),
        ("S", 6),
        ("S", 12),
        ("S", 21),
        ("Z", 0),
    ]


@pytest.mark.parametrize("type_code", ["389", "261"])
def test_self_billing_documents_are_valid(type_code: str) -> None:
    make = invoice if type_code == "389" else credit_note
    assert broken(make(type_code=type_code)) == set()


def test_a_credit_note_keeps_its_due_date_where_the_schema_has_a_place() -> None:
    for means in ((), (PaymentMeans(code="30", account_id="BE68539007547034"),)):
        document = credit_note(
            payment_means=means, billing_references=(DocumentReference(number="2026/16", issue_date=DAY),)
        )
        assert broken(document) == set()
        assert ubl.read(ubl.write(document)).due_date == document.due_date


RECUPEL = AllowanceCharge(is_charge=True, amount=Decimal("0.07"), reason="Recupel", reason_code="AEO")


@pytest.mark.parametrize(
    "document",
    [
        invoice(line("10", quantity="12", allowances_charges=(replace(RECUPEL, amount=Decimal("0.84")),))),
        invoice(line("100"), line("4.50", tax_category="E", percent="0", tax_exemption_reason="Leeggoed")),
        invoice(line("90", gross_price=Decimal(100), price_discount=Decimal(10))),
        invoice(line("0.066112", quantity="1250", base_quantity=Decimal(1000), base_quantity_unit="C62")),
        invoice(line("100"), line("100", quantity="-1")),
        invoice(line(), prepaid=Decimal("121.00")),
        invoice(line(), prepaid=Decimal("21.00"), rounding=Decimal("0.02")),
        invoice(currency="USD", tax_currency="EUR", tax_total_in_tax_currency=Decimal("19.37")),
        invoice(
            allowances_charges=(
                AllowanceCharge(is_charge=False, amount=Decimal("5.00"), base_amount=Decimal("100.00"), percent=Decimal(5), reason="Korting", reason_code="95", tax_category="S", tax_percent=Decimal(21)),
                AllowanceCharge(is_charge=True, amount=Decimal("7.50"), reason="Transport", reason_code="FC", tax_category="S", tax_percent=Decimal(21)),
            )
        ),
        invoice(
            note="One\nTwo", tax_point_date=None, period_start=date(2026, 11, 1), period_end=date(2026, 11, 30), order_reference="PO1", sales_order_reference="SO1",
            despatch_reference="D1", receipt_reference="R1", originator_reference="T1", contract_reference="C1", project_reference="P1", accounting_cost="4025", payment_terms="30 dagen",
            payee=Party(name="Factor NV", legal_id="0000000394", legal_id_scheme="0208"), delivery=Delivery(actual_date=DAY, city="Gent", country="BE", party_name="Werf 3"),
        ),
        credit_note(
            note="One", tax_point_date=None, order_reference="PO1", despatch_reference="D1", receipt_reference="R1", originator_reference="T1", contract_reference="C1",
            project_reference="P1", payment_terms="30 dagen", period_start=date(2026, 11, 1), period_end=date(2026, 11, 30), due_date=None,
        ),
        invoice(
            line(
                note="n", description="d", accounting_cost="a", order_line_reference="3", object_id="o", object_scheme="ABT", period_start=DAY, period_end=DAY, seller_item_id="s", buyer_item_id="b",
                standard_item_id="5412345000013", standard_item_scheme="0160", origin_country="BE", classifications=(("STI", "9873242"),), properties=(("Kleur", "Rood & wit"),),
                allowances_charges=(AllowanceCharge(is_charge=False, amount=Decimal("1.00"), reason="Korting"),),
            )
        ),
        invoice(payment_means=(PaymentMeans(code="59", mandate_id="M1", debited_account_id="BE68539007547034"),)),
        invoice(payment_means=(PaymentMeans(code="48", card_number="************1234", card_holder="A. Peeters", card_network="VISA"),)),
    ],
    ids=["recupel", "deposit", "price discount", "fine price", "negative line", "prepaid", "rounding", "dollars", "allowances", "all references", "all references of a credit note", "full line", "direct debit", "card"],
)  # fmt: skip
def test_what_belgian_companies_send_is_valid_and_comes_back(document: Document) -> None:
    assert broken(document) == set()
    read = ubl.read(ubl.write(document))
    assert replace(read, customization_id=None, profile_id=None) == document


def test_the_case_of_the_business_expert_group_for_cash_discounts() -> None:
    """Lines of 200 at 6 % and 2400 at 21 %, 2 % discount: VAT 505.68, payable 3105.68, as the case has it."""
    document = ubl.cash_discount(
        invoice(line("200.00", percent="6"), line("2400.00")), Decimal(2), reason="Korting contant"
    )
    assert document.tax_total == Decimal("505.68")
    assert document.payable == Decimal("3105.68")
    assert [(one.category, one.taxable_amount) for one in document.tax_subtotals] == [
        ("E", Decimal("52.00")),
        ("S", Decimal("196.00")),
        ("S", Decimal("2352.00")),
    ]
    assert broken(document) == set()


def test_a_cash_discount_on_nothing_taxed_changes_nothing() -> None:
    document = invoice(in_category("45"))
    assert ubl.cash_discount(document, Decimal(2), reason="x") == document


def test_a_cash_discount_beside_a_deposit_makes_one_exempt_subtotal() -> None:
    deposit = line("4.50", tax_category="E", percent="0", tax_exemption_reason="Leeggoed")
    document = ubl.cash_discount(invoice(line(), deposit), Decimal(2), reason="Korting contant")
    assert [one.exemption_reason for one in document.tax_subtotals if one.category == "E"] == [
        "Leeggoed / Korting contant"
    ]
    assert broken(document) == set()


def test_vat_is_rounded_once_per_rate_and_not_per_line() -> None:
    document = invoice(*(line("0.13") for _ in range(3)))
    assert document.tax_total == Decimal("0.08")  # 0.39 × 21 % = 0.0819; per line it would be 0.09


def test_the_same_rate_written_differently_is_one_subtotal() -> None:
    document = invoice(line(percent="21"), line(percent="21.00"), line(percent="21.0"))
    assert len(document.tax_subtotals) == 1
    assert broken(document) == set()


class TestAttachments:
    def test_the_pdf_and_both_belgian_references_are_valid(self) -> None:
        for make, description in ((invoice, "CommercialInvoice"), (credit_note, "CreditNote")):
            document = ubl.with_pdf(make(), b"%PDF-1.7 x", filename="2026-17.pdf", software="Fidero")
            assert broken(document) == set()
            read = ubl.read(ubl.write(document))
            assert read.software == "Fidero"
            assert read.pdf is not None
            assert (read.pdf.description, read.pdf.filename) == (description, "2026-17.pdf")

    @pytest.mark.parametrize("size", [1, 2, 3, 3 * 64 * 1024 - 1, 3 * 64 * 1024 + 2])
    @pytest.mark.parametrize("at_a_time", [1000, 3 * 64 * 1024])
    def test_a_source_gives_the_same_as_content(self, size: int, at_a_time: int) -> None:
        content = bytes(range(256)) * (size // 256 + 1)

        class Slow(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                return super().read(min(size or at_a_time, at_a_time))

        one = Attachment(id="1", filename="a.pdf", mime_code="application/pdf", content=content[:size])
        other = replace(one, content=None, source=lambda: Slow(content[:size]))
        assert ubl.write(invoice(attachments=(one,))) == ubl.write(invoice(attachments=(other,)))

    def test_an_empty_source_makes_no_empty_element(self) -> None:
        one = Attachment(
            id="1", filename="a.pdf", mime_code="application/pdf", source=lambda: io.BytesIO(b"")
        )
        document = invoice(attachments=(one,))
        assert b"BinaryObject" not in ubl.write(document)
        assert broken(document) == set()

    @pytest.mark.parametrize(
        ("given", "filename", "mime_code"),
        [
            (Attachment(id="2026/17", content=b"%PDF-1.7"), "2026_17.pdf", "application/pdf"),
            (Attachment(id="1", filename="hours.CSV", content=b"a;b"), "hours.CSV", "text/csv"),
            (Attachment(id="foto", mime_code="image/png", content=b"\x89PNG"), "foto.png", "image/png"),
            (Attachment(id="1", source=lambda: io.BytesIO(b"%PDF-1.7")), "1.pdf", "application/pdf"),
            (
                Attachment(id="1", filename="\x00", mime_code=" ", content=b"?"),
                "1.bin",
                "application/octet-stream",
            ),
        ],
    )
    def test_a_missing_name_or_type_is_made_as_the_reader_makes_it(
        self, given: Attachment, filename: str, mime_code: str
    ) -> None:
        data = ubl.write(invoice(attachments=(given,)))
        assert f'mimeCode="{mime_code}" filename="{filename}"'.encode() in data
        if "octet" not in mime_code:
            assert not [one.rule for one in ubl.check(data) if one.severity == "fatal"]
        nameless = data.replace(f' mimeCode="{mime_code}" filename="{filename}"'.encode(), b"")
        assert ubl.read(nameless).attachments[0].filename is not None
        assert ubl.read(nameless).attachments[0].mime_code is not None

    def test_attachments_go_through_in_pieces(self) -> None:
        class Nowhere(io.RawIOBase):
            written = 0

            def write(self, data: Any) -> int:
                self.written += len(data)
                return len(data)

        out = Nowhere()
        document = invoice(
            attachments=(Attachment(id="1", filename="a.pdf", content=b"%PDF" + bytes(30_000_000)),)
        )
        tracemalloc.start()
        try:
            ubl.write_to(document, out)  # pyright: ignore[reportArgumentType] - what its types forbid is tried
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert out.written > 40_000_000
        assert peak < 3_000_000


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused_before_anything_is_written(value: str) -> None:
    out = io.BytesIO()
    with pytest.raises(ubl.Unwritable) as caught:
        ubl.write_to(replace(invoice(), payable=Decimal(value)), out)
    assert caught.value.reason == "not_a_number"
    assert out.getvalue() == b""


@pytest.mark.parametrize(
    ("fields", "element"),
    [
        ({"number": " "}, "cbc:ID"),
        ({"number": None}, "cbc:ID"),
        ({"currency": ""}, "cbc:DocumentCurrencyCode"),
        ({"issue_date": None}, "cbc:IssueDate"),
        ({"tax_total_in_tax_currency": Decimal(1)}, "cbc:TaxCurrencyCode"),
        ({"tax_total_in_tax_currency": Decimal(1), "tax_currency": "\x00"}, "cbc:TaxCurrencyCode"),
    ],
)
def test_a_document_without_what_no_file_can_be_without_is_refused(fields: Any, element: str) -> None:
    with pytest.raises(ubl.Unwritable) as caught:
        ubl.write(replace(invoice(), **fields))
    assert caught.value.reason == "missing"
    assert caught.value.params == {"element": element}


@pytest.mark.parametrize(
    "fields", [{"payable": None}, {"tax_total": None}, {"lines": (replace(line(), net_amount=None),)}]
)
def test_an_amount_that_is_none_is_refused(fields: Any) -> None:
    with pytest.raises(ubl.Unwritable) as caught:
        ubl.write(replace(invoice(), **fields))
    assert caught.value.reason == "not_a_number"


def test_an_unknown_kind_is_refused_everywhere() -> None:
    strange = replace(invoice(), kind="receipt")  # pyright: ignore[reportArgumentType] - what its types forbid is tried
    works = (
        lambda: ubl.write(strange),
        lambda: ubl.with_pdf(strange, b"%PDF-1.7", filename="a.pdf", software="x"),
    )
    for work in works:
        with pytest.raises(ubl.Unwritable) as caught:
            work()
        assert caught.value.reason == "unknown_kind"


def test_the_type_is_the_kinds_own_where_none_is_given() -> None:
    for kind, type_code in (("invoice", "380"), ("credit_note", "381")):
        document = replace(invoice(), kind=kind, type_code="")  # pyright: ignore[reportArgumentType] - what its types forbid is tried
        assert document.type_code == type_code
        assert broken(document) == set()
        bare = Document(kind=kind, number="1", issue_date=DAY, supplier=SELLER, customer=BUYER)  # pyright: ignore[reportArgumentType] - what its types forbid is tried
        assert bare.type_code == type_code
    assert b">380<" in ubl.write(replace(invoice(), type_code="\x00"))


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("1E-7", "0.0000001"), ("-0.00", "-0.00"), ("100.00", "100.00")]
)
def test_amounts_have_all_their_digits_and_no_exponent(value: str, text: str) -> None:
    document = replace(
        invoice(replace(line(), net_amount=Decimal(value), price=Decimal(value))), payable=Decimal(value)
    )
    written = ubl.write(document).decode()
    assert f'<cbc:PayableAmount currencyID="EUR">{text}<' in written
    assert f'<cbc:PriceAmount currencyID="EUR">{text}<' in written


HOSTILE = "<b>\"A\" & 'B'</b> ]]> \x00\x08\x0b\x1f\ufffe\uffff\ud800 é 😀 \u00a0 \r\n &amp; \ud83d\ude00"


def filled_texts(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Every field of a kind that is no date, filled."""
    return {name: "x" for name in kind.__struct_fields__ if not name.endswith("_date")}


def all_texts(value: str) -> Document:
    """A document with the value wherever a text may stand."""
    from exports import model

    def filled(of: Any) -> Any:
        fields: dict[str, Any] = {}
        for name in of.__struct_fields__:
            given = getattr(of, name)
            if name in {"kind", "currency", "source"}:
                continue
            if isinstance(given, str):
                fields[name] = value
            elif isinstance(given, model.Struct):
                fields[name] = filled(given)
            elif isinstance(given, tuple):
                fields[name] = tuple(
                    filled(one) if isinstance(one, model.Struct) else tuple(value for _ in one)
                    for one in given
                )
        return replace(of, **fields)

    texts = {name: "x" for name in Party.__struct_fields__ if name != "identifiers"}
    party = Party(identifiers=(("x", "x"),), **texts)
    full = line(
        **dict.fromkeys(("note", "description", "tax_name", "tax_exemption_reason", "tax_exemption_reason_code", "seller_item_id", "buyer_item_id", "standard_item_id",
        "standard_item_scheme", "origin_country", "accounting_cost", "order_line_reference", "object_id", "object_scheme", "base_quantity_unit"), "x"),
        classifications=(("x", "x"),), properties=(("x", "x"),), base_quantity=Decimal(1),
        allowances_charges=(AllowanceCharge(is_charge=True, amount=Decimal(1), reason="x", reason_code="x", tax_category="x", tax_name="x"),),
    )  # fmt: skip
    document = invoice(line(), full, supplier=party, customer=party, payee=party, tax_representative=party)
    return filled(
        replace(
            document,
            **dict.fromkeys(("buyer_reference", "order_reference", "note", "payment_terms", "software", "tax_currency", "contract_reference", "project_reference", "accounting_cost", "tax_point_code",
            "sales_order_reference", "despatch_reference", "receipt_reference", "originator_reference"), "x"),
            tax_total_in_tax_currency=Decimal(1),
            delivery=Delivery(**filled_texts(Delivery)),
            billing_references=(DocumentReference(number="x"),),
            attachments=(Attachment(id="x", filename="x", mime_code="x", description="x", scheme="x", document_type_code="x", external_uri="x", content=b"x"), Attachment(id="x", filename="x", mime_code="x")),
            payment_means=(PaymentMeans(**filled_texts(PaymentMeans)),),
        )
    )  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=20) | st.just(HOSTILE), st.sampled_from(["invoice", "credit_note"]))
def test_any_text_anywhere_gives_well_formed_xml_without_empty_elements(value: str, kind: Any) -> None:
    try:
        data = ubl.write(replace(all_texts(value), kind=kind))
    except ubl.Unwritable as error:
        assert error.reason == "missing"  # noqa: PT017 - a number of nothing but forbidden characters
        return
    root = etree.fromstring(data)
    empty = [one.tag for one in root.iter() if len(one) == 0 and not (one.text or "").strip(" \t\r\n")]
    assert [tag for tag in empty if "Accounting" not in tag] == []
    assert ubl.read(data) == ubl.read(data)


def test_texts_keep_everything_xml_allows() -> None:
    read = ubl.read(ubl.write(all_texts(HOSTILE)))
    kept = "<b>\"A\" & 'B'</b> ]]>  é 😀 \u00a0 \n &amp; 😀"
    assert read.lines[1].description == kept
    assert read.supplier.name == kept
    assert read.attachments[0].filename == kept.replace("\n", " ")  # XML has no line ends in attributes


def test_the_pieces_of_rates_and_codes_hold_on_their_days() -> None:
    assert codes.rates(date(2026, 11, 22)) == [0, 6, 12, 21]
    assert codes.rates(date(1980, 1, 1)) == [0, 6]
    assert codes.tax_code("45", date(2010, 1, 1)) is None
    assert codes.usual_tax_code("S", Decimal("12.00"), DAY) == "02"
    assert codes.usual_tax_code("S", Decimal(19), DAY) is None
    assert codes.usual_tax_code("AE", None, DAY) == "45"
