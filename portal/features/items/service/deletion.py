"""Deleting documents, with the items on them: what stands in the way of it."""

from uuid import UUID

from portal.db.figures import Figure, figures
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.banking.models import Statement
from portal.features.banking.service import statements as banking
from portal.features.banking.service.statements import LOCKED as STATEMENT_LOCKED
from portal.features.documents.domain.documents import DocumentState
from portal.features.documents.domain.retention import KEPT, kept_until, must_be_kept
from portal.features.documents.models import Document
from portal.features.documents.service import changes, locks
from portal.features.documents.service.changes import LOCKED, check_right, named
from portal.features.items.repository import items as items_repository
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict
from portal.kernel.language import N_

LEFT = N_("This document has left in an export. It is corrected, not deleted.")
STATEMENT_LEFT = N_("This statement has left in an export: it stays where it is.")


def has_left(paper_id: UUID) -> Figure[bool]:
    """Whether a document or statement is in an export or has left in a bundle, as far as the session sees."""
    return items_repository.left_in(paper_id)


def why_it_stays(*, locked: bool, has_left: bool) -> Conflict | None:
    """Why a document can't be put aside; None when it can."""
    if locked:
        return Conflict(LOCKED, code="locked")
    return Conflict(LEFT, code="exported") if has_left else None


async def aside_hindrance(session: ReadSession, document: Document) -> Conflict | None:
    """Why a document can't be put aside, as far as the session sees; None when it can."""
    found = await figures(session, locks=locks.shown(document.id), has_left=has_left(document.id))
    return why_it_stays(locked=bool(found.locks), has_left=found.has_left)


async def statement_aside_hindrance(session: ReadSession, row: Statement) -> Conflict | None:
    """Why a bank statement can't be put aside, as far as the session sees; None when it can."""
    found = await figures(session, locked=banking.is_locked(row.id), has_left=has_left(row.id))
    return why_statement_stays(locked=found.locked, has_left=found.has_left)


def why_statement_stays(*, locked: bool, has_left: bool) -> Conflict | None:
    """Why a bank statement can't be put aside; None when it can."""
    if locked:
        return Conflict(STATEMENT_LOCKED, code="locked")
    return Conflict(STATEMENT_LEFT, code="exported") if has_left else None


async def delete_hindrance(session: ReadSession, document: Document) -> Conflict | None:
    """Why a document can't be deleted, as far as the session sees; None when it can."""
    return await aside_hindrance(session, document) or why_it_is_kept(session, document)


def why_it_is_kept(session: ReadSession, document: Document) -> Conflict | None:
    """Whether a document that nothing else holds can't be deleted for its age."""
    today = local_date(clock_of(session).now())
    if must_be_kept(document.issue_date, today, draft=document.state is DocumentState.DRAFT):
        return Conflict(KEPT, code="kept", day=f"{kept_until(document.issue_date):%d/%m/%Y}")
    return None


async def delete(
    session: WriteSession, actor: Actor, document: Document, *, dossier_id: UUID | None = None
) -> None:
    """Delete a draft, or an original whose years are over, with the items on it. Its bytes stay until they are swept.

    What this session cannot see (another firm's bundle, a decision) the database's foreign keys know.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), exported (`exported`), to be kept (`kept`), or somebody has decided about it.
    """
    check_right(actor)
    await items_repository.of_paper(session, document.id)
    hindrance = await delete_hindrance(session, document)
    if hindrance is not None:
        raise hindrance
    await changes.remove(session, document)
    await audit.record(
        session,
        actor,
        "documents.deleted",
        "document",
        document.id,
        dossier_id=dossier_id,
        what=named(document),
        kind=document.kind.value,
        number=document.number,
        issue_date=document.issue_date,
        sha256=document.original_sha256,
    )
