"""The main menu, as a table: what staff see and what members of a company see."""

from dataclasses import dataclass

from portal.kernel.actor import Actor, Right
from portal.kernel.language import N_, gettext


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    label: str
    href: str
    icon: str
    active: bool
    count: int | None = None


STAFF = (
    (N_("Work list"), "/", "work-list", None),
    (N_("Dossiers"), "/dossiers", "dossiers", Right.DOSSIERS_SEE),
    (N_("Exports"), "/exports", "exports", Right.DOSSIERS_SEE),
    (N_("Agents"), "/agents", "agents", Right.AGENTS),
    (N_("History"), "/history", "history", Right.DOSSIERS_SEE),
    (N_("Settings"), "/settings", "settings", Right.FIRM_SETTINGS),
)
MEMBERS = (
    (N_("Home"), "/", "home", None),
    (N_("Approve"), "/approve", "approve", Right.APPROVE),
    (N_("Documents"), "/documents", "documents", Right.DOCUMENTS_SEE),
    (N_("Hand in"), "/hand-in", "upload", Right.UPLOAD),
    (N_("Bank"), "/bank", "bank", Right.DOCUMENTS_SEE),
    (N_("My accountant"), "/my-accountant", "accountant", Right.DOCUMENTS_SEE),
    (N_("History"), "/history", "history", Right.DOCUMENTS_SEE),
)


def entries(actor: Actor, path: str) -> list[Entry]:
    """The menu of whoever is signed in; the entry of the present page is marked."""
    table = STAFF if actor.is_firm else MEMBERS
    return [
        Entry(gettext(label), href, icon, path == href or (href != "/" and path.startswith(href + "/")))
        for label, href, icon, right in table
        if right is None or actor.may(right)
    ]
