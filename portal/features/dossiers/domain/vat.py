"""The VAT regime of a company: which there are, and from which day each holds. Pure."""

import enum
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from portal.kernel.language import N_


class VatRegime(enum.StrEnum):
    """How a company stands with VAT: what it files, or why it files nothing."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    EXEMPT_SMALL = "exempt_small"  # article 56bis of the Belgian VAT code
    EXEMPT_ACTIVITY = "exempt_activity"  # article 44
    MIXED = "mixed"  # taxed and exempt activities side by side
    FLAT_RATE = "flat_rate"
    UNIT_MEMBER = "unit_member"  # the unit files for its members
    NONE = "none"


NAMES = {
    VatRegime.MONTHLY: N_("monthly return"),
    VatRegime.QUARTERLY: N_("quarterly return"),
    VatRegime.EXEMPT_SMALL: N_("exempt small business (art. 56bis)"),
    VatRegime.EXEMPT_ACTIVITY: N_("exempt activity (art. 44)"),
    VatRegime.MIXED: N_("mixed taxable person"),
    VatRegime.FLAT_RATE: N_("flat-rate scheme"),
    VatRegime.UNIT_MEMBER: N_("member of a VAT unit"),
    VatRegime.NONE: N_("not liable for VAT"),
}


class RegimeFrom(NamedTuple):
    """A regime, and the first day it holds; it does until the next one begins."""

    valid_from: date
    regime: VatRegime


def regime_on(regimes: Iterable[RegimeFrom], day: date) -> VatRegime | None:
    """The regime that holds on a day; None when none was ever said.

    On a day before all of them the first one holds: nothing else is known of that time.
    """
    in_order = sorted(regimes)
    begun = [one for one in in_order if one.valid_from <= day]
    found = begun[-1] if begun else next(iter(in_order), None)
    return found.regime if found is not None else None


def with_regime(regimes: Iterable[RegimeFrom], new: RegimeFrom) -> list[RegimeFrom]:
    """The regimes, oldest first, once another holds from a day on, until the next that was there.

    One that begins on the same day is replaced, and where two that follow each other are the same, the later one says nothing and goes.
    So the regime of the day before, chosen for the day on which another begins, takes that one back.
    """
    kept: list[RegimeFrom] = []
    for one in sorted([*(one for one in regimes if one.valid_from != new.valid_from), new]):
        if not kept or kept[-1].regime is not one.regime:
            kept.append(one)
    return kept


__all__ = ["NAMES", "RegimeFrom", "VatRegime", "regime_on", "with_regime"]
