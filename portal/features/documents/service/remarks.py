"""What does not agree in documents, and in what two of them differ, as the reader of a page sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal.features.documents.domain.comparison import AMOUNTS as COMPARED_AMOUNTS
from portal.features.documents.domain.comparison import DAYS as COMPARED_DAYS
from portal.features.documents.domain.comparison import LABELS as COMPARED
from portal.features.documents.domain.comparison import Difference
from portal.features.documents.domain.findings import FORMAL, told_findings
from portal.kernel.language import current_language, gettext
from themes.filters import DASH, money


@dataclass(frozen=True, slots=True)
class Compared:
    """One field in which two documents differ, for people: its name, and what the two say."""

    name: str
    there: str
    here: str


def remarks(document: Any) -> list[str]:
    """What does not agree in a document (its currency and findings are looked at); warnings, which keep it from nothing."""
    return _told(document, [one for one in document.findings if one["code"] != FORMAL])


def formalities(document: Any) -> list[str]:
    """The rules of form that its file breaks: told quietly on its own page, because nobody decides by them."""
    return _told(document, [one for one in document.findings if one["code"] == FORMAL])


def _told(document: Any, findings: Sequence[Mapping[str, Any]]) -> list[str]:
    return told_findings(findings, lambda amount: _money(amount, document.currency), _day)


def compared(differences: Sequence[Difference], there: str, here: str) -> list[Compared]:
    """Differences as a table has them.

    Args:
        there: the currency of the document that is there; `here` of the new one.
    """
    return [
        Compared(gettext(COMPARED[one.field]), _shown(one, one.there, there), _shown(one, one.here, here))
        for one in differences
    ]


def _shown(difference: Difference, value: str, currency: str) -> str:
    if not value:
        return DASH
    if difference.field in COMPARED_AMOUNTS:
        return _money(Decimal(value), currency)
    if difference.field in COMPARED_DAYS:
        return _day(date.fromisoformat(value))
    if difference.field == "structured_communication":
        return f"+++{value[:3]}/{value[3:7]}/{value[7:]}+++"
    return value


def _money(amount: Decimal, currency: str) -> str:
    return money(amount, currency, current_language())


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
