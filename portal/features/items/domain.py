"""Dossier items: the firm's side of every document and statement."""

import enum
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from portal.kernel.kinds import Kind
from portal.kernel.language import N_, with_values
from portal.kernel.machine import machine


class ItemState(enum.StrEnum):
    """Where an item is on its way out."""

    NEW = "new"
    WAITING = "waiting"  # for the entrepreneur's approval
    HELD = "held"  # rejected, or put aside, with a reason
    READY = "ready"  # to export
    RESERVED = "reserved"  # by the open export
    BUNDLED = "bundled"
    DELIVERED = "delivered"
    ASIDE = "aside"  # its document or statement is put aside
    SUPERSEDED = "superseded"  # it stood in two dossiers of the firm; the other one counts


LIVE = frozenset(ItemState) - {ItemState.SUPERSEDED}
"""An item in one of these is the only one of its firm on its document or statement."""
IN_SIGHT = LIVE - {ItemState.ASIDE}
"""What lists show, and counters count, unless they are asked for something else."""

ITEM = machine(
    ItemState.NEW,
    {
        # (migration 0012 superseded what stood in two dossiers, from wherever it was; nothing does since)
        ItemState.NEW: {
            ItemState.WAITING,
            ItemState.HELD,
            ItemState.READY,
            ItemState.ASIDE,
            ItemState.SUPERSEDED,
        },
        ItemState.WAITING: {
            ItemState.READY,
            ItemState.HELD,
            ItemState.RESERVED,
            ItemState.ASIDE,
            ItemState.SUPERSEDED,
        },
        ItemState.HELD: {
            ItemState.READY,
            ItemState.WAITING,
            ItemState.RESERVED,
            ItemState.ASIDE,
            ItemState.SUPERSEDED,
        },
        ItemState.READY: {
            ItemState.WAITING,
            ItemState.HELD,
            ItemState.RESERVED,
            ItemState.ASIDE,
            ItemState.SUPERSEDED,
        },
        # released returns to where it was; a re-export returns to bundled or delivered
        ItemState.RESERVED: {
            ItemState.BUNDLED,
            ItemState.READY,
            ItemState.WAITING,
            ItemState.HELD,
            ItemState.DELIVERED,
            ItemState.SUPERSEDED,
        },
        ItemState.BUNDLED: {
            ItemState.DELIVERED,
            ItemState.RESERVED,
            ItemState.READY,
            ItemState.WAITING,
            ItemState.SUPERSEDED,
        },
        ItemState.DELIVERED: {ItemState.RESERVED, ItemState.READY, ItemState.WAITING, ItemState.SUPERSEDED},
        # brought back: where it was, or where the policy sends it now
        ItemState.ASIDE: {ItemState.WAITING, ItemState.HELD, ItemState.READY, ItemState.SUPERSEDED},
    },
)


