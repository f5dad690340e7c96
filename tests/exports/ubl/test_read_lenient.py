"""What others write beside the rules: it is read as it is meant, and what is lost is said."""

import base64
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from exports import ubl
from exports.model import Attachment, Document, Party, PaymentMeans
from tests.exports.ubl.samples import SELLER, file, invoice, line

COMMENT = b"<!-- so that lxml goes first -->"
CURRENCY = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
TOTALS = "<cac:LegalMonetaryTotal>"
CATEGORY = "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>"


def read(*changes: tuple[str, str], document: Document | None = None) -> Document:
    """What both ways of reading give: they must agree, remarks and all."""
    data = file(*changes, document=document)
    document = ubl.read(data)
    assert ubl.read(data + COMMENT) == document
    again = ubl.read(ubl.write(document))
    apart = {"customization_id": None, "profile_id": None, "reading_remarks": ()}
    assert replace(again, **apart) == replace(document, **apart)
    return document


class TestCurrency:
    def test_it_is_the_payable_amounts_where_the_document_names_none(self) -> None:
        assert read((CURRENCY, ""), ('"EUR"', '"USD"')).currency == "USD"

    def test_it_is_the_vats_where_the_payable_amount_has_none_either(self) -> None:
        payable = '<cbc:PayableAmount currencyID="USD">'
        changes = ((CURRENCY, ""), ('"EUR"', '"USD"'), (payable, "<cbc:PayableAmount>"))
        assert read(*changes).currency == "USD"

    def test_it_is_the_documents_own_wherever_that_is_named(self) -> None:
        assert (
            read(('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="USD">')).currency
            == "EUR"
        )


def tax_total(amount: str, percent: str, *, scheme: str = "VAT", currency: str = "EUR") -> str:
    of = f'currencyID="{currency}"'
    return (
        f"<cac:TaxTotal><cbc:TaxAmount {of}>{amount}</cbc:TaxAmount><cac:TaxSubtotal>"
        f"<cbc:TaxableAmount {of}>10</cbc:TaxableAmount><cbc:TaxAmount {of}>{amount}</cbc:TaxAmount>"
        f"<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{percent}</cbc:Percent>"
        f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>"
    )


class TestTaxes:
    def test_totals_of_one_currency_are_added_and_their_subtotals_kept(self) -> None:
        document = read((TOTALS, tax_total("0.60", "6") + TOTALS))
        assert document.tax_total == Decimal("21.60")
        assert [one.percent for one in document.tax_subtotals] == [21, 6]
        assert document.tax_total_in_tax_currency is None

    def test_a_total_of_another_currency_stays_apart(self) -> None:
        document = read(
            (CURRENCY, CURRENCY + "<cbc:TaxCurrencyCode>USD</cbc:TaxCurrencyCode>"),
            (
                TOTALS,
                '<cac:TaxTotal><cbc:TaxAmount currencyID="USD">25</cbc:TaxAmount></cac:TaxTotal>' + TOTALS,
            ),
        )
        assert (document.tax_total, document.tax_total_in_tax_currency) == (Decimal("21.00"), Decimal(25))

    def test_a_total_of_another_currency_names_the_tax_currency_where_nothing_else_does(self) -> None:
        total = '<cac:TaxTotal><cbc:TaxAmount currencyID="USD">25</cbc:TaxAmount></cac:TaxTotal>'
        assert read((TOTALS, total + TOTALS)).tax_currency == "USD"

    def test_a_total_of_another_tax_is_no_vat(self) -> None:
        document = read((TOTALS, tax_total("3.00", "30", scheme="EXC") + TOTALS))
        assert (document.tax_total, len(document.tax_subtotals)) == (Decimal("21.00"), 1)

    @pytest.mark.parametrize("scheme", ["VAT", "vat", "BTW", "TVA", "MwSt", "GST", "0"])
    def test_vat_goes_by_several_names(self, scheme: str) -> None:
        renamed = read(("<cac:TaxScheme><cbc:ID>VAT<", f"<cac:TaxScheme><cbc:ID>{scheme}<"))
        assert renamed.lines[0].tax_category == "S"
        assert renamed.tax_subtotals == invoice().tax_subtotals

    def test_the_category_of_an_item_is_the_one_of_vat(self) -> None:
        excise = (
            "<cac:ClassifiedTaxCategory><cbc:ID>X</cbc:ID><cbc:Name>beer</cbc:Name><cbc:Percent>3</cbc:Percent>"
            "<cac:TaxScheme><cbc:ID>EXC</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>"
        )
        for changed in (excise + CATEGORY, CATEGORY.replace("<cac:", excise + "<cac:", 1)):
            one = read((CATEGORY, changed)).lines[0]
            assert (one.tax_category, one.tax_percent, one.tax_name) == ("S", 21, None)
        behind = "</cac:ClassifiedTaxCategory>"
        assert read((behind, behind + excise)).lines == invoice().lines

    def test_an_item_with_another_tax_only_has_no_vat_category(self) -> None:
        two = invoice(line(), line("50"))
        data = ubl.write(two).decode()
        at = data.rindex("<cac:TaxScheme><cbc:ID>VAT")
        document = ubl.read((data[:at] + data[at:].replace("VAT", "EXC", 1)).encode())
        assert [one.tax_category for one in document.lines] == ["S", None]


