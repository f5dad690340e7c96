"""Dossier items: the firm's side of every document and statement."""

import enum
from collections.abc import Collection
from uuid import UUID

import msgspec

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


ITEM = machine(
    ItemState.NEW,
    {
        ItemState.NEW: {ItemState.WAITING, ItemState.HELD, ItemState.READY},
        ItemState.WAITING: {ItemState.READY, ItemState.HELD, ItemState.RESERVED},
        ItemState.HELD: {ItemState.READY, ItemState.WAITING, ItemState.RESERVED},
        ItemState.READY: {ItemState.WAITING, ItemState.HELD, ItemState.RESERVED},
        # released returns to where it was; a re-export returns to bundled or delivered
        ItemState.RESERVED: {
            ItemState.BUNDLED,
            ItemState.READY,
            ItemState.WAITING,
            ItemState.HELD,
            ItemState.DELIVERED,
        },
        ItemState.BUNDLED: {ItemState.DELIVERED, ItemState.RESERVED, ItemState.READY, ItemState.WAITING},
        ItemState.DELIVERED: {ItemState.RESERVED, ItemState.READY, ItemState.WAITING},
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
        ApprovalState.APPROVED: {ApprovalState.WAITING},
        ApprovalState.DISPUTED: {ApprovalState.WAITING},
        ApprovalState.NOT_OURS: {ApprovalState.WAITING},
    },
)


class ItemKind(enum.StrEnum):
    """The document kinds, and the statement."""

    SALES_INVOICE = "sales_invoice"
    SALES_CREDIT_NOTE = "sales_credit_note"
    PURCHASE_INVOICE = "purchase_invoice"
    PURCHASE_CREDIT_NOTE = "purchase_credit_note"
    EXPENSE_RECEIPT = "expense_receipt"
    OTHER = "other"
    STATEMENT = "statement"


class ItemQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of items shows. Empty sets filter nothing; `sort` is one of date, received, counterparty.

    `managed_by`: only items of the dossiers that this person manages.
    """

    dossier_id: UUID | None = None
    managed_by: UUID | None = None
    states: frozenset[ItemState] = frozenset()
    kinds: frozenset[ItemKind] = frozenset()
    approvals: frozenset[ApprovalState] = frozenset()
    documents_only: bool = False
    search: str = ""
    sort: str = "date"
    descending: bool = True
    cursor: str | None = None


def first_states(
    kind: ItemKind, *, needs_approval: bool, approval_kinds: Collection[str]
) -> tuple[ItemState, ApprovalState]:
    """Where an item begins: a document waits where the policy asks for approval of its kind; statements never wait."""
    if kind is not ItemKind.STATEMENT and needs_approval and kind.value in approval_kinds:
        return ItemState.WAITING, ApprovalState.WAITING
    return ItemState.READY, ApprovalState.NOT_NEEDED


def after_change(
    state: ItemState, approval: ApprovalState, policy_says: tuple[ItemState, ApprovalState]
) -> tuple[ItemState, ApprovalState]:
    """Where an item goes when its document changed.

    Whoever was asked before is asked again, whatever the policy says today; what was put aside by hand stays aside; what had
    already left is due again. An item that an open export holds is not moved (its document is locked meanwhile).
    """
    if state is ItemState.RESERVED:
        return state, approval
    if approval is not ApprovalState.NOT_NEEDED or policy_says[1] is ApprovalState.WAITING:
        return ItemState.WAITING, ApprovalState.WAITING
    if state is ItemState.HELD:
        return state, approval
    return policy_says


DECIDED = {
    ApprovalState.APPROVED: ItemState.READY,
    ApprovalState.DISPUTED: ItemState.HELD,
    ApprovalState.NOT_OURS: ItemState.HELD,
    ApprovalState.WAITING: ItemState.WAITING,
}
"""Where a decision sends an item that is still here."""
