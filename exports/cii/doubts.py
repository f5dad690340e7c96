"""What a Cross Industry Invoice says twice, or in another currency than its own; a reader has to choose, and would guess."""

from collections.abc import Iterator

from exports.cii.nodes import Node
from exports.model import Finding
from exports.ubl.check.booked import CURRENCIES, TWICE

_BOOKED = ("TaxBasisTotalAmount", "GrandTotalAmount", "DuePayableAmount")


def doubtful(head: Node, agreement: Node, settlement: Node) -> Iterator[Finding]:
    """Values that are booked and said twice, differently; amounts in a currency that is not the invoice's, or in none."""
    sums = settlement.one(
        "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
    )
    yield from _differing("ID", head.texts("ID"))
    dates = [one.day() for one in head.all("IssueDateTime")]
    yield from _differing("IssueDateTime", [day.isoformat() for day in dates if day])
    yield from _differing("InvoiceCurrencyCode", settlement.texts("InvoiceCurrencyCode"))
    for name in _BOOKED:
        yield from _differing(name, sums.texts(name))
    for name in ("SellerTradeParty", "BuyerTradeParty"):
        yield from _differing(name, [one.text("Name") or "–" for one in agreement.all(name)])
    currency = settlement.text("InvoiceCurrencyCode")
    if currency is None:
        if not any(one.attribute("currencyID") for one in sums.all(*_BOOKED, "TaxTotalAmount")):
            yield _finding(CURRENCIES, "InvoiceCurrencyCode", "", "")
        return
    given = [one.attribute("currencyID") or currency for one in sums.all(*_BOOKED)]
    taxes = [one.attribute("currencyID") or currency for one in sums.all("TaxTotalAmount")]
    yield from _differing("TaxTotalAmount", _of_currency(sums, currency))
    if taxes and currency not in taxes:  # the other one of two is for the VAT return
        given += taxes
    for other in dict.fromkeys(given):
        if other != currency:
            yield _finding(CURRENCIES, "InvoiceCurrencyCode", other, currency)


def _of_currency(sums: Node, currency: str) -> list[str]:
    return [
        text
        for one in sums.all("TaxTotalAmount")
        if (one.attribute("currencyID") or currency) == currency and (text := one.text())
    ]


def _differing(element: str, said: list[str]) -> Iterator[Finding]:
    different = list(dict.fromkeys(said))
    if len(different) > 1:
        yield _finding(TWICE, element, different[1], different[0])


def _finding(rule: str, element: str, found: str, expected: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning",
        location=element,
        text=f"{element} says {found} beside {expected}.",
        params={"element": element, "found": found[:100], "expected": expected[:100]},
    )