class TestPrices:
    def test_a_surcharge_in_a_price_is_a_negative_discount(self) -> None:
        price = "</cbc:PriceAmount>"
        surcharge = (
            "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
            '<cbc:Amount currencyID="EUR">7</cbc:Amount><cbc:BaseAmount currencyID="EUR">93</cbc:BaseAmount>'
            "</cac:AllowanceCharge>"
        )
        one = read((price, price + surcharge)).lines[0]
        assert (one.price_discount, one.gross_price) == (Decimal(-7), Decimal(93))
        discount = surcharge.replace("true", "false")
        assert read((price, price + discount)).lines[0].price_discount == Decimal(7)


class TestTexts:
    def test_repeated_descriptions_and_notes_of_a_line_are_joined(self) -> None:
        quantity = '<cbc:InvoicedQuantity unitCode="C62">'
        one = read(
            (quantity, "<cbc:Note>A</cbc:Note><cbc:Note>B</cbc:Note>" + quantity),
            (
                "<cac:Item>",
                "<cac:Item><cbc:Description>C</cbc:Description><cbc:Description>D</cbc:Description>",
            ),
            document=invoice(line(), line("50")),
        ).lines[1]
        assert (one.note, one.description) == ("A\nB", "C\nD")

    def test_a_postbox_and_an_instruction_note_are_kept(self) -> None:
        document = read(
            ("<cac:PostalAddress>", "<cac:PostalAddress><cbc:Postbox>5467</cbc:Postbox>"),
            ("<cbc:PaymentID>", "<cbc:InstructionNote>123456789002</cbc:InstructionNote><cbc:PaymentID>"),
            ("+++123/4567/89002+++", "other words"),
        )
        assert document.supplier.postbox == "5467"
        assert document.payment_means[0].instruction_note == "123456789002"
        assert document.structured_communication == "123456789002"


class TestRemarks:
    @pytest.mark.parametrize(
        ("old", "new", "rule", "element", "value"),
        [
            ("<cbc:DueDate>2026-12-22<", "<cbc:DueDate>2026-02-30<", "not_a_date", "DueDate", "2026-02-30"),
            ('unitCode="C62">1<', 'unitCode="C62">one<', "not_an_amount", "InvoicedQuantity", "one"),
            ("<cbc:Percent>21<", "<cbc:Percent>21%<", "not_an_amount", "Percent", "21%"),
            (
                ">100.00</cbc:PriceAmount>",
                ">100 EUR</cbc:PriceAmount>",
                "not_an_amount",
                "PriceAmount",
                "100 EUR",
            ),
        ],
    )
    def test_a_wrong_value_nobody_needs_is_left_out_and_said(
        self, old: str, new: str, rule: str, element: str, value: str
    ) -> None:
        document = read((old, new))
        first = document.reading_remarks[0]
        assert (first.rule, first.severity, first.params["value"]) == (rule, "warning", value)
        assert first.location.endswith(element)
        assert int(first.params["line"]) > 0
        assert document.payable == Decimal("121.00")

    def test_what_is_left_out_is_none(self) -> None:
        document = read(
            ("<cbc:DueDate>2026-12-22<", "<cbc:DueDate>22.12.2026<"),
            ('unitCode="C62">1<', 'unitCode="C62">one<'),
        )
        assert document.due_date is None
        assert document.lines[0].quantity is None
        assert [one.params["element"] for one in document.reading_remarks] == ["DueDate", "InvoicedQuantity"]

    def test_an_invoice_without_faults_has_no_remarks(self) -> None:
        assert read().reading_remarks == ()

    def test_an_attachment_that_cannot_be_decoded_is_only_named(self) -> None:
        document = invoice(
            attachments=(
                Attachment(id="A", filename="a.pdf", mime_code="application/pdf", content=b"%PDF-1.7"),
            )
        )
        encoded = base64.b64encode(b"%PDF-1.7").decode()
        broken = read((encoded, "!!!" + encoded), document=document)
        assert [(one.id, one.content) for one in broken.attachments] == [("A", None)]
        assert [one.rule for one in broken.reading_remarks] == ["not_base64"]

    def test_a_data_uri_is_decoded(self) -> None:
        document = invoice(
            attachments=(
                Attachment(id="A", filename="a.pdf", mime_code="application/pdf", content=b"%PDF-1.7"),
            )
        )
        encoded = base64.b64encode(b"%PDF-1.7").decode()
        decoded = read((encoded, "data:application/pdf;base64," + encoded), document=document)
        assert decoded.attachments == document.attachments
        assert decoded.reading_remarks == ()

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<cbc:IssueDate>2026-11-22<", "<cbc:IssueDate>2026-02-30<"),
            (">121.00</cbc:PayableAmount>", ">121,00</cbc:PayableAmount>"),
            (">121.00</cbc:TaxInclusiveAmount>", ">x</cbc:TaxInclusiveAmount>"),
            (">21.00</cbc:TaxAmount>", ">x</cbc:TaxAmount>"),
            (">100.00</cbc:TaxableAmount>", ">x</cbc:TaxableAmount>"),
            (">100.00</cbc:LineExtensionAmount><cac:Item>", ">x</cbc:LineExtensionAmount><cac:Item>"),
        ],
    )
    def test_what_counts_must_be_right(self, old: str, new: str) -> None:
        with pytest.raises(ubl.Unreadable):
            ubl.read(file((old, new)))

    def test_a_wrong_date_of_a_preceding_invoice_is_only_remarked(self) -> None:
        supplier = "<cac:AccountingSupplierParty>"
        reference = (
            "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>7</cbc:ID><cbc:IssueDate>yesterday</cbc:IssueDate>"
            "</cac:InvoiceDocumentReference></cac:BillingReference>"
        )
        document = read((supplier, reference + supplier))
        assert document.billing_references[0].issue_date is None
        assert document.issue_date == date(2026, 11, 22)
        assert len(document.reading_remarks) == 1


