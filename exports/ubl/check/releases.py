"""By which releases a check judges, and what it leaves to others: part of every answer that somebody may show to somebody else."""

from typing import NamedTuple

from exports.ubl.check.rules import Profile

_SCHEMA = ("UBL", "2.1")
_CEN = ("EN 16931 (CEN/TC 434)", "1.3.16")


class Basis(NamedTuple):
    """What an answer rests on.

    Attributes:
        releases: Rule sets with their releases, in the order in which they are evaluated.
        not_evaluated: What nobody should take for granted.
    """

    releases: tuple[tuple[str, str], ...]
    not_evaluated: str

    def __str__(self) -> str:
        named = ", ".join(f"{name} {release}" for name, release in self.releases)
        return f"by {named}; not evaluated: {self.not_evaluated}"


_RELEASES: dict[Profile, tuple[tuple[str, str], ...]] = {
    "en16931": (_SCHEMA, _CEN),
    "peppol-bis-3": (_SCHEMA, _CEN, ("Peppol BIS Billing", "3.0.21")),
    "ubl-be": (_SCHEMA, _CEN, ("UBL.BE", "1.31")),
}


def basis(profile: Profile) -> Basis:
    """The releases that :func:`exports.ubl.check.check` evaluates for a profile."""
    return Basis(
        _RELEASES[profile], "national rules of other countries (such as DE-R, NL-R, DK-R, SE-R, IT-R)"
    )
