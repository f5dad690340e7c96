"""What does not agree in a document, in plain words: kept with it, shown wherever somebody decides about it, and never a hindrance.

A received invoice is its issuer's: nothing is corrected here. For a document that a person typed the same sums are asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from exports.model import Document as Invoice
from exports.model import Finding
from exports.ubl.check import contradictions
from portal.features.documents.domain import attachments
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.hidden_signs import NAMES as HIDING
from portal.features.documents.domain.hidden_signs import RULE as HIDDEN
from portal.kernel.language import N_, gettext, ngettext
from portal.kernel.money import CENT, cents
from portal.kernel.texts import line

MOST = 20
"""So many findings of a document are kept; a broken file may have thousands."""
FORMAL = "formal"
"""Rules of a profile that say nothing of amounts, rolled into one line by their ids."""

WORDS: Final[Mapping[str, str]] = {
    "BR-CO-10": N_("The lines add up to %(expected)s, but the invoice says %(found)s."),
    "BR-CO-11": N_("The discounts add up to %(expected)s, but the invoice says %(found)s."),
    "BR-CO-12": N_("The charges add up to %(expected)s, but the invoice says %(found)s."),
    "BR-CO-13": N_(
        "Lines, discounts and charges make %(expected)s without VAT, but the invoice says %(found)s."
    ),
    "BR-CO-14": N_("The VAT of all rates is %(expected)s together, but the invoice says %(found)s of VAT."),
    "BR-CO-15": N_("%(net)s without VAT and %(vat)s of VAT make %(expected)s, but the total says %(found)s."),
    "BR-CO-16": N_("To pay would be %(expected)s, but the invoice asks %(found)s."),
    "BR-CO-17": N_("%(percent)s %% of %(taxable)s is %(expected)s of VAT, but the invoice says %(found)s."),
    "UBL-VAT-TOTALS": N_(
        "The file gives %(vat_totals)s VAT totals in %(currency)s; the first was taken. Compare it with the paper."
    ),
    "UBL-TAXABLE": N_("VAT was taken from %(expected)s in all, but the amount without VAT is %(found)s."),
    "UBL-NO-VAT": N_("There are %(found)s of VAT in a category without VAT (%(category)s)."),
    "UBL-RATE": N_("Belgium has no VAT rate of %(percent)s %%."),
    "UBL-IBAN": N_(
        "The account number %(found)s is wrong: its check digits do not fit. Ask the supplier before you pay."
    ),
    "UBL-OGM": N_("The structured communication %(found)s is wrong: its check digits do not fit."),
    "UBL-NUMBER": N_("The company number %(found)s (%(party)s) is wrong: its check digits do not fit."),
    "UBL-NUMBERS": N_(
        "The %(party)s has two company numbers, %(found)s and %(other)s. That is right for a VAT unit only."
    ),
    "UBL-DUE": N_("It is due on %(found)s, before its date, %(expected)s."),
    "UBL-TWICE": N_(
        "The file says %(found)s, and %(expected)s as well (%(element)s); the first was taken. Compare it with the paper."
    ),
    "UBL-CURRENCIES": N_(
        "There are amounts in another currency (%(found)s) than the invoice (%(expected)s). Compare it with the paper."
    ),
    **attachments.WORDS,
    # of what it came in
    "PAGE-NUMBER": N_("The data say number %(expected)s; it is not on the page. Compare the two."),
    "PAGE-DATE": N_("The data are dated %(expected)s; that date is not on the page. Compare the two."),
    "PAGE-AMOUNT": N_("The data ask for %(expected)s; that amount is not on the page. Compare the two."),
    "PAGE-VAT-NUMBER": N_(
        "The data name the supplier's number %(expected)s; it is not on the page. Compare the two."
    ),
    "PAGE-PICTURE": N_(
        "The page is a picture without text, so the data could not be compared with it. Look at both."
    ),
    "ENVELOPE-TYPE": N_("The envelope announces %(expected)s, but %(found)s is inside."),
    "ENVELOPE-RECEIVER": N_("The envelope is addressed to %(expected)s, the invoice to %(found)s."),
    HIDDEN: N_("Invisible signs were left out (%(fields)s). Compare that with the paper."),
    "PAYABLE": N_(
        "The parts make %(expected)s, the total on the paper is %(found)s. The difference is rounding."
    ),
    # what could not be read, and was left out
    "not_an_amount": N_(
        "Line %(line)s of the file: “%(value)s” is no amount; it was left out (%(element)s)."
    ),
    "not_a_date": N_("Line %(line)s of the file: “%(value)s” is no date; it was left out (%(element)s)."),
    "not_base64": N_("Line %(line)s of the file: an attachment is damaged; it was left out."),
    "UNREAD": N_("Line %(line)s of the file: a value could not be read and was left out (%(element)s)."),
    # of the profile
    "PEPPOL-EN16931-R120": N_("A line says %(found)s, but its quantity and price make %(expected)s."),
    "PEPPOL-EN16931-R040": N_("A discount or charge says %(found)s, but its percentage makes %(expected)s."),
    "PEPPOL-EN16931-R046": N_("A net price says %(found)s, but gross price and discount make %(expected)s."),
    "PEPPOL-EN16931-R051": N_(
        "An amount is in another currency (%(found)s) than the invoice (%(expected)s)."
    ),
    "PEPPOL-EN16931-R053": N_("There is not exactly one VAT total with its rates; the first was taken."),
    "PEPPOL-EN16931-R054": N_("There are two VAT totals; the one with its rates was taken."),
    "PEPPOL-EN16931-R055": N_("The VAT has another sign in the second currency."),
}
"""Code of a finding → what a person reads; amounts are written in the document's currency."""
_TEXTS: Final[Mapping[str, frozenset[str]]] = {
    "UBL-IBAN": frozenset({"found"}),
    "UBL-OGM": frozenset({"found"}),
    "UBL-NUMBER": frozenset({"found"}),
    "UBL-NUMBERS": frozenset({"found", "other"}),
    "PEPPOL-EN16931-R051": frozenset({"found", "expected"}),
    "UBL-TWICE": frozenset({"found", "expected"}),
    "UBL-CURRENCIES": frozenset({"found", "expected"}),
    "PAGE-NUMBER": frozenset({"expected"}),
    "PAGE-DATE": frozenset({"expected"}),
    "PAGE-VAT-NUMBER": frozenset({"expected"}),
    "ENVELOPE-TYPE": frozenset({"found", "expected"}),
    "ENVELOPE-RECEIVER": frozenset({"found", "expected"}),
}
"""Values that look like amounts and are none."""
_DAYS: Final = frozenset({"UBL-DUE", "PAGE-DATE"})
"""Findings whose values are days."""
_AMOUNTS: Final = frozenset({"expected", "found", "net", "vat", "taxable"})
_PARTIES: Final = {"supplier": N_("supplier"), "customer": N_("customer")}


