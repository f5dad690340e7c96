"""Whose a dossier is: who sees it, who decides about it, who gives it to somebody. Pure."""

import enum
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.kernel.actor import Actor, Right, Role
from portal.kernel.ids import PersonId
from portal.kernel.language import N_

NOT_YOURS_TO_GIVE = N_("Only a manager or the owner of the office gives a dossier to another file manager.")


class StaffRole(enum.StrEnum):
    """What part somebody of the office has in a dossier."""

    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Managed:
    """Who manages or managed a dossier, from which day, and up to which; None is still."""

    name: str
    since: date
    until: date | None


def assigned_only(actor: Actor) -> PersonId | None:
    """The person whose dossiers alone the actor sees: assistants see those they manage. None: all of the firm.

    A dossier without a manager is therefore seen by owners, managers and accountants, who give it to somebody.
    """
    if actor.role is not Role.ASSISTANT:
        return None
    assert actor.person_id is not None
    return actor.person_id


def is_own(actor: Actor, manager_id: UUID | None) -> bool:
    """Whether the actor decides what only the file manager does: unlocking, the policy, closing the books.

    Owners and managers do in every dossier, accountants in their own: those they manage, and those that nobody manages.
    """
    if not actor.may(Right.UNLOCK):
        return False
    return actor.role is not Role.ACCOUNTANT or manager_id in (None, actor.person_id)


def may_set_manager(actor: Actor, present: UUID | None, wanted: UUID | None) -> bool:
    """Whether the actor may give a dossier to `wanted`, or (None) to nobody; a manager has rights that nobody takes alone.

    Owners and managers give dossiers to anybody; accountants take over those that nobody manages.
    """
    if actor.role in (Role.OWNER, Role.MANAGER):
        return True
    return actor.role is Role.ACCOUNTANT and present is None and wanted == actor.person_id


__all__ = ["StaffRole", "assigned_only", "is_own", "may_set_manager"]
