"""Makes the sample files: `python -m portal.demo.samples`.

UBL invoices and credit notes with and without their PDF, CODA, a receipt, a ZIP, a filled Excel list; and some that are refused.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from exports import coda, pdf, ubl
from exports.model import Delivery, Document, DocumentReference, Line, Party, PaymentMeans
from portal.demo.companies import (
    BAKKERIJ,
    BROUWERIJ,
    CLAES,
    FILES,
    FRITUUR,
    HOTEL,
    KOELTECHNIEK,
    LUMIERE,
    MADE,
    MAES,
    MOLENS,
    DemoCompany,
)
from portal.features.imports.domain.columns import Column
from portal.features.imports.service import workbooks

PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
FIXED = (1980, 1, 1, 0, 0, 0)


def party(company: DemoCompany) -> Party:
    """A demo company as an invoice names it."""
    return Party(
        name=company.name,
        legal_name=company.name,
        vat_id=company.vat_id,
        legal_id=company.number,
        legal_id_scheme="0208",
        endpoint_id=company.number,
        endpoint_scheme="0208",
        street=company.street,
        city=company.city,
        postcode=company.postcode,
        country="BE",
    )


def invoice(
    supplier: DemoCompany,
    customer: DemoCompany,
    number: str,
    day: date,
    lines: Sequence[tuple[str, str, str, int]],
    *,
    credited: str | None = None,
    ogm: str | None = None,
) -> Document:
    """An invoice, or a credit note on the invoice `credited`; lines are (text, quantity, price, VAT rate)."""
    made: list[Line] = []
    for index, (text, quantity, price, rate) in enumerate(lines, start=1):
        line = Line(
            id=str(index),
            name=text,
            quantity=Decimal(quantity),
            unit_code="C62",
            price=Decimal(price),
            net_amount=Decimal(0),
            tax_category="S",
            tax_percent=Decimal(rate),
            tax_name={6: "01", 12: "02", 21: "03"}[rate],
        )
        made.append(_with_net(line))
    document = Document(
        kind="credit_note" if credited else "invoice",
        type_code="381" if credited else "380",
        number=number,
        issue_date=day,
        due_date=None if credited else day + timedelta(days=30),
        supplier=party(supplier),
        customer=party(customer),
        currency="EUR",
        customization_id=PEPPOL,
        profile_id=BILLING,
        buyer_reference=customer.name,
        lines=tuple(made),
        billing_references=(DocumentReference(number=credited),) if credited else (),
        delivery=Delivery(actual_date=day),
        payment_means=(
            ()
            if credited
            else (
                PaymentMeans(
                    code="30",
                    payment_id=ogm,
                    account_id=supplier.iban or "BE71096123456769",
                    account_name=supplier.name,
                ),
            )
        ),
    )
    return ubl.totals(document)


def _with_net(line: Line) -> Line:
    from msgspec.structs import replace

    return replace(line, net_amount=ubl.net_amount(line))


def paper(document: Document) -> bytes:
    """The invoice as a PDF for a person."""
    title = "Creditnota" if document.kind == "credit_note" else "Factuur"
    rows = "".join(
        f"<tr><td>{line.name}</td><td>{line.quantity}</td><td>{line.price}</td><td>{line.tax_percent}%</td>"
        f"<td>{line.net_amount}</td></tr>"
        for line in document.lines
    )
    html = f"""<html lang="nl"><head><title>{title} {document.number}</title><style>
    @page {{ size: A4; margin: 22mm 18mm }}
    body {{ font: 10.5pt sans-serif; color: #1f2933 }} h1 {{ font-size: 20pt; margin: 14mm 0 4mm; color: #0b3954 }}
    .parties {{ display: flex; justify-content: space-between }} table {{ width: 100%; border-collapse: collapse; margin-top: 8mm }}
    th, td {{ text-align: right; padding: 2mm; border-bottom: .3mm solid #d6dde4 }} th:first-child, td:first-child {{ text-align: left }}
    .total {{ text-align: right; margin-top: 6mm; font-size: 12pt }} .total b {{ font-size: 15pt }}
    </style></head><body>
    <div class="parties"><div><b>{document.supplier.name}</b><br>{document.supplier.street}<br>{document.supplier.postcode}
    {document.supplier.city}<br>{document.supplier.vat_id}</div><div>{document.customer.name}<br>{document.customer.street}<br>
    {document.customer.postcode} {document.customer.city}<br>{document.customer.vat_id}</div></div>
    <h1>{title} {document.number}</h1><p>Datum: {document.issue_date:%d/%m/%Y}</p>
    <table><tr><th>Omschrijving</th><th>Aantal</th><th>Prijs</th><th>btw</th><th>Bedrag</th></tr>{rows}</table>
    <p class="total">Netto {document.tax_exclusive} EUR<br>btw {document.tax_total} EUR<br><b>Te betalen {document.payable} EUR</b></p>
    </body></html>"""
    return pdf.write(html, {}, created=MADE)


def receipt(shop: str, number: str, day: date, total: str) -> bytes:
    """A till receipt as a PDF."""
    html = f"""<html lang="nl"><head><title>{shop} {number}</title><style>@page {{ size: 80mm 120mm; margin: 6mm }}
    body {{ font: 9pt monospace }} h1 {{ font-size: 12pt }}</style></head><body><h1>{shop}</h1><p>Bon {number}<br>{day:%d/%m/%Y}</p>
    <p>Diesel 41,20 l<br>TOTAAL {total} EUR<br>waarvan btw 21%</p><p>Dank u, tot ziens.</p></body></html>"""
    return pdf.write(html, {}, created=MADE)


def statement(
    number: int, old: str, old_day: date, day: date, movements: Sequence[coda.Movement]
) -> coda.Statement:
    """A bank statement of the bakery."""
    return coda.statement_of(
        account=coda.Account(number=BAKKERIJ.iban, currency="EUR", extension="", structure="2"),
        holder=BAKKERIJ.name,
        old_balance=Decimal(old),
        old_balance_date=old_day,
        date=day,
        coda_sequence=number,
        bic=BAKKERIJ.bic,
        company_number=BAKKERIJ.number,
        description="Zichtrekening",
        movements=movements,
    )


def documents() -> dict[str, Document]:
    """The invoices of the samples by file name."""
    return {
        "aankoop-molens-2026-1042.xml": invoice(
            MOLENS,
            BAKKERIJ,
            "2026/1042",
            date(2026, 10, 6),
            [
                ("Tarwebloem T55, 25 kg", "40", "18.40", 6),
                ("Roggemeel, 25 kg", "12", "21.15", 6),
                ("Levering", "1", "35.00", 21),
            ],
            ogm="+++202/6104/20016+++",
        ),
        "aankoop-koeltechniek-F-889.xml": invoice(
            KOELTECHNIEK,
            BAKKERIJ,
            "F-889",
            date(2026, 10, 14),
            [("Onderhoud koelcel", "1", "245.00", 21), ("Koelmiddel R290", "2", "38.50", 21)],
        ),
        "creditnota-molens-CN-77.xml": invoice(
            MOLENS,
            BAKKERIJ,
            "CN-77",
            date(2026, 10, 21),
            [("Teruggave beschadigde zakken bloem", "3", "18.40", 6)],
            credited="2026/1042",
        ),
        "verkoop-hotel-V2026-031.xml": invoice(
            BAKKERIJ,
            HOTEL,
            "V2026-031",
            date(2026, 10, 30),
            [("Ontbijtbroodjes, oktober", "1240", "0.52", 6), ("Verjaardagstaart", "1", "64.00", 6)],
        ),
        "verkoop-creditnota-VC-004.xml": invoice(
            BAKKERIJ,
            HOTEL,
            "VC-004",
            date(2026, 10, 31),
            [("Ontbijtbroodjes te veel gerekend", "40", "0.52", 6)],
            credited="V2026-031",
        ),
        "aankoop-molens-2026-1101.xml": invoice(
            MOLENS, BAKKERIJ, "2026/1101", date(2026, 11, 3), [("Tarwebloem T55, 25 kg", "44", "18.60", 6)]
        ),
    }


def _lines_for_import() -> list[dict[str, str]]:
    def row(code: str, name: str, number: str, **more: str) -> dict[str, str]:
        return {Column.CODE.value: code, Column.NAME.value: name, Column.NUMBER.value: number, **more}

    return [
        row(
            "01204",
            BAKKERIJ.name,
            "0999.888.767",
            language="nl",
            contact="Els Peeters",
            email="els@bakkerij-peeters.example",
            vat_regime="quarterly",
            street=BAKKERIJ.street,
            postcode=BAKKERIJ.postcode,
            city=BAKKERIJ.city,
        ),
        row(
            "01377",
            CLAES.name,
            "BE 0999 888 173",
            language="nl",
            contact="Bert Claes",
            email="bert@claes-dakwerken.example",
            vat_regime="monthly",
        ),
        row(
            "01410",
            LUMIERE.name,
            LUMIERE.number,
            language="fr",
            contact="Claire Dubois",
            email="claire@atelier-lumiere.example",
        ),
        row(
            "01415",
            MAES.name,
            MAES.number[1:],
            language="nl",
            contact="Jo Maes",
            email="jo@tuinenmaes.example",
        ),
        row("01422", "Garage Janssens", "0999.888.471", language="nl", email="info@garage-janssens.example"),
        row("01430", "Schoenen Vervaet", "0999888866", language="nl", email="info@@vervaet.example"),
        row("01431", CLAES.name, "0999888173", language="nl"),
        row("01500", BROUWERIJ.name, "0999.777.119", language="nl", contact="Karel De Kade"),
        row(
            "",
            "Studio Noord (in oprichting)",
            "",
            language="nl",
            contact="Nora Noord",
            email="nora@studio-noord.example",
        ),
    ]


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED), data)
    return out.getvalue()


def make() -> dict[str, bytes]:
    """Every sample file by its path."""
    made: dict[str, bytes] = {
        "dossiers-noordzee.xlsx": workbooks.of_dossiers(_lines_for_import(), created=MADE)
    }
    papers = documents()
    for name, document in papers.items():
        if name == "aankoop-koeltechniek-F-889.xml":
            made[name] = ubl.write(document)
            made[name.replace(".xml", ".pdf")] = paper(document)  # the loose PDF beside its UBL
        elif name != "aankoop-molens-2026-1101.xml":
            inside = ubl.with_pdf(
                document,
                paper(document),
                filename=f"{document.number.replace('/', '-')}.pdf",
                software="Facturatie",
            )
            made[name] = ubl.write(inside)
    move = coda.movement_of
    first = statement(
        211,
        "4120.350",
        date(2026, 10, 29),
        date(2026, 10, 30),
        [
            move(
                Decimal("751.33"),
                date(2026, 10, 30),
                name=HOTEL.name,
                account="BE62510007547061",
                bic="GKCCBEBB",
                text="V2026-031",
            ),
            move(
                Decimal("-1091.43"),
                date(2026, 10, 30),
                name=MOLENS.name,
                account=MOLENS.iban,
                bic=MOLENS.bic,
                ogm="202610420016",
            ),
        ],
    )
    second = statement(
        212,
        "3780.250",
        date(2026, 10, 30),
        date(2026, 11, 2),
        [
            move(
                Decimal("-68.40"),
                date(2026, 11, 2),
                name="Tankstation Kustweg",
                account="BE43068999999501",
                text="Diesel 02/11",
            )
        ],
    )
    made["CODA-2026-10-30.cod"] = coda.write(coda.File((first,)))
    made["kasticket-tankstation.pdf"] = receipt("Tankstation Kustweg", "55120", date(2026, 11, 2), "68,40")
    last = papers["aankoop-molens-2026-1101.xml"]
    made["november.zip"] = _zip(
        {
            "aankoop-molens-2026-1101.xml": ubl.write(
                ubl.with_pdf(last, paper(last), filename="2026-1101.pdf", software="Facturatie")
            ),
            "bank/CODA-2026-11-02.cod": coda.write(coda.File((second,))),
            "kasticket-parking.pdf": receipt("Parking Zeedijk", "0881", date(2026, 11, 3), "12,00"),
        }
    )
    made["refused/dtd.xml"] = (
        b'<?xml version="1.0"?>\n<!DOCTYPE Invoice [<!ENTITY x "boo">]>\n<Invoice>&x;</Invoice>\n'
    )
    made["refused/CODA-wrong-total.cod"] = made["CODA-2026-10-30.cod"].replace(
        b"000000000751330", b"000000000751430", 1
    )
    made["refused/path.zip"] = _zip(
        {"../../outside.xml": b"<x/>", "letter.pdf": receipt("Notitie", "1", date(2026, 11, 2), "0,00")}
    )
    made["frituur/aankoop-koeltechniek-F-901.xml"] = ubl.write(
        invoice(
            KOELTECHNIEK, FRITUUR, "F-901", date(2026, 11, 4), [("Herstelling friteuse", "1", "180.00", 21)]
        )
    )
    return made


def write(folder: Path = FILES) -> list[Path]:
    """Write the files that changed; gives all of them."""
    paths: list[Path] = []
    for name, data in make().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(data).digest():
            path.write_bytes(data)
        paths.append(path)
    return paths


if __name__ == "__main__":
    write()
