"""Kinds of events, as pages of history are filtered by, and who is told of them."""

from portal.kernel.language import N_

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "documents": (N_("Documents"), ("documents.",)),
    "approvals": (N_("Approval and messages"), ("approvals.",)),
    "intake": (N_("Quick entry"), ("intake.",)),
    "bank": (N_("Bank"), ("banking.",)),
    "exports": (N_("Exports"), ("bundles.", "items.")),
    "dossier": (N_("Dossier and access"), ("dossiers.", "parties.company_", "parties.identifier_")),
    "policy": (N_("Export policy"), ("policies.",)),
    "office": (N_("Office, agents and keys"), ("agents.", "parties.firm_", "targets.")),
    "people": (N_("Signing in and accounts"), ("accounts.", "onboarding.")),
}
"""Kinds of events that a page of history is filtered by: word, and the beginnings of their actions."""
MEMBERS_SEE = (
    "documents.",
    "approvals.",
    "intake.",
    "banking.",
    "dossiers.activated",
    "dossiers.access_",
    "onboarding.member_",
    "parties.company_",
    "parties.identifier_",
)
"""What happened, for the members of a company. How their accountant works (policies, exports, agents) is the office's own."""
