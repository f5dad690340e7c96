"""Locks: an exported document cannot change. The trigger in the database enforces it, whoever asks."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain.documents import Lock
from portal.features.documents.models import DocumentLock
from portal.features.documents.repository import documents as documents_repository
from portal.features.documents.repository.documents import NewLock
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict
from portal.kernel.language import N_

EXPORTING = "exporting"
EXPORTED = "exported"
BEING_CHANGED = N_("A document is being changed at this moment. Try again in a few seconds.")


async def lock_for_export(session: WriteSession, _actor: Actor, items: Sequence[Any], bundle: int) -> None:
    """Lock the papers of items that an export has just reserved, so that what is built is what was chosen.

    An item whose paper is locked already keeps that lock. Taking a lock takes the document's row first: an edit under way either
    finishes before, and is then seen here by its version, or meets the lock.

    Args:
        items: dossier items (of the slice above): id, firm_id, company_id, document_id, statement_id, version.

    Raises:
        Conflict: a document has changed and its item has not heard of it yet (`busy`).
    """
    await documents_repository.add_locks(
        session,
        [
            NewLock(item.company_id, item.firm_id, item.id, item.document_id, item.statement_id)
            for item in items
        ],
        bundle=bundle,
        reason=EXPORTING,
        since=clock_of(session).now(),
    )
    expected = {item.document_id: item.version for item in items if item.document_id is not None}
    if await documents_repository.has_changed(session, expected):
        raise Conflict(BEING_CHANGED, code="busy")


async def keep_export_locks(session: WriteSession, item_ids: Iterable[UUID]) -> None:
    """The export is finished under a policy that locks: its locks stand."""
    await documents_repository.keep_locks(session, item_ids, EXPORTED)


async def release_export_locks(session: WriteSession, item_ids: Iterable[UUID]) -> None:
    """The export was abandoned, or its policy does not lock: only locks of the open export go, earlier ones stay."""
    await documents_repository.drop_locks(session, item_ids, EXPORTING)


async def of_document(session: ReadSession, document_id: UUID) -> Sequence[DocumentLock]:
    """Why a document cannot change, oldest first; empty when it can."""
    return await documents_repository.locks(session, document_id)


def shown(document_id: UUID) -> Figure[list[Lock]]:
    """As `of_document`, to be shown along with other things."""
    return documents_repository.locks_of(document_id)


async def lift(session: WriteSession, item_ids: Iterable[UUID]) -> None:
    """Lift the locks that finished exports put on items."""
    await documents_repository.drop_locks(session, item_ids, EXPORTED)
