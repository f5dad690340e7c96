"""Approvals: the entrepreneur's word on what may go to the accountant. It is not an order to pay."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.events import Event
from portal.kernel.language import N_

LONGEST_REASON = 500
LONGEST_NOTE = 1000
BULK_LIMIT = 500
"""So many documents are decided about in one go."""


MAIL_HOURS = range(8, 20)
"""Hours in Brussels. The mail is of what waits at the first of them; a worker that was away catches up until the last."""
REMIND_AGAIN = timedelta(days=7)
"""The same pile, at which nobody looked, is told of once a week."""


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """One document that waits: since when, and when the person last had the company's pile before their eyes."""

    since: datetime
    looked_at: datetime | None


def needs_reminder(waits: Sequence[WaitingDocument], told_at: datetime | None, now: datetime) -> bool:
    """Whether a person is written to: something waits that they have not seen, and no mail has told of it lately."""
    unseen = [one.since for one in waits if one.looked_at is None or one.looked_at < one.since]
    if not unseen:
        return False
    return told_at is None or max(unseen) >= told_at or now - told_at >= REMIND_AGAIN


class Decision(enum.StrEnum):
    """What an entrepreneur may say of a document that waits."""

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
GONE = N_("This document was taken along for the bookkeeping already. Ask your accountant.")
NOBODY_TO_ASK = N_("Nobody of this company can approve: nobody has activated it, or nobody has the right.")
NOTHING_TO_TAKE_BACK = N_("There is no decision to take back.")
REASON_NEEDED = N_("Say why, in a few words: your accountant reads it.")
REASON_TOO_LONG = N_("This is too long: 500 characters at most.")
TOO_MANY = N_("At most %(limit)s documents at once, please.")
NOTE_TOO_LONG = N_("This is too long: 1000 characters at most.")
NOTHING_READY = N_(
    "Nothing is ready for your accountant yet. Add a note if you want to tell something anyway."
)
NO_ACCOUNTANT = N_("No accountant has access to your documents at the moment.")


class Said(enum.StrEnum):
    """What a client says that somebody of the office should read."""

    REJECTED = "rejected"
    NOTE = "note"
    ANSWERED = "answered"


PUT_ASIDE, STATEMENT_PUT_ASIDE = "put_aside", "statement_put_aside"
"""What a client did, where it is no decision: of a statement the notice's `file_id` is its id."""


class ClientSaid(Event, frozen=True, kw_only=True):
    """A client rejected a document, or answered what the office had asked, in one dossier."""

    name: ClassVar[str] = "approvals.client_said"
    company_id: UUID
    firm_id: UUID
    dossier_id: UUID
    document_id: UUID
    kind: Said
    decision: Decision
    what: str
    text: str


class ClientTookBack(Event, frozen=True, kw_only=True):
    """A client took back what they had said of a document."""

    name: ClassVar[str] = "approvals.took_back"
    company_id: UUID
    document_id: UUID


class HandedOver(Event, frozen=True, kw_only=True):
    """The entrepreneur sent what is ready to the accountant of one dossier."""

    name: ClassVar[str] = "approvals.handed_over"
    company_id: UUID
    firm_id: UUID
    dossier_id: UUID
    hand_over_id: UUID
