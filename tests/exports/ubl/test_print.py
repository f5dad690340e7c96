"""The invoice for people: everything on it, nothing of it executable, and a PDF with the UBL inside."""

import gettext
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pypdf
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Template
from lxml import html
from msgspec.structs import replace

from exports import pdf, ubl
from exports.model import AllowanceCharge, Delivery, Document, DocumentReference
from tests.exports.ubl.samples import BUYER, SELLER, credit_note, in_category, invoice, line
from themes.assets import Assets
from themes.environment import TEMPLATES, create_environment

NOW = datetime(2026, 11, 22, tzinfo=UTC)


LOCALE = Path(__file__).resolve().parents[3] / "portal" / "locale"
LANGUAGES = ["nl", "fr", "de", "en"]


@lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The portal's own words: English is the language of the source."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (LOCALE / language / "LC_MESSAGES" / "portal.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@pytest.fixture(params=["en"])
def template(request: pytest.FixtureRequest) -> Template:
    return in_language(request.param)


def in_language(language: str) -> Template:
    environment = create_environment(
        assets=cast("Assets", lambda name: name),
        translations=catalogue(language),
        language=lambda: language,
        now=lambda: NOW,
    )
    return environment.get_template("print/invoice.html")


def shown(template: Template, document: Document, **more: Any) -> str:
    return template.render(invoice=document, **({"language": "en", "logo": None, "colour": "#0B5394"} | more))


def words(page: str) -> str:
    return " ".join(html.fromstring(page).body.text_content().split())


FULL = invoice(
    line("10.50", quantity="2.5", unit_code="HUR", name="Advies", description="Ter plaatse", note="Met Jan"),
    line("0.0661", quantity="100", name="Schroeven", percent="6"),
    line("50.00", quantity="1", allowances_charges=(AllowanceCharge(is_charge=True, amount=Decimal("0.07"), reason="Recupel"),)),
    allowances_charges=(
        AllowanceCharge(is_charge=False, amount=Decimal("5.00"), percent=Decimal(5), reason="Vaste klant", tax_category="S", tax_percent=Decimal(21)),
    ),
    note="Bedankt!",
    prepaid=Decimal("20.00"),
    payment_terms="30 dagen",
    order_reference="PO-9",
    delivery=Delivery(actual_date=date(2026, 11, 20)),
)  # fmt: skip


def test_everything_a_belgian_invoice_must_say_is_on_it(template: Template) -> None:
    text = words(shown(template, FULL))
    for part in (
        "Invoice 2026/17",
        "Bakkerij Zonder Naam BV", "Kerkstraat 1", "9000 Gent", "VAT BE0000000196",
        "Client Sans Nom SRL", "5000 Namur", "VAT BE0000000295",
        "22 Nov 2026", "22 Dec 2026", "20 Nov 2026", "PO-9", "K12",
        "Advies", "Ter plaatse", "Met Jan", "2.5 h", "10.50", "€26.25",
        "0.0661", "6 %", "21 %", "of which Recupel: €0.07",
        "Vaste klant (5 %)", "-€5.00",
        "Bedankt!", "30 dagen",
        "BE68 5390 0754 7034", "+++123/4567/89002+++",
        "Already paid", "-€20.00", "To pay",
    ):  # fmt: skip
        assert part in text, part
    for amount in (FULL.tax_exclusive, FULL.tax_total, FULL.tax_inclusive, FULL.payable):
        assert f"€{amount:.2f}" in text


def test_a_credit_note_says_what_it_is_about_and_asks_for_no_payment(template: Template) -> None:
    text = words(shown(template, credit_note(billing_references=(DocumentReference(number="2026/16"),))))
    assert "Credit note 2026/17" in text
    assert "2026/16" in text
    assert "To your credit" in text
    assert "To pay" not in text
    assert "BE68" not in text


def test_reverse_charge_and_self_billing_are_mentioned(template: Template) -> None:
    assert "Reverse charge" in words(shown(template, invoice(in_category("45"))))
    assert "Issued by the customer" in words(shown(template, invoice(type_code="389")))


def test_the_given_amounts_are_shown_and_not_ones_computed_here(template: Template) -> None:
    text = words(shown(template, replace(FULL, tax_total=Decimal("7.77"), payable=Decimal("8.88"))))
    assert "€7.77" in text
    assert "€8.88" in text