class ApprovalState(enum.StrEnum):
    """What the entrepreneur said of the present version."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    APPROVED = "approved"
    DISPUTED = "disputed"
    NOT_OURS = "not_ours"


APPROVAL = machine(
    frozenset({ApprovalState.NOT_NEEDED, ApprovalState.WAITING}),
    {
        ApprovalState.NOT_NEEDED: {ApprovalState.WAITING},
        ApprovalState.WAITING: {
            ApprovalState.APPROVED,
            ApprovalState.DISPUTED,
            ApprovalState.NOT_OURS,
            ApprovalState.NOT_NEEDED,
        },
        # not needed: the document changed, and nobody of the company can answer any more
        ApprovalState.APPROVED: {ApprovalState.WAITING, ApprovalState.NOT_NEEDED},
        ApprovalState.DISPUTED: {ApprovalState.WAITING, ApprovalState.NOT_NEEDED},
        ApprovalState.NOT_OURS: {ApprovalState.WAITING, ApprovalState.NOT_NEEDED},
    },
)


class ExportCandidate(NamedTuple):
    """What of an item decides whether it leaves, and what an export takes of it first: a dossier may have ten thousand of them."""

    id: UUID
    firm_id: UUID
    company_id: UUID
    document_id: UUID | None
    statement_id: UUID | None
    kind: Kind
    version: int
    state: ItemState
    state_reason: str | None
    approval: ApprovalState
    item_date: date
    final_at: datetime
    bundled_version: int | None


class ReservedItem(NamedTuple):
    """What a bundle tells of an item that an open export holds."""

    id: UUID
    company_id: UUID
    document_id: UUID | None
    statement_id: UUID | None
    kind: Kind
    version: int
    number: str
    counterparty: str
    item_date: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    bundle_number: int | None
    bundled_version: int | None


class Due(NamedTuple):
    """A dossier in which something leaves by its policy: from when on, and up to which legal date."""

    firm_id: UUID
    dossier_id: UUID
    until: date | None
    due_at: datetime


ATTACHED = N_(
    "Held because of what is attached (%(names)s). Look at it, then let it leave all the same or put it aside."
)
"""Why an item is held whose attachments are not what they say, where the firm has chosen so. It stands in rows: it never changes."""


def held_reason(names: Sequence[str]) -> str:
    """`ATTACHED` with the names of the attachments, as it is kept (`kernel.language.with_values`)."""
    shown = ", ".join(names[:3]) + (f" + {len(names) - 3}" if len(names) > 3 else "")
    return with_values(ATTACHED, names=shown)


def is_held_for_attachments(state: ItemState, reason: str | None) -> bool:
    """Whether an item waits for a person who has looked at its attachments."""
    return state is ItemState.HELD and (reason or "").startswith(ATTACHED)


HOLDABLE = frozenset({ItemState.NEW, ItemState.WAITING, ItemState.READY, ItemState.HELD})
"""What has left has taken its attachments along: it is never held for them."""

REJECTED = frozenset({ApprovalState.DISPUTED, ApprovalState.NOT_OURS})
"""What the entrepreneur says no with."""
UNAPPROVED = REJECTED | {ApprovalState.WAITING}
"""What leaves only when somebody of the office includes it deliberately."""


def first_states(
    kind: Kind, *, needs_approval: bool, approval_kinds: Collection[str], can_answer: bool
) -> tuple[ItemState, ApprovalState]:
    """Where an item begins: a document waits where the policy asks for approval of its kind; statements never wait.

    Args:
        can_answer: whether somebody of the company may approve; nobody to ask counts as not needed.
    """
    if not can_answer:
        return ItemState.READY, ApprovalState.NOT_NEEDED
    if kind is not Kind.STATEMENT and needs_approval and kind.value in approval_kinds:
        return ItemState.WAITING, ApprovalState.WAITING
    return ItemState.READY, ApprovalState.NOT_NEEDED


def after_change(
    state: ItemState,
    approval: ApprovalState,
    policy_says: tuple[ItemState, ApprovalState],
    *,
    can_answer: bool,
) -> tuple[ItemState, ApprovalState]:
    """Where an item goes when its document changed.

    Whoever was asked before is asked again, whatever the policy says today, unless nobody can answer any more; what was put aside by hand stays aside; what had
    already left is due again. An item that an open export holds is not moved (its document is locked meanwhile).
    """
    if state in (ItemState.RESERVED, ItemState.ASIDE):
        return state, approval
    asked = approval is not ApprovalState.NOT_NEEDED or policy_says[1] is ApprovalState.WAITING
    if asked and can_answer:
        return ItemState.WAITING, ApprovalState.WAITING
    if state is ItemState.HELD and approval not in REJECTED:
        return state, ApprovalState.NOT_NEEDED
    return policy_says


LEFT = N_("It has left in an export: what left stays in the dossier it left from.")
PUT_ASIDE = N_("It is put aside. Bring it back first.")
LEAVING = N_("An export is taking it along just now. Try again when it is done.")


def stays(state: ItemState, bundle_number: int | None) -> str | None:
    """Why an item may not be moved to another dossier; None when it may."""
    if state is ItemState.RESERVED:
        return LEAVING
    if state is ItemState.ASIDE:
        return PUT_ASIDE
    if bundle_number is not None or state in (ItemState.BUNDLED, ItemState.DELIVERED):
        return LEFT
    return None


def after_move(
    state: ItemState, approval: ApprovalState, policy_says: tuple[ItemState, ApprovalState]
) -> tuple[ItemState, ApprovalState]:
    """Where an item stands in another dossier: what was decided or put aside stays so, whoever else is asked is for its policy."""
    if state is ItemState.HELD or approval not in (ApprovalState.NOT_NEEDED, ApprovalState.WAITING):
        return state, approval
    return policy_says


def after_return(
    before: ItemState, approval: ApprovalState, policy_says: tuple[ItemState, ApprovalState]
) -> tuple[ItemState, ApprovalState]:
    """Where an item goes when its paper is brought back: what was decided stays so, the rest is for the policy of today."""
    if approval in (ApprovalState.NOT_NEEDED, ApprovalState.WAITING):
        return policy_says
    return before, approval


DECIDED = {
    ApprovalState.APPROVED: ItemState.READY,
    ApprovalState.DISPUTED: ItemState.HELD,
    ApprovalState.NOT_OURS: ItemState.HELD,
    ApprovalState.WAITING: ItemState.WAITING,
}
"""Where a decision sends an item that is still here."""
