"""The form of an entry: what it shows, and what its amounts come to while they are typed."""

from collections.abc import Mapping
from typing import Any

from portal.features.documents.domain.entry_form import form_values
from portal.features.documents.domain.patch import amounts_currency, document_patch
from portal.features.documents.domain.totals import RATES, RECEIPT, SEVERAL, add_up, read_amounts
from portal.features.documents.models import Document
from portal.kernel.countries import country_name
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import N_, capitalised, current_language, gettext
from themes.filters import money

COUNTRIES = ("BE", "NL", "FR", "DE", "LU")
SEVERAL_RATES = N_("Several rates")
TILL_RECEIPT = N_("Till receipt, no VAT deduction")


class _Answers(dict[str, str]):
    """Values by field; a field without one is empty, so that a template may ask for any."""

    def __missing__(self, key: str) -> str:
        return ""


ENTRY_LABELS = {
    "kind": N_("What is it"),
    "counterparty_name": N_("Supplier or customer"),
    "counterparty_country": N_("Country"),
    "counterparty_number": N_("Company number"),
    "number": N_("Number"),
    "issue_date": N_("Date"),
    "due_date": N_("Due"),
    "total": N_("Total, VAT included"),
    "vat": N_("VAT"),
    "currency": N_("Currency"),
    "structured_communication": N_("Structured communication"),
}
_AMOUNTS = ("tax_subtotals", "net", "tax", "gross", "payable")
ENTRY_COLUMNS = {
    "total": _AMOUNTS,
    "vat": _AMOUNTS,
    **{f"{name}_{rate}": _AMOUNTS for name in ("net", "tax") for rate in RATES},
}
"""What the fields of amounts are called in the history of a document."""
ENTRY_GROUPS = (("kind", "currency", *ENTRY_COLUMNS),)
"""Fields that say something together: a total of one writer and a rate of another make an invoice that nobody entered."""


def entry_fields(document: Document) -> dict[str, str]:
    """Every field of the form of an entry as it shows a document, also the empty ones."""
    return dict.fromkeys((*ENTRY_LABELS, *ENTRY_COLUMNS), "") | form_values(document_patch(document))


def entry_words() -> dict[str, tuple[str, dict[str, str]]]:
    """What the fields of an entry are called, and their choices."""
    kinds = {kind.value: capitalised(gettext(name)) for kind, name in KIND_NAMES.items()}
    vat = {SEVERAL: gettext(SEVERAL_RATES), RECEIPT: gettext(TILL_RECEIPT)}
    choices: dict[str, dict[str, str]] = {"kind": kinds, "vat": vat}
    words = {name: (gettext(label), choices.get(name, {})) for name, label in ENTRY_LABELS.items()}
    for rate in RATES:
        words[f"net_{rate}"] = (gettext(N_("Without VAT, %(rate)s %%")) % {"rate": rate}, {})
        words[f"tax_{rate}"] = (gettext(N_("VAT, %(rate)s %%")) % {"rate": rate}, {})
    return words


def entry_context(values: Mapping[str, str], faults: Mapping[str, str], amounts: str) -> dict[str, Any]:
    """What the form of an entry needs: values as typed, faults and choices in the reader's language.

    Args:
        amounts: the address that works out what the amounts come to.
    """
    return {
        "labels": {name: label for name, (label, _choices) in entry_words().items()},
        "values": _Answers(values),
        "errors": _Answers({name: gettext(message) for name, message in faults.items()}),
        "kinds": [(kind.value, capitalised(gettext(name))) for kind, name in KIND_NAMES.items()],
        "rates": [str(rate) for rate in RATES],
        "vat_choices": [
            *((str(rate), f"{rate} %") for rate in RATES),
            (SEVERAL, gettext(SEVERAL_RATES)),
            (RECEIPT, gettext(TILL_RECEIPT)),
        ],
        "countries": [
            (code, country_name(code))
            for code in dict.fromkeys((*COUNTRIES, values.get("counterparty_country") or "BE"))
        ],
        "amounts_path": amounts,
        **worked_out(values),
    }


def worked_out(values: Mapping[str, str]) -> dict[str, Any]:
    """What amounts come to so far: rows of rate, amount without VAT and VAT; or what is wrong with them, once something is typed."""
    typed = [name for name in values if name.startswith(("total", "net_", "tax_")) and values[name].strip()]
    which = values.get("vat", "")
    if not typed or not which:
        return {"worked": None, "wrong": None}
    currency = amounts_currency(values.get("currency", ""))
    faults: dict[str, str] = {}
    said = read_amounts(values, currency, faults)
    read = add_up(said, currency, faults) if said is not None else None
    if read is None:
        # what is still empty is not wrong yet
        wrong = next((gettext(message) for name, message in faults.items() if name in typed), None)
        return {"worked": None, "wrong": wrong}
    language = current_language()
    rows = [
        (
            gettext(TILL_RECEIPT) if rate.percent is None else f"{rate.percent} %",
            money(rate.taxable, currency, language),
            None if rate.percent is None else money(rate.tax, currency, language),
        )
        for rate in read.rates
    ]
    return {"worked": rows, "worked_total": money(read.total, currency, language), "wrong": None}
