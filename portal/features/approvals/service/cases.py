"""What waits for a member, one by one and as a list; who decided what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.approvals import repository
from portal.features.approvals.domain import GONE_STATES, STATES
from portal.features.approvals.repository import Place
from portal.features.audit import service as audit
from portal.features.documents.models import Document
from portal.features.documents.service import lookups
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.language import N_, gettext

LISTED = 200
"""So many waiting documents are listed; deciding about some brings up the next."""
_LEFT = (ItemState.BUNDLED, ItemState.DELIVERED)
_SENTENCES = {
    "approved": (N_("Approved"), "approve"),
    "disputed": (N_("Rejected as disputed: %(reason)s"), "close"),
    "not_ours": (N_("Rejected as not theirs: %(reason)s"), "close"),
    "approvals.withdrawn": (N_("Decision taken back"), "undo"),
    "approvals.asked_again": (N_("Asked again by the accountant"), "mail"),
    "documents.amended": (N_("Document changed: version %(version)s"), "edit"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One document before the person who decides.

    Attributes:
        place: where it stands in the queue; None when it does not wait (any more).
        following: the document to go to next; None when nothing else waits.
        said: the decision that stands, if there is one.
        left: the accountant has exported it without waiting for the approval.
        may_take_back: there is a decision, and the document is still here.
    """

    document: Document
    place: Place | None
    following: UUID | None
    said: DossierItem | None
    left: bool
    may_take_back: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """The list of what waits, most urgent first; `total` counts also what is not listed."""

    documents: Sequence[Document]
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """One moment in the story of a document's approval."""

    at: datetime
    text: str
    who: str
    icon: str


async def queue(session: ReadSession, search: str = "", limit: int = LISTED) -> Queue:
    """What waits for the company's approval; in a member's scope."""
    return Queue(*await repository.waiting(session, search, limit))


async def first(session: ReadSession) -> UUID | None:
    """The document to begin with."""
    return await repository.first(session)


async def following(session: ReadSession, document_id: UUID) -> UUID | None:
    """The document that waits behind this one, or the first one; None when nothing else waits."""
    return await repository.following(session, document_id)


async def case(session: ReadSession, actor: Actor, document_id: UUID) -> Case:
    """One document of the member's company, with its place in the queue and what was said of it.

    Raises:
        NotFound: unknown, or another company's.
    """
    if actor.company_id is None:
        raise NotFound
    document = await lookups.document(session, actor, actor.company_id, document_id)
    place = await repository.place(session, document_id)
    found = await moves.of_document(session, document_id)
    said = next((item for item in found if item.approval in STATES.values()), None)
    return Case(
        document=document,
        place=place,
        following=(place.next if place else None) or await repository.following(session, document_id),
        said=said,
        left=any(item.state in _LEFT and item.approval is ApprovalState.WAITING for item in found),
        may_take_back=said is not None
        and any(item.approval in STATES.values() and item.state not in GONE_STATES for item in found),
    )


async def paper(session: ReadSession, actor: Actor, document_id: UUID) -> Document:
    """One document of the member's company.

    Raises:
        NotFound: unknown, another company's, or not this contributor's.
    """
    if actor.company_id is None:
        raise NotFound
    return await lookups.document(session, actor, actor.company_id, document_id)


async def paper_in(session: ReadSession, actor: Actor, dossier: Dossier, document_id: UUID) -> Document:
    """One document of a dossier that the caller has opened.

    Raises:
        NotFound: unknown, or of another company.
    """
    return await lookups.document(session, actor, dossier.company_id, document_id)


async def papers(session: ReadSession, ids: Sequence[UUID]) -> list[Document]:
    """Several documents the session may see, in this order."""
    found = await lookups.by_ids(session, ids)
    return [found[document_id] for document_id in ids if document_id in found]


async def may_ask_again(session: ReadSession, dossier: Dossier, document_id: UUID) -> bool:
    """Whether a dossier's item on a document has a decision that can still be asked for again."""
    item = await moves.of_subject(session, dossier.id, document_id=document_id)
    return item is not None and item.approval in STATES.values() and item.state not in GONE_STATES


async def history(session: ReadSession, document_id: UUID) -> list[Step]:
    """Who decided what about a document, and what made it be asked again; oldest first.

    For members of the company, and for a firm that has opened it.
    """
    steps = [
        (made.decided_at, made.decision.value, made.decided_by_name, {"reason": made.reason})
        for made in await repository.decisions(session, document_id)
    ]
    seen: set[tuple[datetime, str]] = set()
    for event in await audit.history_of(session, document_id):
        if event.action in _SENTENCES and (event.at, event.action) not in seen:
            seen.add((event.at, event.action))  # one taking back tells of every dossier
            steps.append((event.at, event.action, str(event.actor.get("name", "")), event.data))
    told = [
        Step(
            at,
            gettext(_SENTENCES[what][0]) % {"reason": "–", "version": "–", **data},
            who,
            _SENTENCES[what][1],
        )
        for at, what, who, data in steps
    ]
    return sorted(told, key=lambda step: step.at)
