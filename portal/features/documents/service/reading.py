"""Looking at documents: lists, one of them, and the form of an entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.documents import repository
from portal.features.documents.domain import ERASED, DocumentQuery
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.repository import Departure, ListedDocument, Way
from portal.features.dossiers import service as dossiers
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import NotFound

ITEM_ORDER = ("superseded", "aside", "new", "waiting", "held", "ready", "reserved", "bundled", "delivered")
"""States of items from the beginning of their way to its end."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One document with everything its page shows."""

    document: Document
    locks: Sequence[DocumentLock]
    ways: Sequence[Way]
    departures: Sequence[Departure]
    stands_in: UUID | None = None
    """The other dossier of the firm that the document belongs to; None where it is looked at from its own."""

    @property
    def way(self) -> Way | None:
        """The item that is furthest on its way: what the page shows."""
        return max(self.ways, key=lambda way: ITEM_ORDER.index(way.state), default=None)


def own_uploads_only(actor: Actor) -> UUID | None:
    """The person whose uploads alone an actor sees; None for everybody who sees all of a company."""
    return actor.person_id if actor.role is Role.CONTRIBUTOR else None


def is_visible(actor: Actor, document: Document) -> bool:
    """Whether an actor who sees the company sees this document of it."""
    own = own_uploads_only(actor)
    return own is None or document.received_by == own


async def document(
    session: ReadSession, actor: Actor, company_id: UUID, document_id: UUID, *, erased: bool = False
) -> Document:
    """One document of a company.

    Args:
        erased: whoever asks can show what is left of one that was erased.

    Raises:
        NotFound: unknown, another company's, not this contributor's, or erased (`erased`).
    """
    found = await repository.one(session, document_id, own_uploads_only(actor))
    if found is None or found.company_id != company_id:
        raise NotFound
    if found.erased_at is not None and not erased:
        raise NotFound(ERASED, code="erased")
    return found


async def by_id(session: ReadSession, document_id: UUID) -> Document | None:
    """One document the session may see; for jobs."""
    return await repository.one(session, document_id)


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Document]:
    """Several documents at once, by id; unseen ones are left out."""
    return await repository.by_ids(session, ids)


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[Document]:
    """Final documents of a company in id order, behind `after`: for walking over all of them."""
    return await repository.batch_of_company(session, company_id, after, limit)


async def listed(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery
) -> Page[ListedDocument]:
    """One page of a company's documents, each with the state of its item."""
    return await repository.page(session, company_id, _for(actor, query))


async def state_counts(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery
) -> dict[str, int]:
    """How many documents are in each state, whatever states the list is filtered by."""
    return await repository.count_states(session, company_id, _for(actor, query, states=frozenset()))


def _for(actor: Actor, query: DocumentQuery, **changes: frozenset[str]) -> DocumentQuery:
    return msgspec.structs.replace(query, received_by=own_uploads_only(actor), **changes)


async def detail(session: ReadSession, document: Document, dossier_id: UUID | None) -> Detail:
    """A document with its locks and its way to the bookkeeping: in one dossier, or in all the session sees."""
    ways = await repository.ways(session, document.id, dossier_id)
    left = await repository.departures(session, [way.item_id for way in ways]) if dossier_id else []
    elsewhere = await repository.stands_in(session, document.id, dossier_id) if dossier_id else None
    return Detail(document, await repository.locks(session, document.id), ways, left, elsewhere)


async def elsewhere(session: ReadSession, actor: Actor, detail: Detail) -> tuple[UUID, str] | None:
    """The other dossier that a document belongs to and its name, empty where the actor may not see it; None when it is in its own."""
    if detail.stands_in is None:
        return None
    names = await dossiers.names(session, actor, [detail.stands_in])
    return detail.stands_in, names.get(detail.stands_in, ("", None))[0]


def locked_here(detail: Detail) -> bool:
    """Whether an export of the items in sight has locked the document: those can be unlocked here."""
    mine = {way.item_id for way in detail.ways}
    return any(lock.item_id in mine and lock.reason == "exported" for lock in detail.locks)
