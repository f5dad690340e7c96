"""The VAT regimes of a dossier on its page and in its form."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.features.dossiers.domain import vat
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.service.dossiers import VatRegimes
from portal.kernel.language import N_, gettext
from portal.web.edits import Edit
from portal.web.forms import Form

REGIME, FROM, ALL = "vat_regime", "vat_regime_from", "vat_regimes"
"""Fields of the form: the regime chosen, its first day, and (hidden) all that its writer saw."""
TOGETHER = (REGIME, FROM, ALL)
"""Who changes one of them has decided by what the list said: another list is asked."""
LABELS = {REGIME: N_("VAT regime"), FROM: N_("VAT regime from"), ALL: N_("VAT regimes")}


@dataclass(frozen=True, slots=True)
class Line:
    """One regime in the list: what it is called, its first day, and whether it is `past`, `now` or `coming`."""

    name: str
    valid_from: date
    when: str


def lines(found: VatRegimes) -> list[Line]:
    """All regimes for people, the oldest first."""
    begun = [one for one in found.regimes if one.valid_from <= found.today] or found.regimes[:1]
    present = begun[-1] if begun else None
    return [
        Line(
            gettext(vat.NAMES[one.regime]),
            one.valid_from,
            "now" if one is present else "past" if one in begun else "coming",
        )
        for one in found.regimes
    ]


def names() -> dict[str, str]:
    """What the regimes are called, by value, in the order in which they are chosen from."""
    return {regime.value: gettext(name) for regime, name in vat.NAMES.items()}


def seen(found: VatRegimes, form: Form | None = None) -> dict[str, str]:
    """The fields as the form shows them. Nobody else changes the day beside the choice: it is the one that the form came with."""
    day = form.values.get(f"seen_{FROM}") if form is not None else None
    return {
        REGIME: found.now.value if found.now else "",
        FROM: day or found.today.isoformat(),
        ALL: ",".join(f"{one.valid_from} {one.regime}" for one in found.regimes),
    }


def words(*lists: str) -> dict[str, dict[str, str]]:
    """What the values of the fields are called, for a form that two people changed.

    Args:
        lists: values of the hidden field.
    """
    called, told = names(), dict[str, str]()
    for one in ",".join(lists).split(","):
        day, _, regime = one.partition(" ")
        told[one] = f"{called.get(regime, regime)} ({_shown(day)})"
    return {REGIME: called, ALL: told}


def _shown(day: str) -> str:
    try:
        return f"{date.fromisoformat(day):%d/%m/%Y}"
    except ValueError:
        return day


def chosen(form: Form, edit: Edit, found: VatRegimes) -> RegimeFrom | None:
    """The regime that the form's writer wants, from which day; None where they left it alone."""
    if not edit.touched & {REGIME, FROM}:
        return None
    regime = form.choice(REGIME, VatRegime, default=found.now)
    return RegimeFrom(form.day(FROM) or found.today, regime)


def context(found: VatRegimes) -> dict[str, Any]:
    """What the card of VAT regimes shows."""
    return {"regime_lines": lines(found), "regimes_seen": seen(found)[ALL]}
