"""Approvals: the entrepreneur's word on what may go to the accountant. It is not an order to pay."""

import enum
from typing import ClassVar
from uuid import UUID

from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.events import Event
from portal.kernel.language import N_

LONGEST_REASON = 500
LONGEST_NOTE = 1000
BULK_LIMIT = 500
"""So many documents are decided about in one go."""


class Decision(enum.StrEnum):
    """What an entrepreneur decides."""

    APPROVED = "approved"
    DISPUTED = "disputed"
    NOT_OURS = "not_ours"


STATES = {
    Decision.APPROVED: ApprovalState.APPROVED,
    Decision.DISPUTED: ApprovalState.DISPUTED,
    Decision.NOT_OURS: ApprovalState.NOT_OURS,
}
GONE_STATES = (ItemState.RESERVED, ItemState.BUNDLED, ItemState.DELIVERED)
"""An item in one of these is on its way: what was decided about it stands."""
REJECTIONS = (Decision.DISPUTED, Decision.NOT_OURS)

CHANGED = N_("This document changed meanwhile. Look at it again before you decide.")
NOT_ASKED = N_("Nobody asks for your approval of this document any more.")
BY_SOMEBODY = {
    ApprovalState.APPROVED: N_("%(name)s has approved this document already."),
    ApprovalState.DISPUTED: N_("%(name)s has rejected this document already, as disputed: %(reason)s"),
    ApprovalState.NOT_OURS: N_("%(name)s has rejected this document already, as not yours: %(reason)s"),
}
GONE = N_("This document is on its way to the bookkeeping already. Ask your accountant.")
NOTHING_TO_TAKE_BACK = N_("There is no decision to take back.")
REASON_NEEDED = N_("Say why, in a few words: your accountant reads it.")
REASON_TOO_LONG = N_("This is too long: 500 characters at most.")
TOO_MANY = N_("At most %(limit)s documents at once, please.")
NOTE_TOO_LONG = N_("This is too long: 1000 characters at most.")
NOTHING_READY = N_(
    "Nothing is ready for your accountant yet. Add a note if you want to tell something anyway."
)
NO_ACCOUNTANT = N_("No accountant has access to your documents at the moment.")


class HandedOver(Event, frozen=True, kw_only=True):
    """The entrepreneur sent what is ready to the accountant of one dossier."""

    name: ClassVar[str] = "approvals.handed_over"
    company_id: UUID
    firm_id: UUID
    dossier_id: UUID
    hand_over_id: UUID
