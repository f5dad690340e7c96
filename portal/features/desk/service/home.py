"""The start page of a member of a company."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.db.session import ReadSession
from portal.features.approvals.service import cases, handovers
from portal.features.approvals.service.handovers import Ready
from portal.features.documents.domain.documents import DocumentQuery
from portal.features.documents.models import Document
from portal.features.records.service import details
from portal.features.records.service.details import ListedDocument
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden

LATELY = 5
"""So many documents of each kind the page shows."""


@dataclass(frozen=True, slots=True)
class Home:
    """The start page of a member.

    Attributes:
        waiting: the first documents that wait for approval; empty for those who may not approve.
        waiting_total: how many wait in all.
        ready: what may go to the accountant; None for those who may not send.
        exported: documents that went to the bookkeeping lately.
        arrived: documents that came in lately and are still here; without those that wait for the reader, who sees them above.
    """

    waiting: Sequence[Document]
    waiting_total: int
    ready: Ready | None
    exported: Sequence[ListedDocument]
    arrived: Sequence[ListedDocument]


async def home(session: ReadSession, actor: Actor) -> Home:
    """Everything the start page of a member shows; in the member's scope."""
    if actor.company_id is None:
        raise Forbidden
    may_approve = actor.may(Right.APPROVE)
    waiting = await cases.queue(session, limit=3) if may_approve else None
    out = DocumentQuery(states=frozenset({"bundled", "delivered"}), sort="received")
    still_here = {"new", "held", "disputed", "not_ours", "ready", "approved", "reserved"}
    if not may_approve:
        still_here.add("waiting")
    here = DocumentQuery(states=frozenset(still_here), sort="received")
    return Home(
        waiting=waiting.documents if waiting else [],
        waiting_total=waiting.total if waiting else 0,
        ready=await handovers.ready(session, actor, waiting=waiting.total if waiting else None)
        if actor.may(Right.SEND)
        else None,
        exported=(await details.listed(session, actor, actor.company_id, out, LATELY)).rows,
        arrived=(await details.listed(session, actor, actor.company_id, here, LATELY)).rows,
    )
