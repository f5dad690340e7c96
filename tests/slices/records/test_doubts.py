"""What a file says of a booked value twice, in two currencies or not at all is asked, never guessed; sums are told and booked as they stand."""

import re

import pytest

from exports import ubl
from portal.features.documents.domain.findings import invoice_findings
from portal.features.documents.domain.identity import invoice_columns
from portal.features.documents.domain.judgement import judge
from portal.features.documents.service.invoices import read_checked
from tests.support.builders_papers import a_ubl

CURRENCY = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
PAYABLE = '<cbc:PayableAmount currencyID="EUR">121.00</cbc:PayableAmount>'
TAXABLE = '<cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount>'
PERCENT = "<cbc:Percent>21</cbc:Percent>"
PLAIN = a_ubl().decode()
TOTALS = re.findall(r"<cac:LegalMonetaryTotal>.*?</cac:LegalMonetaryTotal>", PLAIN, re.DOTALL)[0]
SUPPLIER = re.findall(r"<cac:AccountingSupplierParty>.*?</cac:AccountingSupplierParty>", PLAIN, re.DOTALL)[0]


def changed(*pairs: tuple[str, str]) -> bytes:
    text = PLAIN
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


async def faults(data: bytes) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in judge(await read_checked(data))]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (
            changed(("<cbc:ID>7205519</cbc:ID>", "<cbc:ID>7205519</cbc:ID><cbc:ID>9</cbc:ID>")),
            ("number", "twice"),
        ),
        (
            changed(("<cbc:IssueDate>", "<cbc:IssueDate>2025-01-01</cbc:IssueDate><cbc:IssueDate>")),
            ("issue_date", "twice"),
        ),
        (changed((CURRENCY, CURRENCY + CURRENCY.replace("EUR", "USD"))), ("currency", "twice")),
        (changed((PAYABLE, PAYABLE + PAYABLE.replace("121", "999"))), ("payable", "twice")),
        (
            changed((TOTALS, TOTALS + TOTALS.replace(PAYABLE, PAYABLE.replace("121", "9")))),
            ("payable", "twice"),
        ),
        (
            changed((SUPPLIER, SUPPLIER + SUPPLIER.replace("Telecom", "Andere"))),
            ("counterparty_name", "twice"),
        ),
        (changed((PAYABLE, PAYABLE.replace("EUR", "USD"))), ("currency", "currencies")),
        (changed(('currencyID="EUR"', 'currencyID="USD"')), ("currency", "currencies")),
        (changed((CURRENCY, ""), (PAYABLE, PAYABLE.replace("EUR", "USD"))), ("currency", "currencies")),
        (changed((CURRENCY, ""), (' currencyID="EUR"', "")), ("currency", "no_currency")),
        *(
            (changed((PERCENT, f"<cbc:Percent>{odd}</cbc:Percent>")), ("percent", "no_percent"))
            for odd in ("1e9", "NaN", "21%", "2,1", "")
        ),
        *(
            (changed((PERCENT, f"<cbc:Percent>{odd}</cbc:Percent>")), ("percent", "percent"))
            for odd in ("-21", "100.1")
        ),
        *(
            (changed((CURRENCY, CURRENCY.replace("EUR", odd))), ("currency", "currency"))
            for odd in ("eur", "XXX", "€", "XAU", "&quot;onx=1")
        ),
    ],
)
async def test_what_would_be_a_guess_is_asked(data: bytes, fault: tuple[str, str]) -> None:
    assert await faults(data) == [fault]


@pytest.mark.parametrize(
    "data",
    [
        changed((CURRENCY, ""), ('currencyID="EUR"', 'currencyID="USD"')),  # all amounts say it
        changed((' currencyID="EUR"', "")),
        changed(("<cbc:ID>7205519</cbc:ID>", "<cbc:ID>7205519</cbc:ID><cbc:ID>7205519</cbc:ID>")),
        changed(
            (CURRENCY, f"{CURRENCY}<cbc:TaxCurrencyCode>USD</cbc:TaxCurrencyCode>"),
            (
                "<cac:LegalMonetaryTotal>",
                '<cac:TaxTotal><cbc:TaxAmount currencyID="USD">25.00</cbc:TaxAmount></cac:TaxTotal><cac:LegalMonetaryTotal>',
            ),
        ),
    ],
)
async def test_what_is_said_once_is_booked(data: bytes) -> None:
    assert await faults(data) == []


@pytest.mark.parametrize(
    "odd",
    ["1e400", "1E2", "1_000", "1,00", "1.234,50", "NaN", "-Infinity", "٣", "１２", "0x10", "9" * 5000, "."],
)
@pytest.mark.parametrize("element", [TAXABLE, PAYABLE])
async def test_what_is_no_amount_is_refused_with_its_line(element: str, odd: str) -> None:
    value = re.sub(r">[^<]*<", f">{odd}<", element, count=1)
    with pytest.raises(ubl.Unreadable) as refused:
        await read_checked(changed((element, value)))
    assert (refused.value.reason, bool(refused.value.line)) == ("not_an_amount", True)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('<cbc:PrepaidAmount currencyID="EUR">21.00</cbc:PrepaidAmount>', "BR-CO-16"),
        ('<cbc:PayableRoundingAmount currencyID="EUR">5.00</cbc:PayableRoundingAmount>', "BR-CO-16"),
        ('<cbc:AllowanceTotalAmount currencyID="EUR">5.00</cbc:AllowanceTotalAmount>', "BR-CO-11"),
        ('<cbc:ChargeTotalAmount currencyID="EUR">5.00</cbc:ChargeTotalAmount>', "BR-CO-12"),
    ],
)
async def test_sums_that_do_not_agree_are_told_and_booked_as_they_stand(more: str, told: str) -> None:
    invoice = await read_checked(changed((PAYABLE, more + PAYABLE)))
    assert judge(invoice) == ()
    assert told in [one["code"] for one in invoice_findings(invoice)]
    assert str(invoice_columns(invoice, supplier_is_us=False)["payable"]) == "121.00"


@pytest.mark.parametrize("credit", [True, False])
async def test_nothing_has_no_sign_and_negative_totals_stay(*, credit: bool) -> None:
    negative = await read_checked(a_ubl(credit=credit, net="-100.00", tax="-21.00"))
    assert judge(negative) == ()
    assert str(invoice_columns(negative, supplier_is_us=False)["gross"]) == "-121.00"
    nothing = await read_checked(changed((PAYABLE, PAYABLE.replace("121.00", "-0"))))
    assert str(invoice_columns(nothing, supplier_is_us=False)["payable"]) == "0.00"
