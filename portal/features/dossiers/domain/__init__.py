"""Dossiers: a firm's file on a company, and its access to it."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from portal.features.dossiers.domain.managing import StaffRole, assigned_only, is_own, may_set_manager
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime, regime_on, with_regime
from portal.kernel.events import Event
from portal.kernel.machine import machine


class Access(enum.StrEnum):
    """Whether the firm may see the company through this dossier."""

    MANAGED = "managed"  # the firm brought an unclaimed company
    REQUESTED = "requested"  # the company is claimed; its owner has not answered yet
    GRANTED = "granted"
    DECLINED = "declined"
    ENDED = "ended"


ACCESS = machine(
    frozenset({Access.MANAGED, Access.REQUESTED}),
    {
        Access.MANAGED: {Access.GRANTED, Access.ENDED},  # granted when the owner claims and agrees
        Access.REQUESTED: {Access.GRANTED, Access.DECLINED},
        Access.GRANTED: {Access.ENDED},
        Access.DECLINED: {Access.REQUESTED},
        Access.ENDED: {Access.REQUESTED},
    },
)
OPEN_ACCESS = frozenset({Access.MANAGED, Access.GRANTED})
"""With these the firm sees the company's data."""


class InvitationState(enum.StrEnum):
    """Where an invitation is."""

    NONE = "none"
    SENT = "sent"
    OPENED = "opened"
    USED = "used"
    EXPIRED = "expired"


INVITATION = machine(
    InvitationState.NONE,
    {
        # A newer invitation, or an owner who activated by another, ends one that has not left yet.
        InvitationState.NONE: {InvitationState.SENT, InvitationState.EXPIRED},
        InvitationState.SENT: {InvitationState.OPENED, InvitationState.USED, InvitationState.EXPIRED},
        InvitationState.OPENED: {InvitationState.USED, InvitationState.EXPIRED},
    },
)


class ImportState(enum.StrEnum):
    """Where an Excel import is."""

    PREVIEWED = "previewed"
    ACCEPTING = "accepting"  # its rows are carried out, batch by batch
    ACCEPTED = "accepted"


def titled(name: str, activity: str | None) -> str:
    """A dossier's name for people, wherever it is shown: two on one company differ by their activity."""
    return f"{name} · {activity}" if activity else name


def place_of(open_dossiers: Mapping[UUID, datetime], handed_in: UUID | None) -> UUID:
    """Which of one firm's open dossiers on a company a paper belongs to: where it was handed in, else the first one made.

    `portal.db.placing` and the database function `dossier_for` say the same.

    Args:
        open_dossiers: when each was made, by its id.
    """
    return min(open_dossiers, key=lambda one: (one != handed_in, open_dossiers[one], one))


class DossierOpened(Event, frozen=True, kw_only=True):
    """A firm may now see a company it could not see before: managed at creation, or granted by the owner."""

    name: ClassVar[str] = "dossiers.opened"
    dossier_id: UUID
    company_id: UUID


class CompanyActivated(Event, frozen=True, kw_only=True):
    """The owner of a company has claimed it: there is somebody to ask."""

    name: ClassVar[str] = "dossiers.company_activated"
    company_id: UUID


class AccessEnded(Event, frozen=True, kw_only=True):
    """A firm's sight of a company stopped."""

    name: ClassVar[str] = "dossiers.access_ended"
    dossier_id: UUID
    company_id: UUID


class AccessRequested(Event, frozen=True, kw_only=True):
    """A firm asks the owner of a claimed company for access; it sees nothing of it meanwhile."""

    name: ClassVar[str] = "dossiers.access_requested"
    dossier_id: UUID
    company_id: UUID


__all__ = [
    "ACCESS",
    "INVITATION",
    "OPEN_ACCESS",
    "Access",
    "AccessEnded",
    "AccessRequested",
    "CompanyActivated",
    "DossierOpened",
    "ImportState",
    "InvitationState",
    "RegimeFrom",
    "StaffRole",
    "VatRegime",
    "assigned_only",
    "is_own",
    "may_set_manager",
    "place_of",
    "regime_on",
    "titled",
    "with_regime",
]