def invoice_findings(invoice: Invoice) -> list[dict[str, Any]]:
    """What does not agree in an invoice, as it is kept: its contradictions, and what was remarked about its file."""
    remarks = [one for one in invoice.reading_remarks if not attachments.is_lost(one)]
    return kept(
        [
            *attachments.odd_attachments(invoice),
            *(one for one in remarks if one.rule == HIDDEN),
            *contradictions(invoice),
            *remarks,
        ]
    )


def kept(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as they are stored, each once; formal ones in one line, with the ids of their rules."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    formal: dict[str, None] = {}
    for one in findings:
        code = one.rule
        if code not in WORDS:
            if "line" in one.params and "element" in one.params:
                code = "UNREAD"
            else:
                formal[one.rule] = None
                continue
        params = {name: _storable(value) for name, value in one.params.items()}
        told.setdefault((code, str(sorted(params.items()))), {"code": code, "params": params})
    all_of_them = list(told.values())[: MOST - 1]
    if formal:
        all_of_them.append(
            {"code": FORMAL, "params": {"rules": ", ".join(list(formal)[:MOST]), "count": str(len(formal))}}
        )
    return all_of_them


def _storable(value: str) -> str:
    return line(value)[:100]


def entry_findings(entry: Entry) -> list[dict[str, Any]]:
    """What does not agree in what a person typed: the VAT of each rate, the printed total against its parts, the days."""
    found: list[dict[str, Any]] = []
    for rate in entry.rates:
        if not rate.percent:
            continue
        expected = cents(rate.taxable * rate.percent / 100)
        if abs(expected - rate.tax) > 2 * CENT:
            params = {"percent": f"{rate.percent:f}", "taxable": f"{rate.taxable:f}"}
            params |= {"expected": f"{expected:f}", "found": f"{rate.tax:f}"}
            found.append({"code": "BR-CO-17", "params": params})
    parts = cents(sum((rate.taxable + rate.tax for rate in entry.rates), Decimal(0)))
    if entry.total is not None and cents(entry.total) != parts:
        found.append({"code": "PAYABLE", "params": {"expected": f"{parts:f}", "found": f"{entry.total:f}"}})
    if entry.due_date is not None and entry.due_date < entry.issue_date:
        params = {"found": entry.due_date.isoformat(), "expected": entry.issue_date.isoformat()}
        found.append({"code": "UBL-DUE", "params": params})
    return found


def told_findings(
    findings: Sequence[Mapping[str, Any]],
    money: Callable[[Decimal], str],
    day: Callable[[date], str],
) -> list[str]:
    """Findings in the reader's language.

    Args:
        findings: as `kept` made them; one of a later release, with a code that is not known here, is told by its code.
        money: how an amount is written in the document's currency.
        day: how a day is written.
    """
    return [_told(str(one["code"]), dict(one["params"]), money, day) for one in findings]


def _told(
    code: str, params: dict[str, str], money: Callable[[Decimal], str], day: Callable[[date], str]
) -> str:
    if code == FORMAL or code not in WORDS:
        count = int(params.get("count", "1"))
        words = ngettext(
            "The file breaks a rule of form (%(rules)s).",
            "The file breaks %(count)s rules of form (%(rules)s).",
            count,
        )
        return words % {"rules": params.get("rules", code), "count": count}
    if code == HIDDEN:
        names = (gettext(HIDING.get(one, one)) for one in params["fields"].split(","))
        return gettext(WORDS[code]) % {"fields": ", ".join(names)}
    shown = {"line": "–", "element": "–", "value": "–", **params}
    for name, value in params.items():
        if code in _DAYS:
            shown[name] = day(date.fromisoformat(value))
        elif name in _AMOUNTS and name not in _TEXTS.get(code, frozenset()):
            shown[name] = _money(value, money)
    if code in attachments.WORDS and "kind" in shown:
        shown["kind"] = gettext(attachments.KINDS.get(shown["kind"], shown["kind"]))
    if "party" in shown:
        shown["party"] = gettext(_PARTIES.get(shown["party"], shown["party"]))
    return gettext(WORDS[code]) % shown


def _money(value: str, money: Callable[[Decimal], str]) -> str:
    try:
        return money(Decimal(value))
    except InvalidOperation:
        return value
