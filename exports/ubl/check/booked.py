"""What is booked from a document must be said once, and in one currency; a reader has to choose otherwise, and would guess."""

from collections.abc import Iterator

from exports.model import Finding
from exports.ubl.check.names import Element, clark

TWICE, CURRENCIES = "UBL-TWICE", "UBL-CURRENCIES"
_TOTALS = clark("cac:LegalMonetaryTotal")
_BOOKED = ("cbc:TaxExclusiveAmount", "cbc:TaxInclusiveAmount", "cbc:PayableAmount")
_ONCE = ("cbc:ID", "cbc:IssueDate", "cbc:DocumentCurrencyCode")
_PARTIES = ("cac:AccountingSupplierParty", "cac:AccountingCustomerParty")
_NAMES = tuple(
    "/".join(clark(part) for part in path)
    for path in (
        ("cac:Party", "cac:PartyName", "cbc:Name"),
        ("cac:Party", "cac:PartyLegalEntity", "cbc:RegistrationName"),
    )
)
_CURRENCY = clark("cbc:DocumentCurrencyCode")
_PAYABLE = clark("cbc:PayableAmount")
_TAX = f"{clark('cac:TaxTotal')}/{clark('cbc:TaxAmount')}"


def doubtful(root: Element) -> list[Finding]:
    """Values that are booked and said twice, differently; and amounts in another currency than the document, or in none at all."""
    return [*_twice(root), *_currencies(root)]


def _twice(root: Element) -> Iterator[Finding]:
    for name in _ONCE:
        yield from _differing(name, root.findall(clark(name)))
    for name in _BOOKED:
        yield from _differing(name, root.findall(f"{_TOTALS}/{clark(name)}"))
    for name in _PARTIES:
        there = root.findall(clark(name))
        if len(there) > 1:
            yield _finding(TWICE, name, _name_of(there[1]), _name_of(there[0]))


def _name_of(party: Element) -> str:
    found = (party.find(path) for path in _NAMES)
    return next((text for one in found if one is not None and (text := (one.text or "").strip())), "–")


def _differing(name: str, found: list[Element]) -> Iterator[Finding]:
    said = list(dict.fromkeys(text for one in found if (text := (one.text or "").strip())))
    if len(said) > 1:
        yield _finding(TWICE, name, said[1], said[0])


def _currencies(root: Element) -> Iterator[Finding]:
    totals = [one for name in _BOOKED for one in root.findall(f"{_TOTALS}/{clark(name)}")]
    taxes = root.findall(_TAX)
    own = root.find(_CURRENCY)
    named = [own.text if own is not None else None]
    named += [one.get("currencyID") for one in (*root.findall(f"{_TOTALS}/{_PAYABLE}"), *taxes)]
    currency = next((text for one in named if (text := (one or "").strip())), "")
    if not currency:
        yield _finding(CURRENCIES, "cbc:DocumentCurrencyCode", "", "")
        return
    given = [(one.get("currencyID") or "").strip() or currency for one in totals]
    of_taxes = [(one.get("currencyID") or "").strip() or currency for one in taxes]
    if currency not in of_taxes:  # the other one of two is for the VAT return
        given += of_taxes
    for other in dict.fromkeys(given):
        if other != currency:
            yield _finding(CURRENCIES, "cbc:DocumentCurrencyCode", other, currency)


def _finding(rule: str, element: str, found: str, expected: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning",
        location=element,
        text=f"{element} says {found} beside {expected}.",
        params={"element": element.partition(":")[2], "found": found[:100], "expected": expected[:100]},
    )
