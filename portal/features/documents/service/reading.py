"""Looking at documents: lists, one of them, and the form of an entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.documents import repository
from portal.features.documents.domain import KIND_NAMES, RATES, DocumentQuery
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.repository import Departure, ListedDocument, Way
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import NotFound
from portal.kernel.language import capitalised, gettext

ITEM_ORDER = ("new", "waiting", "held", "ready", "reserved", "bundled", "delivered")
"""States of items from the beginning of their way to its end."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One document with everything its page shows."""

    document: Document
    locks: Sequence[DocumentLock]
    ways: Sequence[Way]
    departures: Sequence[Departure]

    @property
    def way(self) -> Way | None:
        """The item that is furthest on its way: what the page shows."""
        return max(self.ways, key=lambda way: ITEM_ORDER.index(way.state), default=None)


def own_uploads_only(actor: Actor) -> UUID | None:
    """The person whose uploads alone an actor sees; None for everybody who sees all of a company."""
    return actor.person_id if actor.role is Role.CONTRIBUTOR else None


async def document(session: ReadSession, actor: Actor, company_id: UUID, document_id: UUID) -> Document:
    """One document of a company.

    Raises:
        NotFound: unknown, another company's, or not this contributor's.
    """
    found = await repository.one(session, document_id, own_uploads_only(actor))
    if found is None or found.company_id != company_id:
        raise NotFound
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
    return Detail(document, await repository.locks(session, document.id), ways, left)


def locked_here(detail: Detail) -> bool:
    """Whether an export of the items in sight has locked the document: those can be unlocked here."""
    mine = {way.item_id for way in detail.ways}
    return any(lock.item_id in mine and lock.reason == "exported" for lock in detail.locks)


class _Answers(dict[str, str]):
    """Values by field; a field without one is empty, so that a template may ask for any."""

    def __missing__(self, key: str) -> str:
        return ""


COUNTRIES = ("BE", "NL", "FR", "DE", "LU")


def entry_context(values: Mapping[str, str], faults: Mapping[str, str]) -> dict[str, Any]:
    """What the form of an entry needs: values as typed, faults and choices in the reader's language."""
    return {
        "values": _Answers(values),
        "errors": _Answers({name: gettext(message) for name, message in faults.items()}),
        "kinds": [(kind.value, capitalised(gettext(name))) for kind, name in KIND_NAMES.items()],
        "rates": [str(rate) for rate in RATES],
        "countries": [
            (code, code) for code in dict.fromkeys((*COUNTRIES, values.get("counterparty_country") or "BE"))
        ],
    }
