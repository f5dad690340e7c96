"""What the reader makes of the files that are out there."""

import base64
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from exports import ubl
from exports.model import AllowanceCharge, Attachment, PaymentMeans, SettlementDiscount
from tests.exports.ubl.samples import credit_note, file, invoice, line

VAT_ID = "<cbc:CompanyID>BE0000000196</cbc:CompanyID>"
TAX_TOTAL = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount>'


def test_every_value_comes_back_as_it_was_written() -> None:
    document = invoice()
    read = ubl.read(ubl.write(document))
    assert replace(read, customization_id=None, profile_id=None) == document


def test_the_given_vat_is_kept_however_wrong() -> None:
    read = ubl.read(file((TAX_TOTAL, TAX_TOTAL.replace("21.00", "20.50"))))
    assert read.tax_total == Decimal("20.50")
    assert read.tax_subtotals[0].tax_amount == Decimal("21.00")


def test_signs_of_a_negative_credit_note_are_kept() -> None:
    document = credit_note(line("100", quantity="-1"))
    read = ubl.read(ubl.write(document))
    assert (read.kind, read.payable, read.lines[0].quantity) == (
        "credit_note",
        Decimal("-121.00"),
        Decimal(-1),
    )


@pytest.mark.parametrize("prefixes", [("a", "b"), ("cbc", "cac"), ("ns0", "ns1")])
def test_prefixes_do_not_matter(prefixes: tuple[str, str]) -> None:
    swapped = (
        file()
        .replace(b"cac:", b"\x01:")
        .replace(b"cbc:", b"\x02:")
        .replace(b"xmlns:cac", b"xmlns:\x01")
        .replace(b"xmlns:cbc", b"xmlns:\x02")
        .replace(b"\x01", prefixes[0].encode())
        .replace(b"\x02", prefixes[1].encode())
    )
    assert ubl.read(swapped) == ubl.read(file())


def test_a_namespace_may_be_the_default_of_every_single_element() -> None:
    basics = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    changed = file(("<cbc:ID>2026/17</cbc:ID>", f'<ID xmlns="{basics}">2026/17</ID>'))
    assert ubl.read(changed) == ubl.read(file())


def test_an_element_of_another_namespace_is_not_the_one_it_is_named_like() -> None:
    changed = file(
        ("<cbc:IssueDate>", '<x:DueDate xmlns:x="urn:other">2020-01-01</x:DueDate><cbc:IssueDate>'),
    )
    assert ubl.read(changed).due_date == date(2026, 12, 22)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15"]
)
def test_encodings_and_byte_order_marks_do_not_matter(encoding: str) -> None:
    text = file(("Brood", "Pâté à l'ail")).decode()
    declared = encoding.removesuffix("-sig")
    data = text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding)
    assert ubl.read(data).lines[0].name == "Pâté à l'ail"


def test_latin_bytes_under_an_utf8_declaration_are_read_as_windows_text() -> None:
    assert ubl.read(file(("Brood", "Pâté")).decode().encode("cp1252")).lines[0].name == "Pâté"


def test_line_ends_comments_instructions_and_cdata_do_not_matter() -> None:
    changed = file(
        (
            "<cbc:ID>2026/17</cbc:ID>",
            "<!-- <cbc:ID>1</cbc:ID> -->\r\n<?pi x?>\r\n<cbc:ID ><![CDATA[2026/17]]></cbc:ID\n>\r\n",
        ),
        ("Brood", "A&amp;B &#x26; &#233; &lt;C&gt;"),
    )
    read = ubl.read(changed)
    assert read.number == "2026/17"
    assert read.lines[0].name == "A&B & é <C>"


def test_elements_nobody_foresaw_are_skipped_with_all_below_them() -> None:
    strange = (
        "<cac:Strange><cbc:ID>x</cbc:ID><cac:Party><cbc:ID>y</cbc:ID></cac:Party><cbc:Empty/></cac:Strange>"
    )
    changed = file(
        ("<cac:AccountingSupplierParty>", strange + "<cac:AccountingSupplierParty>"),
        (VAT_ID, VAT_ID + "<cbc:New>1</cbc:New>"),
    )
    assert ubl.read(changed) == ubl.read(file())


