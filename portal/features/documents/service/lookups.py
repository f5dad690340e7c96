"""Looking documents up: by id, by company, as far as the actor may."""

from collections.abc import Sequence
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.documents.domain.documents import DocumentFiles
from portal.features.documents.domain.retention import ERASED
from portal.features.documents.models import Document
from portal.features.documents.repository import documents as documents_repository
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import NotFound


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
    found = await documents_repository.one(session, document_id, own_uploads_only(actor))
    if found is None or found.company_id != company_id:
        raise NotFound
    if found.erased_at is not None and not erased:
        raise NotFound(ERASED, code="erased")
    return found


async def by_id(session: ReadSession, document_id: UUID) -> Document | None:
    """One document the session may see; for jobs."""
    return await documents_repository.one(session, document_id)


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Document]:
    """Several documents at once, by id; unseen ones are left out."""
    return await documents_repository.by_ids(session, ids)


async def files_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, DocumentFiles]:
    """What several documents are made of, by id; unseen ones are left out."""
    return await documents_repository.files_of(session, ids)


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[Document]:
    """Final documents of a company in id order, behind `after`: for walking over all of them."""
    return await documents_repository.batch_of_company(session, company_id, after, limit)
