"""Audit events as sentences for people."""

from datetime import datetime
from typing import Any

from portal.kernel.language import N_, gettext

SENTENCES: dict[str, tuple[str, str]] = {
    "dossiers.created": (N_("Dossier made"), "add"),
    "dossiers.updated": (N_("Dossier changed"), "edit"),
    "dossiers.invited": (N_("Login details sent"), "mail"),
    "dossiers.activated": (N_("The client activated and claimed the company"), "person-add"),
    "dossiers.access_granted": (N_("Access granted by the owner"), "check"),
    "dossiers.access_declined": (N_("Access declined by the owner"), "close"),
    "dossiers.access_ended": (N_("Access ended"), "close"),
    "dossiers.access_requested": (N_("Access asked for"), "key"),
    "intake.handed_in": (N_("Files handed in"), "upload"),
    "intake.processed": (N_("File processed"), "check"),
    "intake.rejected": (N_("File rejected"), "close"),
    "intake.rejection_undone": (N_("Rejection of a file undone"), "undo"),
    "documents.arrived": (N_("Document %(number)s came in"), "document"),
    "documents.amended": (N_("Document changed: version %(version)s"), "edit"),
    "documents.annotated": (N_("Note, tags or payment of a document changed"), "note"),
    "documents.deleted": (N_("Document %(number)s deleted"), "delete"),
    "documents.unlocked": (N_("Document unlocked"), "key"),
    "banking.statement_arrived": (N_("Bank statement came in"), "statement"),
    "approvals.approved": (N_("Approved"), "approve"),
    "approvals.disputed": (N_("Rejected as disputed"), "close"),
    "approvals.not_ours": (N_("Rejected as not theirs"), "close"),
    "approvals.withdrawn": (N_("Decision taken back"), "undo"),
    "approvals.asked_again": (N_("Asked again by the accountant"), "mail"),
    "approvals.handed_over": (N_("Sent to the accountant"), "send"),
    "items.held": (N_("Items held back"), "note"),
    "items.resumed": (N_("Held items go on"), "check"),
    "policies.changed": (N_("Export policy changed"), "settings"),
    "bundles.requested": (N_("Export started (items: %(items)s)"), "exports"),
    "bundles.exported": (N_("Bundle %(number)s made (items: %(items)s)"), "bundle"),
    "bundles.abandoned": (N_("Export given up"), "warning"),
    "bundles.downloaded": (N_("Bundle %(number)s downloaded"), "download"),
    "bundles.delivered_again": (N_("Bundle %(number)s is delivered again"), "send"),
    "bundles.written": (N_("Bundle %(number)s written in part"), "computer"),
    "bundles.confirmed": (N_("Bundle %(number)s written and confirmed"), "check"),
    "bundles.refused": (N_("Bundle %(number)s could not be written"), "warning"),
}
"""Sentence and icon of every action that is recorded in a dossier; tests/architecture compares."""


class _Blank(dict[str, Any]):
    """Details an event does not have are left open."""

    def __missing__(self, key: str) -> str:
        return "–"


def told(event: Any) -> tuple[datetime, str, str, str]:
    """Moment, sentence, who, icon: what the timeline component shows of an audit event."""
    sentence, icon = SENTENCES.get(event.action, (event.action, "note"))
    text = gettext(sentence) % _Blank(
        {name: value for name, value in event.data.items() if value is not None}
    )
    name = str(event.actor.get("name", ""))
    return event.at, text, gettext(N_("policy")) if name == "policy" else name, icon