def test_texts_of_strangers_are_escaped(template: Template) -> None:
    evil = '<script>alert("1")</script>'
    party = replace(SELLER, name=evil, legal_name=evil, street="<img src=x>", vat_id="<b>")
    page = shown(
        template, invoice(line(name=evil, note=evil), supplier=party, customer=party, note=evil, number=evil)
    )
    assert evil in words(page)
    assert not html.fromstring(page).xpath("//script | //img | //b")


def test_a_document_with_next_to_nothing_is_shown(template: Template) -> None:
    bare = replace(
        invoice(),
        supplier=replace(SELLER, name=None, legal_name=None, vat_id=None),
        lines=(),
        tax_subtotals=(),
        payment_means=(),
        due_date=None,
    )
    assert "2026/17" in words(shown(template, bare))


@pytest.mark.parametrize(("template", "price", "day"), [("nl", "€ 1.234,50", "22 nov 2026"), ("fr", "1 234,50 €", "22 nov. 2026"), ("de", "1.234,50 €", "22.11.2026"), ("en", "€1,234.50", "22 Nov 2026")], indirect=["template"])  # fmt: skip
def test_numbers_and_dates_are_the_readers(template: Template, price: str, day: str) -> None:
    text = words(shown(template, invoice(line("1234.50"))).replace("\u202f", " ").replace("\xa0", " "))
    assert price in text
    assert day in text


@pytest.mark.corpus
def test_every_document_of_others_can_be_shown(template: Template, corpus: Any) -> None:
    seen = 0
    for path in sorted((corpus / "ubl").rglob("*.xml")):
        try:
            document = ubl.read(path.read_bytes())
        except ubl.Unreadable:
            continue
        assert document.number in words(shown(template, document)) or "  " in document.number, path
        seen += 1
    assert seen >= 100


#: What each document must show beside values, as the template's source has it.
ON_EVERY_INVOICE = ["Date", "Due date", "Delivered on", "Your reference", "Order", "From", "To", "Description", "Quantity",
    "Price", "VAT", "Amount", "Taxable", "Total without VAT", "Total with VAT", "Already paid", "Account", "Communication",
    "To pay"]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invoice_speaks_the_readers_language_in_every_word(language: str) -> None:
    text = words(shown(in_language(language), FULL, language=language))
    known = catalogue(language)
    for message in ON_EVERY_INVOICE:
        assert known.gettext(message) in text, message
    assert f"{known.gettext('Invoice')} 2026/17" in text
    expected = known.gettext("of which %(reason)s: %(amount)s").partition("%(amount)s")[0]
    assert " ".join((expected % {"reason": "Recupel"}).split()) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_credit_note_speaks_the_readers_language(language: str) -> None:
    document = credit_note(in_category("45"), billing_references=(DocumentReference(number="2026/16"),))
    text = words(shown(in_language(language), document, language=language))
    known = catalogue(language)
    for message in ("Credit note", "To your credit", "About invoice", "Reverse charge"):
        assert known.gettext(message) in text, message


@pytest.mark.parametrize("language", ["nl", "fr", "de"])
def test_every_word_of_the_print_template_is_in_the_catalogue(language: str) -> None:
    source = (TEMPLATES / "print" / "invoice.html").read_text()
    messages = set(re.findall(r"_\(\"([^\"]+)\"\)", source))
    assert len(messages) > 30
    known = catalogue(language)
    words_alike = {"Description", "Date", "Contract", "Project", "Quantity", "BIC", "Communication", "Order"}
    missing = {one for one in messages if known.gettext(one) == one}
    assert missing <= words_alike


def test_the_pdf_carries_the_ubl_and_is_the_same_twice(template: Template) -> None:
    page = shown(template, replace(FULL, customer=BUYER))
    file = pdf.EmbeddedFile(
        name="2026-17.xml", media_type="application/xml", data=ubl.write(FULL), description="UBL"
    )
    data = pdf.write(page, {}, attachments=(file,), created=NOW)
    assert data == pdf.write(page, {}, attachments=(file,), created=NOW)
    read = pypdf.PdfReader(BytesIO(data))
    assert "2026/17" in read.pages[0].extract_text()
    assert len(read.pages) == 1
    assert ubl.read(read.attachments["2026-17.xml"][0]).number == "2026/17"