def test_an_old_file_has_its_due_date_and_communication_in_the_payment_means() -> None:
    """e-FFF: PaymentDueDate, InstructionID, a payment code of 1, a number of nine digits with dots, no EndpointID."""
    document = invoice(due_date=None, payment_means=(PaymentMeans(code="1", instruction_id="601611777874"),))
    data = file(
        ("<cbc:InstructionID>", "<cbc:PaymentDueDate>2026-12-01</cbc:PaymentDueDate><cbc:InstructionID>"),
        (
            '<cbc:CompanyID schemeID="0208">0000000196</cbc:CompanyID>',
            "<cbc:CompanyID>505.890.632</cbc:CompanyID>",
        ),
        ('<cbc:EndpointID schemeID="0208">0000000196</cbc:EndpointID>', ""),
        (VAT_ID, ""),
        document=document,
    )
    read = ubl.read(data)
    assert read.due_date == date(2026, 12, 1)
    assert read.structured_communication == "601611777874"
    assert read.supplier.company_numbers == (("BE", "0505890632"),)


@pytest.mark.parametrize("place", ["payment_id", "instruction_id"])
def test_the_structured_communication_is_found_in_both_places(place: str) -> None:
    text: dict[str, Any] = {place: "***123/4567/89002***"}
    means = PaymentMeans(code="30", account_id="BE68539007547034", **text)
    assert ubl.read(ubl.write(invoice(payment_means=(means,)))).structured_communication == "123456789002"


def test_a_cash_discount_in_the_style_of_ubl_be_is_read() -> None:
    terms = (
        "<cac:PaymentTerms><cbc:Note>2 % within 8 days</cbc:Note>"
        "<cbc:SettlementDiscountPercent>2</cbc:SettlementDiscountPercent>"
        '<cbc:Amount currencyID="EUR">2.00</cbc:Amount><cbc:PaymentDueDate>2026-11-30</cbc:PaymentDueDate></cac:PaymentTerms>'
    )
    read = ubl.read(file((TAX_TOTAL, terms + TAX_TOTAL)))
    assert read.payment_terms == "2 % within 8 days"
    assert read.settlement_discounts == (
        SettlementDiscount(percent=Decimal(2), amount=Decimal("2.00"), due_date=date(2026, 11, 30)),
    )


def test_amounts_of_four_decimals_and_fine_prices_are_kept() -> None:
    document = invoice(
        line("0.066112", quantity="1000", base_quantity=Decimal(1000), base_quantity_unit="C62")
    )
    read = ubl.read(ubl.write(document)).lines[0]
    assert (read.price, read.base_quantity) == (Decimal("0.066112"), Decimal(1000))
    changed = file(
        (
            '<cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount><cac:Item>',
            '<cbc:LineExtensionAmount currencyID="EUR">100.1234</cbc:LineExtensionAmount><cac:Item>',
        )
    )
    assert ubl.read(changed).lines[0].net_amount == Decimal("100.1234")


def test_a_price_discount_explains_the_price_and_changes_nothing_else() -> None:
    document = invoice(line("90.00", gross_price=Decimal("100.00"), price_discount=Decimal("10.00")))
    read = ubl.read(ubl.write(document)).lines[0]
    assert (read.net_amount, read.price_discount, read.allowances_charges) == (
        Decimal("90.00"),
        Decimal("10.00"),
        (),
    )


def test_absent_sums_of_old_files_are_derived_from_what_is_there() -> None:
    changed = file(
        ('<cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>', ""),
        ('<cbc:TaxInclusiveAmount currencyID="EUR">121.00</cbc:TaxInclusiveAmount>', ""),
    )
    read = ubl.read(changed)
    assert (read.tax_exclusive, read.tax_inclusive) == (Decimal("100.00"), Decimal("121.00"))


def test_vat_in_another_currency_stands_beside_the_documents_own() -> None:
    document = invoice(currency="USD", tax_currency="EUR", tax_total_in_tax_currency=Decimal("19.37"))
    read = ubl.read(ubl.write(document))
    assert (read.tax_total, read.tax_total_in_tax_currency) == (Decimal("21.00"), Decimal("19.37"))


def test_self_billing_is_known_by_its_type_or_its_specification() -> None:
    assert ubl.read(ubl.write(invoice(type_code="389"))).is_self_billing
    assert ubl.read(file(("poacc:billing:3.0", "poacc:selfbilling:3.0"))).is_self_billing
    assert not ubl.read(file()).is_self_billing


def test_several_notes_are_one_text() -> None:
    changed = file(
        (
            "<cbc:DocumentCurrencyCode>",
            "<cbc:Note>One</cbc:Note><cbc:Note> Two </cbc:Note><cbc:DocumentCurrencyCode>",
        )
    )
    assert ubl.read(changed).note == "One\nTwo"


