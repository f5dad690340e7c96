"""Builders of papers: UBL, CODA, PDF and ZIP made here, and handing them in as a browser would."""

import io
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from html import escape
from uuid import UUID

import pypdfium2

from exports import coda
from portal.features.dossiers.service import opening
from portal.features.intake.service import lookups, reception
from portal.features.intake.service.lookups import Upload
from portal.features.intake.service.reception import Incoming
from portal.kernel.actor import Actor
from tests.support.world import World

SUPPLIER = "0417497106"
CUSTOMER = "0202239951"
IBAN = "BE68539007547034"


def a_pdf(text: str = "Factuur", pages: int = 1) -> bytes:
    """A readable PDF; other text gives other bytes."""
    document = pypdfium2.PdfDocument.new()
    for number in range(pages):
        document.new_page(300 + number, 420)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue() + b"\n% " + text.encode() + b"\n"


def a_png() -> bytes:
    """A small picture."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (40, 60), "#0B5394").save(buffer, "PNG")
    return buffer.getvalue()


def _party(tag: str, name: str, number: str, country: str = "BE") -> str:
    vat = f"{country}{number}"
    return f"""<cac:{tag}><cac:Party><cbc:EndpointID schemeID="0208">{number}</cbc:EndpointID>
  <cac:PartyName><cbc:Name>{escape(name)}</cbc:Name></cac:PartyName>
  <cac:PostalAddress><cac:Country><cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
  <cac:PartyTaxScheme><cbc:CompanyID>{vat}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyLegalEntity><cbc:RegistrationName>{escape(name)}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:{tag}>"""


def a_ubl(
    *,
    supplier: str = SUPPLIER,
    customer: str = CUSTOMER,
    supplier_name: str = "Telecom NV",
    customer_name: str = "Bakkerij Peeters",
    number: str = "7205519",
    issued: str = "2026-10-30",
    net: str = "100.00",
    tax: str = "21.00",
    type_code: str | None = None,
    credit: bool = False,
    pdf: bytes | None = None,
    note: str = "",
) -> bytes:
    """An invoice (or credit note) of Peppol BIS 3 form between two Belgian numbers."""
    root, line, quantity = (
        ("CreditNote", "CreditNoteLine", "CreditedQuantity")
        if credit
        else ("Invoice", "InvoiceLine", "InvoicedQuantity")
    )
    code = type_code or ("381" if credit else "380")
    gross = str(Decimal(net) + Decimal(tax))
    attachment = (
        f"""<cac:AdditionalDocumentReference><cbc:ID>{number}</cbc:ID><cac:Attachment>
  <cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="{number}.pdf">{b64encode(pdf).decode()}</cbc:EmbeddedDocumentBinaryObject>
</cac:Attachment></cac:AdditionalDocumentReference>"""
        if pdf
        else ""
    )
    due = "" if credit else "<cbc:DueDate>2026-11-29</cbc:DueDate>"
    said = f"<cbc:Note>{escape(note)}</cbc:Note>" if note else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
<cbc:ID>{escape(number)}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>{due}
<cbc:{root}TypeCode>{code}</cbc:{root}TypeCode>{said}<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
{attachment}{_party("AccountingSupplierParty", supplier_name, supplier)}{_party("AccountingCustomerParty", customer_name, customer)}
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentID>+++090/9337/55493+++</cbc:PaymentID></cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount><cac:TaxSubtotal>
 <cbc:TaxableAmount currencyID="EUR">{net}</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount>
 <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>
</cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>
 <cbc:TaxExclusiveAmount currencyID="EUR">{net}</cbc:TaxExclusiveAmount>
 <cbc:TaxInclusiveAmount currencyID="EUR">{gross}</cbc:TaxInclusiveAmount>
 <cbc:PayableAmount currencyID="EUR">{gross}</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:{line}><cbc:ID>1</cbc:ID><cbc:{quantity} unitCode="C62">1</cbc:{quantity}>
 <cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>
 <cac:Item><cbc:Name>Lijn</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent>
 <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item>
 <cac:Price><cbc:PriceAmount currencyID="EUR">{net}</cbc:PriceAmount></cac:Price></cac:{line}>
</{root}>""".encode()


def a_coda(
    *,
    days: int = 1,
    first: int = 44,
    start: date = date(2026, 11, 2),
    old: str = "1000.00",
    amounts: Sequence[str] = ("250.00", "-100.50"),
    iban: str = IBAN,
    company_number: str | None = None,
    name: str = "Claes Dakwerken",
) -> bytes:
    """A CODA file of one account: so many days, each with these movements."""
    statements: list[coda.Statement] = []
    balance = Decimal(old)
    for day in range(days):
        made = coda.statement_of(
            account=coda.Account(iban),
            holder="Bakkerij Peeters",
            old_balance=balance,
            old_balance_date=start + timedelta(days=day - 1),
            date=start + timedelta(days=day),
            movements=[
                coda.movement_of(
                    Decimal(amount), start + timedelta(days=day), name=name, text=f"betaling {place}"
                )
                for place, amount in enumerate(amounts)
            ],
            coda_sequence=first + day,
            company_number=company_number,
        )
        assert made.new_balance is not None
        balance = made.new_balance
        statements.append(made)
    return coda.write(coda.File(tuple(statements)))


def a_zip(files: dict[str, bytes]) -> bytes:
    """A ZIP of these files; names are written as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


async def hand_in(
    world: World, actor: Actor, files: dict[str, bytes], dossier_id: UUID | None = None
) -> Upload:
    """Hand files in, let the worker look at them, and give what became of them."""
    incoming = [Incoming(name, len(data), io.BytesIO(data)) for name, data in files.items()]
    upload_id = await reception.hand_in(world.tools, actor, incoming, dossier_id=dossier_id)
    await world.run_jobs()
    return await results(world, actor, upload_id, dossier_id)


async def results(world: World, actor: Actor, upload_id: UUID, dossier_id: UUID | None = None) -> Upload:
    """What became of an upload, as its page shows it."""
    async with opening.reading_place(world.tools.database, actor, dossier_id) as (session, place):
        return await lookups.upload(session, actor, place.company_id, upload_id)
