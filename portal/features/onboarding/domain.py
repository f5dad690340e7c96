"""What one is invited as, who may invite whom, where an invitation is, and what follows when it is used. Pure."""

import enum
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from portal.kernel.actor import RIGHTS, Right, Role
from portal.kernel.events import Event
from portal.kernel.machine import machine

VALID = timedelta(days=14)
"""How long a link works."""


class InvitationKind(enum.StrEnum):
    """What somebody is invited to.

    CLAIM: to activate and claim the company of a dossier. STAFF: to work at the firm. MEMBER: to join a company that has an owner.
    """

    CLAIM = "claim"
    STAFF = "staff"
    MEMBER = "member"


ROLES: dict[InvitationKind, tuple[Role, ...]] = {
    InvitationKind.CLAIM: (),
    InvitationKind.STAFF: (Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT),
    InvitationKind.MEMBER: (Role.ENTREPRENEUR, Role.APPROVER, Role.CONTRIBUTOR, Role.READER),
}
"""As what one may be invited. Whoever claims a company becomes its entrepreneur: that is no choice."""
RIGHT: dict[InvitationKind, Right] = {
    InvitationKind.CLAIM: Right.DOSSIERS_EDIT,
    InvitationKind.STAFF: Right.FIRM_SETTINGS,
    InvitationKind.MEMBER: Right.MEMBERS,
}
"""The right that inviting needs."""


def roles_to_give(giver: Role | None, kind: InvitationKind) -> tuple[Role, ...]:
    """As what somebody with this role may invite, the first being the mightiest; only an owner makes owners.

    Args:
        giver: None for somebody who is nothing here (any more).
    """
    if giver is None or RIGHT[kind] not in RIGHTS[giver]:
        return ()
    return tuple(role for role in ROLES[kind] if role is not Role.OWNER or giver is Role.OWNER)


class InvitationState(enum.StrEnum):
    """Where an invitation is."""

    NONE = "none"
    SENT = "sent"
    OPENED = "opened"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


INVITATION = machine(
    InvitationState.NONE,
    {
        # A newer invitation, or an owner who activated by another, ends one that has not left yet.
        InvitationState.NONE: {InvitationState.SENT, InvitationState.EXPIRED, InvitationState.WITHDRAWN},
        InvitationState.SENT: {
            InvitationState.OPENED,
            InvitationState.USED,
            InvitationState.EXPIRED,
            InvitationState.WITHDRAWN,
        },
        InvitationState.OPENED: {
            InvitationState.USED,
            InvitationState.EXPIRED,
            InvitationState.WITHDRAWN,
        },
    },
)
OPEN = INVITATION.sources(InvitationState.WITHDRAWN)
"""It may still be used, or is about to leave."""
USABLE = INVITATION.sources(InvitationState.USED)
"""The link of it works."""


class CompanyActivated(Event, frozen=True, kw_only=True):
    """The owner of a company has claimed it: there is somebody to ask."""

    name: ClassVar[str] = "dossiers.company_activated"
    company_id: UUID


class MemberInvited(Event, frozen=True, kw_only=True):
    """The owner of a company has invited somebody to it: the firm of the host lets the letter leave, without seeing to whom."""

    name: ClassVar[str] = "onboarding.member_invited"
    invitation_id: UUID
