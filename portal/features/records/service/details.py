"""Looking at documents: lists, and one of them with its way to the bookkeeping."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from uuid import UUID

import msgspec

from portal.db.figures import AskTogether, constant
from portal.db.paging import PAGE_SIZE, Page
from portal.db.session import ReadSession
from portal.features.documents.domain.documents import DocumentQuery, Lock
from portal.features.documents.models import Document
from portal.features.documents.service import locks
from portal.features.documents.service.lookups import own_uploads_only
from portal.features.dossiers.service import dossiers
from portal.features.records.domain import Departure, DocumentTrail, Step, furthest, steps
from portal.features.records.repository import lists as lists_repository
from portal.features.records.repository import trails as trails_repository
from portal.features.records.repository.lists import ListedDocument
from portal.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Detail:
    """One document with everything its page shows."""

    document: Document
    locks: Sequence[Lock]
    trails: Sequence[DocumentTrail]
    departures: Sequence[Departure]
    stands_in: UUID | None = None
    """The other dossier of the firm that the document belongs to; None where it is looked at from its own."""

    @property
    def trail(self) -> DocumentTrail | None:
        """The item that is furthest on its way: what the page shows."""
        return furthest(self.trails)

    def steps(self, *, for_staff: bool) -> list[Step]:
        """Its way to the bookkeeping, step by step; members see less of what happens in the office."""
        return steps(
            received_at=self.document.received_at,
            aside_reason=self.document.aside_reason,
            trail=self.trail,
            departures=self.departures,
            for_staff=for_staff,
        )


async def listed(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery, size: int = PAGE_SIZE
) -> Page[ListedDocument]:
    """One page of a company's documents, each with the state of its item."""
    return await lists_repository.page(session, company_id, _for(actor, query), size)


async def state_counts(
    session: ReadSession, actor: Actor, company_id: UUID, query: DocumentQuery
) -> dict[str, int]:
    """How many documents are in each state, whatever states the list is filtered by."""
    return await lists_repository.count_states(session, company_id, _for(actor, query, states=frozenset()))


def _for(actor: Actor, query: DocumentQuery, **changes: frozenset[str]) -> DocumentQuery:
    return msgspec.structs.replace(query, received_by=own_uploads_only(actor), **changes)


async def detail(
    session: ReadSession, document: Document, dossier_id: UUID | None, together: AskTogether
) -> tuple[Detail, SimpleNamespace]:
    """A document with its locks and its way to the bookkeeping: in one dossier, or in all the session sees.

    Args:
        together: asks for what the page needs besides, which is given back.
    """
    found = await together(
        trails=trails_repository.trails(document.id, dossier_id),
        locks=locks.shown(document.id),
        stands_in=trails_repository.stands_in(document.id, dossier_id) if dossier_id else constant(None),
    )
    items = [trail.item_id for trail in found.trails]
    left = await trails_repository.departures(session, items) if dossier_id and items else []
    return Detail(document, found.locks, found.trails, left, found.stands_in), found


async def elsewhere(session: ReadSession, actor: Actor, detail: Detail) -> tuple[UUID, str] | None:
    """The other dossier that a document belongs to and its name, empty where the actor may not see it; None when it is in its own."""
    if detail.stands_in is None:
        return None
    names = await dossiers.names(session, actor, [detail.stands_in])
    return detail.stands_in, names.get(detail.stands_in, ("", None))[0]


def locked_here(detail: Detail) -> bool:
    """Whether an export of the items in sight has locked the document: those can be unlocked here."""
    mine = {trail.item_id for trail in detail.trails}
    return any(lock.item_id in mine and lock.reason == locks.EXPORTED for lock in detail.locks)