class TestAttributes:
    @pytest.mark.parametrize("space", ["\n", "\t", "\r\n", "&#10;", "&#9;", "&#13;"])
    def test_white_space_in_an_attribute_is_a_blank(self, space: str) -> None:
        document = read(('unitCode="C62"', f'unitCode=" C{space}62{space}"'))
        assert document.lines[0].unit_code in {"C 62", "C  62"}

    def test_a_name_with_line_ends_comes_back_without_them(self) -> None:
        named = Attachment(id="A", filename="a\nb\t.pdf", mime_code="application/pdf", content=b"%PDF-1.7")
        data = ubl.write(
            invoice(
                line(unit_code="C\n62"),
                attachments=(named,),
                payment_means=(PaymentMeans(code="1", text="a\nb"),),
            )
        )
        assert b'"a b .pdf"' in data
        assert b'"C 62"' in data
        assert ubl.read(data) == ubl.read(data + COMMENT)

    def test_a_carriage_return_by_reference_is_a_line_end(self) -> None:
        assert read(("Brood", "a&#13;b&#13;")).lines[0].name == "a\nb"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("ISO8859-1", "latin-1"), ("ISO_8859-1", "latin-1"), ("l1", "latin-1"), ("latin-1", "latin-1"),
        ("IBM850", "cp850"), ("cp850", "cp850"), ("cp437", "cp437"), ("macintosh", "mac-roman"),
        ("ISO-8859-8", "ascii"), ("ANSI_X3.4-1968", "ascii"), ("ISO_8859-15", "iso8859-15"), ("Latin-9", "iso8859-15"),
        ("csISOLatin1", "latin-1"), ("windows1252", "cp1252"), ("x-cp1252", "cp1252"), ("KOI8-R", "ascii"),
    ],
)  # fmt: skip
def test_encodings_go_by_all_their_names(declared: str, codec: str) -> None:
    name = "Pate" if codec == "ascii" else "Pâté"
    data = file(("Brood", name)).decode().replace('"UTF-8"', f'"{declared}"').encode(codec)
    assert ubl.read(data).lines[0].name == name


def test_every_encoding_that_is_taken_is_ascii_below_128() -> None:
    from exports.ubl.encodings import ENCODINGS

    plain = bytes(range(128))
    for codec in set(ENCODINGS.values()):
        assert plain.decode(codec) == plain.decode("ascii"), codec


def test_a_party_of_a_postbox_is_written_in_the_order_of_the_schema() -> None:
    party: Party = replace(SELLER, postbox="12")
    data = ubl.write(invoice(supplier=party))
    assert not [one for one in ubl.check(data, profile="en16931") if one.severity == "fatal"]
