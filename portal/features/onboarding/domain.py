"""Where an invitation is, and what follows when it is used."""

import enum
from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event
from portal.kernel.machine import machine


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


class CompanyActivated(Event, frozen=True, kw_only=True):
    """The owner of a company has claimed it: there is somebody to ask."""

    name: ClassVar[str] = "dossiers.company_activated"
    company_id: UUID
