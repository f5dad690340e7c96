"""Lists of items, and what items call their papers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.audit import service as audit
from portal.features.items.models import DossierItem
from portal.features.items.repository import lists as lists_repository
from portal.kernel.searching import Sought


async def find(
    session: ReadSession, wanted: Sought, *, manager_id: UUID | None, limit: int
) -> Sequence[DossierItem]:
    """The newest items of the firm that are what somebody looks for; of those that a person manages where one is given.

    Of a text without a word of three characters, older ones are found by their whole number alone.
    """
    return await lists_repository.find(session, wanted, manager_id=manager_id, limit=limit)


async def count_ready(session: ReadSession, dossier_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many documents and how many statements are ready to export, by dossier."""
    return await lists_repository.count_ready(session, dossier_ids)


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a document or statement now, and a dossier it is in."""

    name: str
    kind: str
    dossier_id: UUID


async def named(
    session: ReadSession, subjects: Collection[UUID | None], dossier_id: UUID | None = None
) -> dict[UUID, Named]:
    """Names of documents and statements by their ids, in one look; those without an item are left out."""
    wanted = {one for one in subjects if one is not None}
    found: dict[UUID, Named] = {}
    for item in await lists_repository.named(session, wanted, dossier_id):
        subject = item.document_id or item.statement_id
        if subject is not None:
            name = audit.named(item.number, item.counterparty)
            found.setdefault(subject, Named(name, item.kind.value, item.dossier_id))
    return found
