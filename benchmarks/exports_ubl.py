"""Writing and reading ten-line Belgian invoices, against lxml building and parsing the same.

Two hundred invoices that differ in names, numbers, quantities and prices take turns, so nothing is measured twice in
a row and what the reader remembers is what a real stream of invoices lets it remember. The two sides of a row take
turns, all invoices at a time.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from benchmarks import Row
from exports import ubl
from exports.model import Attachment, Document, Line, Party, PaymentMeans

AGGREGATE = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
BASIC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
INVOICES = 200
ROUNDS = 20


def invoice(seed: int, lines: int = 10) -> Document:
    """An invoice between two Belgian companies, valid in Peppol BIS Billing 3.0."""
    chance = random.Random(seed)
    day = date(2026, 1, 1) + timedelta(chance.randrange(330))
    items: list[Line] = []
    for position in range(1, lines + 1):
        percent, code = chance.choice([(Decimal(6), "01"), (Decimal(21), "03")])
        item = Line(
            id=str(position),
            quantity=Decimal(chance.randrange(1, 40)),
            unit_code="C62",
            net_amount=Decimal(0),
            name=f"Artikel {chance.randrange(10**6)}",
            price=Decimal(chance.randrange(100, 90000)) / 100,
            tax_category="S",
            tax_percent=percent,
            tax_name=code,
        )
        items.append(ubl_line(item))
    return ubl.totals(
        Document(
            kind="invoice",
            number=f"{day.year}/{chance.randrange(10**6):06d}",
            issue_date=day,
            due_date=day + timedelta(30),
            buyer_reference=f"K{chance.randrange(10**5)}",
            supplier=_party("Drukkerij De Zetel", "0202239951"),
            customer=_party(f"Bakkerij {chance.randrange(10**5)}", "0999000228"),
            payment_means=(
                PaymentMeans(
                    code="30", payment_id=f"{chance.randrange(10**10):012d}", account_id="BE68539007547034"
                ),
            ),
            payment_terms="30 dagen",
            lines=tuple(items),
        )
    )


def ubl_line(item: Line) -> Line:
    """The line with its net amount."""
    from msgspec.structs import replace

    return replace(item, net_amount=ubl.net_amount(item))


def _party(name: str, number: str) -> Party:
    return Party(
        name=name,
        legal_name=name + " bv",
        vat_id="BE" + number,
        legal_id=number,
        legal_id_scheme="0208",
        endpoint_id=number,
        endpoint_scheme="0208",
        street="Kerkstraat 12",
        city="Gent",
        postcode="9000",
        country="BE",
    )


# ---- the other side: the same tree with lxml, from the same document ---------------------------------------------


def build_with_lxml(document: Document) -> bytes:
    """The same invoice, element by element."""
    namespaces = {
        None: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
        "cac": AGGREGATE[1:-1],
        "cbc": BASIC[1:-1],
    }
    root = etree.Element("{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice", nsmap=namespaces)
    currency = {"currencyID": document.currency}

    def basic(parent: Any, name: str, value: object, attributes: dict[str, str] | None = None) -> None:
        etree.SubElement(parent, BASIC + name, attributes).text = str(value)

    def aggregate(parent: Any, name: str) -> Any:
        return etree.SubElement(parent, AGGREGATE + name)

    def category(parent: Any, name: str, code: object, belgian: object, percent: object) -> None:
        element = aggregate(parent, name)
        basic(element, "ID", code)
        if belgian is not None:
            basic(element, "Name", belgian)
        basic(element, "Percent", percent)
        basic(aggregate(element, "TaxScheme"), "ID", "VAT")

    basic(
        root, "CustomizationID", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    )
    basic(root, "ProfileID", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
    basic(root, "ID", document.number)
    basic(root, "IssueDate", document.issue_date.isoformat())
    if document.due_date is not None:
        basic(root, "DueDate", document.due_date.isoformat())
    basic(root, "InvoiceTypeCode", document.type_code)
    basic(root, "DocumentCurrencyCode", document.currency)
    basic(root, "BuyerReference", document.buyer_reference)
    for role, of in (
        ("AccountingSupplierParty", document.supplier),
        ("AccountingCustomerParty", document.customer),
    ):
        party = aggregate(aggregate(root, role), "Party")
        basic(party, "EndpointID", of.endpoint_id, {"schemeID": str(of.endpoint_scheme)})
        basic(aggregate(party, "PartyName"), "Name", of.name)
        address = aggregate(party, "PostalAddress")
        basic(address, "StreetName", of.street)
        basic(address, "CityName", of.city)
        basic(address, "PostalZone", of.postcode)
        basic(aggregate(address, "Country"), "IdentificationCode", of.country)
        scheme = aggregate(party, "PartyTaxScheme")
        basic(scheme, "CompanyID", of.vat_id)
        basic(aggregate(scheme, "TaxScheme"), "ID", "VAT")
        entity = aggregate(party, "PartyLegalEntity")
        basic(entity, "RegistrationName", of.legal_name)
        basic(entity, "CompanyID", of.legal_id, {"schemeID": str(of.legal_id_scheme)})
    for means in document.payment_means:
        element = aggregate(root, "PaymentMeans")
        basic(element, "PaymentMeansCode", means.code)
        basic(element, "PaymentID", means.payment_id)
        basic(aggregate(element, "PayeeFinancialAccount"), "ID", means.account_id)
    basic(aggregate(root, "PaymentTerms"), "Note", document.payment_terms)
    total = aggregate(root, "TaxTotal")
    basic(total, "TaxAmount", document.tax_total, currency)
    for of in document.tax_subtotals:
        element = aggregate(total, "TaxSubtotal")
        basic(element, "TaxableAmount", of.taxable_amount, currency)
        basic(element, "TaxAmount", of.tax_amount, currency)
        category(element, "TaxCategory", of.category, of.name, of.percent)
    sums = aggregate(root, "LegalMonetaryTotal")
    basic(sums, "LineExtensionAmount", document.line_extension, currency)
    basic(sums, "TaxExclusiveAmount", document.tax_exclusive, currency)
    basic(sums, "TaxInclusiveAmount", document.tax_inclusive, currency)
    basic(sums, "PayableAmount", document.payable, currency)
    for of in document.lines:
        element = aggregate(root, "InvoiceLine")
        basic(element, "ID", of.id)
        basic(element, "InvoicedQuantity", of.quantity, {"unitCode": str(of.unit_code)})
        basic(element, "LineExtensionAmount", of.net_amount, currency)
        item = aggregate(element, "Item")
        basic(item, "Name", of.name)
        category(item, "ClassifiedTaxCategory", of.tax_category, of.tax_name, of.tax_percent)
        basic(aggregate(element, "Price"), "PriceAmount", of.price, currency)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


# ---- measuring ---------------------------------------------------------------------------------------------------


def _ratio(ours: Callable[[Any], object], theirs: Callable[[Any], object], subjects: Sequence[Any]) -> float:
    """How many times the rate of theirs ours has: the median of rounds over all subjects."""
    ratios: list[float] = []
    for round_ in range(ROUNDS + 1):
        seconds: list[float] = []
        for work in (ours, theirs):
            start = time.perf_counter()
            for subject in subjects:
                work(subject)
            seconds.append(time.perf_counter() - start)
        if round_:  # the first warms up
            ratios.append(seconds[1] / seconds[0])
    return statistics.median(ratios)


def run() -> list[Row]:
    """The rows of this table."""
    documents = [invoice(seed) for seed in range(INVOICES)]
    files = [ubl.write(one) for one in documents]
    if files != [
        build_with_lxml(one).replace(b"<?xml version='1.0' encoding='UTF-8'?>", files[0][:38])
        for one in documents
    ]:
        raise AssertionError("the two sides do not write the same")
    pdf = Attachment(
        id="1", filename="1.pdf", mime_code="application/pdf", content=random.Random(1).randbytes(100_000)
    )
    with_pdf = [ubl.write(_with(one, pdf)) for one in documents[:40]]
    return [
        Row(
            "write a 10-line invoice",
            "lxml building the same tree",
            _ratio(ubl.write, build_with_lxml, documents),
            "≥ 15",
        ),
        Row(
            "read a 10-line invoice fully",
            "lxml.etree.fromstring",
            _ratio(ubl.read, etree.fromstring, files),
            "≥ 0.5",
        ),
        Row(
            "the same with a PDF of 100 kB",
            "lxml.etree.fromstring",
            _ratio(ubl.read, etree.fromstring, with_pdf),
            "≥ 0.5",
        ),
    ]


def _with(document: Document, attachment: Attachment) -> Document:
    from msgspec.structs import replace

    return replace(document, attachments=(attachment,))
