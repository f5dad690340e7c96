"""Dossier items: the firm's side of every document and statement."""

import enum

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
        ItemState.DELIVERED: {ItemState.RESERVED, ItemState.BUNDLED, ItemState.READY, ItemState.WAITING},
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
