"""Checks of UBL documents by the official rules.

Three layers, in this order: the UBL 2.1 schema, the EN 16931 rules of CEN/TC 434 (1.3.16) as published, and
the rules of the profile, written natively: Peppol BIS Billing 3.0.21 with its self-billing variant, or UBL.BE
1.31. National rules of Peppol (``DE-R-…``, ``NL-R-…`` and others) are not evaluated; Belgium has none.
"""

from typing import get_args

from exports.errors import ExportsError
from exports.model import Finding
from exports.ubl.check import booked, cen, cen_values, schema
from exports.ubl.check.contradictions import contradictions
from exports.ubl.check.engine import ENGINE, RulesUnavailableError
from exports.ubl.check.names import clark
from exports.ubl.check.releases import Basis, basis
from exports.ubl.check.rules import Facts, Profile, belgium_cen, findings, rules_for
from exports.ubl.check.source import Source, parse

__all__ = [
    "Basis",
    "Profile",
    "RulesUnavailableError",
    "UnknownProfileError",
    "basis",
    "check",
    "check_natively",
    "check_source",
    "close",
    "contradictions",
    "warm",
]


_CUSTOMIZATION = clark("cbc:CustomizationID")


class UnknownProfileError(ExportsError):
    """There is no such profile. Reason: ``unknown_profile``."""


def check(data: bytes, *, profile: Profile = "peppol-bis-3") -> list[Finding]:
    """What the official rules say about a document.

    Args:
        data: A file as it came: any encoding and prefixes, attachments included (96 MB in all at most).
        profile: The rules to apply besides schema and EN 16931: ``peppol-bis-3``, ``ubl-be``, or ``en16931`` for none.

    Returns:
        Nothing when the document is valid. A receiver refuses a document with a ``fatal`` finding.

    Raises:
        Unreadable: The bytes are no UBL invoice or credit note, or no safe one.
        RulesUnavailableError: The rules process gave no answer, so nothing is known about the document.
        UnknownProfileError: There is no such profile.
    """
    _known(profile)
    return check_source(parse(data), profile)


def _known(profile: Profile) -> None:
    if profile not in get_args(Profile):
        raise UnknownProfileError("unknown_profile", params={"profile": profile})


def check_source(source: Source, profile: Profile) -> list[Finding]:
    """As :func:`check`, for a document that was parsed already.

    Raises:
        RulesUnavailableError: See :func:`check`.
        UnknownProfileError: See :func:`check`.
    """
    _known(profile)
    by_schema: list[Finding] = []
    by_profile: list[Finding] = []

    def meanwhile() -> None:
        by_schema.extend(schema.validate(source))
        facts = Facts(source.root)
        for rule in rules_for(profile, facts).values():
            by_profile.extend(findings(rule, facts))

    by_cen = cen.evaluate(source, meanwhile)
    if profile == "ubl-be":
        by_cen = [
            finding for finding in by_cen if finding.rule not in belgium_cen.DROPPED | belgium_cen.REPLACED
        ]
    return [*by_schema, *by_cen, *by_profile]


def check_natively(data: bytes) -> list[Finding]:
    """What the rules of the profile say that the document itself names, and whether what is booked is given once, in one currency.

    For documents as they come in: a millisecond for an ordinary one, and no other process. The schema (45 MB in memory for each kind of
    document) and the official EN 16931 rules are not evaluated; what they say of sums, :func:`contradictions` says as well. A document
    that names no profile is not held against one.

    Raises:
        Unreadable: See :func:`check`.
    """
    source = parse(data)
    facts = Facts(source.root)
    customization = source.root.find(_CUSTOMIZATION)
    named = "" if customization is None else (customization.text or "").lower()
    profile: Profile = "ubl-be" if "ubl.be" in named else "peppol-bis-3" if "peppol" in named else "en16931"
    found = [*cen_values.doubled_vat(source.root), *booked.doubtful(source.root)]
    for rule in rules_for(profile, facts).values():
        found.extend(findings(rule, facts))
    return found


def warm() -> None:
    """Starts the rules process now, so that the first check need not wait a second for it.

    Raises:
        RulesUnavailableError: It does not start.
    """
    ENGINE.warm()


def close() -> None:
    """Ends the rules process; the next check starts one. Done at exit anyway."""
    ENGINE.close()