class TestAttachments:
    def test_base64_may_hold_line_ends_and_lack_its_padding(self) -> None:
        content = b"%PDF-1.7 something that is not a multiple of three"
        text = base64.b64encode(content).decode()
        broken = "\n      " + "\r\n      ".join(text[at : at + 20] for at in range(0, len(text), 20)).rstrip(
            "="
        )
        document = invoice(
            attachments=(Attachment(id="A", filename="a.pdf", mime_code="application/pdf", content=content),)
        )
        assert ubl.read(file((text, broken), document=document)).attachments[0].decoded() == content

    def test_nameless_ones_get_a_name_from_their_id_and_content(self) -> None:
        document = invoice(
            attachments=(
                Attachment(id="2026/17", mime_code="application/octet-stream", content=b"%PDF-1.4"),
                Attachment(id="uren.csv", mime_code="text/csv", content=b"a;b"),
                Attachment(id="???", content=b"x"),
            )
        )
        names = [one.filename for one in ubl.read(ubl.write(document)).attachments]
        assert names == ["2026_17.pdf", "uren.csv", "attachment.bin"]

    def test_the_pdf_is_known_by_its_bytes_and_not_by_its_declared_type(self) -> None:
        document = invoice(
            attachments=(
                Attachment(id="1", filename="not.pdf", mime_code="application/pdf", content=b"GIF89a"),
                Attachment(id="2", filename="yes.bin", mime_code="image/png", content=b"%PDF-1.7"),
            )
        )
        pdf = ubl.read(ubl.write(document)).pdf
        assert pdf is not None
        assert pdf.filename == "yes.bin"

    def test_twenty_megabytes_are_read(self) -> None:
        content = b"%PDF-" + bytes(range(256)) * 80_000
        document = invoice(attachments=(Attachment(id="1", filename="big.pdf", content=content),))
        assert ubl.read(ubl.write(document)).attachments[0].decoded() == content

    def test_external_and_merely_named_documents_are_kept(self) -> None:
        attachments = (
            Attachment(id="1", external_uri="https://example.be/17.pdf", description="Hours"),
            Attachment(id="OBJ", document_type_code="130", scheme="ABT"),
        )
        assert ubl.read(ubl.write(invoice(attachments=attachments))).attachments == attachments


def test_allowances_and_charges_keep_every_field() -> None:
    both = (
        AllowanceCharge(
            is_charge=False,
            amount=Decimal("5.00"),
            base_amount=Decimal("100.00"),
            percent=Decimal(5),
            reason="Korting",
            reason_code="95",
            tax_category="S",
            tax_percent=Decimal(21),
            tax_name="03",
        ),
        AllowanceCharge(
            is_charge=True,
            amount=Decimal("0.07"),
            reason="Recupel",
            reason_code="AEO",
            tax_category="S",
            tax_percent=Decimal(21),
        ),
    )
    assert ubl.read(ubl.write(invoice(allowances_charges=both))).allowances_charges == both


@pytest.mark.parametrize(
    ("old", "new", "reason", "params"),
    [
        (
            "<cbc:IssueDate>2026-11-22<",
            "<cbc:IssueDate>22/11/2026<",
            "not_a_date",
            {"element": "IssueDate", "value": "22/11/2026"},
        ),
        (
            'Amount currencyID="EUR">121.00</cbc:Payable',
            'Amount currencyID="EUR">121,00</cbc:Payable',
            "not_an_amount",
            {"element": "PayableAmount", "value": "121,00"},
        ),
        ("<cbc:ID>2026/17</cbc:ID>", "", "missing", {"element": "cbc:ID"}),
        ("<cbc:IssueDate>2026-11-22</cbc:IssueDate>", "", "missing", {"element": "cbc:IssueDate"}),
    ],
)
def test_what_cannot_be_understood_says_what_and_why(
    old: str, new: str, reason: str, params: dict[str, str]
) -> None:
    with pytest.raises(ubl.Unreadable) as caught:
        ubl.read(file((old, new)))
    assert (caught.value.reason, caught.value.params) == (reason, params)


@pytest.mark.parametrize("prefix", ["", "<!-- a comment, so that lxml goes first -->\n"])
def test_the_line_of_a_wrong_value_is_named(prefix: str) -> None:
    pretty = file(("><", ">\n<"), ("100.00</cbc:TaxableAmount>", "1OO</cbc:TaxableAmount>"))
    data = pretty.replace(b"?>\n", b"?>\n" + prefix.encode(), 1)
    with pytest.raises(ubl.Unreadable) as caught:
        ubl.read(data)
    expected = next(number for number, text in enumerate(data.splitlines(), 1) if b"1OO" in text)
    assert caught.value.line == expected
