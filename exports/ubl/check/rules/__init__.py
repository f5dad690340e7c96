"""The natively written rules: Peppol BIS Billing 3.0.21, its self-billing variant, and UBL.BE 1.31.

Written from the rules' ids and published meaning; proved by the publisher's unit tests.
"""

from collections.abc import Mapping
from typing import Literal

from exports.ubl.check.rules import amounts, belgium, belgium_cen, codes, document, parties, selfbilling
from exports.ubl.check.rules.model import Facts, Rule, evaluate, findings

#: ``PEPPOL-EN16931-*`` and ``PEPPOL-COMMON-*`` of BIS Billing, by id.
PEPPOL: Mapping[str, Rule] = {
    **document.RULES,
    **amounts.RULES,
    **codes.RULES,
    **parties.RULES,
}

#: The same for documents that the buyer issues.
SELF_BILLING: Mapping[str, Rule] = {
    **{name: rule for name, rule in PEPPOL.items() if name not in selfbilling.DROPPED},
    **selfbilling.RULES,
}

#: UBL.BE's Peppol part, its own ``ubl-BE-*``, and what it makes of five EN 16931 rules.
UBL_BE: Mapping[str, Rule] = {
    **{name: rule for name, rule in PEPPOL.items() if name not in belgium.DROPPED},
    **belgium.RULES,
    **belgium_cen.RULES,
}

Profile = Literal["peppol-bis-3", "en16931", "ubl-be"]


def rules_for(profile: Profile, facts: Facts) -> Mapping[str, Rule]:
    """The native rules of a profile; self-billing documents of Peppol are told by their own ids."""
    if profile == "en16931":
        return {}
    if profile == "ubl-be":
        return UBL_BE
    return SELF_BILLING if selfbilling.is_self_billing(facts) else PEPPOL


__all__ = [
    "PEPPOL",
    "SELF_BILLING",
    "UBL_BE",
    "Facts",
    "Profile",
    "Rule",
    "evaluate",
    "findings",
    "rules_for",
]
