"""Amending, annotating and deleting documents."""

from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents import repository
from portal.features.documents.domain import AMENDABLE, DocumentChanged, Entry, PaymentState
from portal.features.documents.models import Document
from portal.features.documents.service.arriving import TOO_LARGE, too_large_amounts
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_

LOCKED = N_("This document is locked: it was exported. Only the accountant can unlock it.")
RECEIVED = N_("This document came from its issuer as data. Only the issuer corrects it, with a credit note.")
LEFT = N_("This document has left in an export. It is corrected, not deleted.")
KEY_TAKEN = N_("Another document has this supplier, number and date already.")
MOVED_ON = N_("Somebody changed this document while you had it open. Look at it again.")


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """What may always change, also on a locked document; None leaves a thing as it is."""

    tags: list[str] | None = None
    note: str | None = None
    payment_state: PaymentState | None = None


def _check_right(actor: Actor) -> None:
    if actor.agent_id is None and not actor.may(Right.UPLOAD):
        raise Forbidden


async def check_amendable(session: ReadSession, actor: Actor, document: Document) -> None:
    """Whether the accounting data of a document may be corrected by this actor now.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), or sent as data by its issuer (`received`).
    """
    _check_right(actor)
    if await repository.locks(session, document.id):
        raise Conflict(LOCKED, code="locked")
    if document.origin not in AMENDABLE:
        raise Conflict(RECEIVED, code="received")


async def amend(
    session: WriteSession,
    actor: Actor,
    document: Document,
    entry: Entry,
    *,
    us: str,
    dossier_id: UUID | None = None,
) -> Document:
    """Correct what a person had typed; the new version is told to everybody who acted on the old one.

    Nothing happens when nothing differs.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), sent as data by its issuer (`received`), changed meanwhile, or a duplicate (`duplicate`).
        Invalid: an amount that does not fit.
    """
    await check_amendable(session, actor, document)
    columns = entry.columns(us)
    if too_large_amounts(columns):
        raise Invalid(TOO_LARGE, code="amount_too_large")
    before = {name: getattr(document, name) for name in columns}
    changed = [name for name, value in columns.items() if before[name] != value]
    if not changed:
        return document
    key = columns["duplicate_key"]
    if isinstance(key, str) and key != document.duplicate_key:
        there = await repository.with_key(session, document.company_id, key)
        if there is not None:
            raise Conflict(KEY_TAKEN, code="duplicate")
    new = await repository.change(
        session,
        document.id,
        document.version,
        {**columns, "version": document.version + 1, "changed_at": clock_of(session).now()},
    )
    if new is None:
        raise Conflict(MOVED_ON, code="changed")
    await audit.record(
        session,
        actor,
        "documents.amended",
        "document",
        document.id,
        dossier_id=dossier_id,
        version=new.version,
        changed=sorted(changed),
        before={name: str(before[name]) for name in changed if name != "tax_subtotals"},
    )
    await publish(
        session,
        actor,
        DocumentChanged(company_id=new.company_id, document_id=new.id, version=new.version),
    )
    return new


async def annotate(
    session: WriteSession, actor: Actor, document: Document, annotation: Annotation
) -> Document:
    """Tags, note and payment state: never part of the books, so they may change on a locked document too.

    Raises:
        Forbidden: the actor may not process documents.
    """
    _check_right(actor)
    values = {
        name: value
        for name, value in msgspec.structs.asdict(annotation).items()
        if value is not None and value != getattr(document, name)
    }
    if not values:
        return document
    new = await repository.change(session, document.id, document.version, values)
    if new is None:
        raise Conflict(MOVED_ON, code="changed")
    await audit.record(session, actor, "documents.annotated", "document", document.id, changed=sorted(values))
    return new


async def delete_hindrance(session: ReadSession, document: Document) -> Conflict | None:
    """Why a document can't be deleted, as far as the session sees; None when it can."""
    if await repository.locks(session, document.id):
        return Conflict(LOCKED, code="locked")
    if await repository.left_in(session, document.id):
        return Conflict(LEFT, code="exported")
    return None


async def delete(
    session: WriteSession, actor: Actor, document: Document, *, dossier_id: UUID | None = None
) -> None:
    """Delete a document that has left in no bundle, with the items on it. Its bytes stay until they are swept.

    What this session cannot see (another firm's bundle, a decision) the database's foreign keys know.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), exported (`exported`), or somebody has decided about it.
    """
    _check_right(actor)
    await repository.lock_items(session, document.id)
    hindrance = await delete_hindrance(session, document)
    if hindrance is not None:
        raise hindrance
    if not await repository.delete(session, document.id):
        raise Conflict(MOVED_ON, code="changed")
    await audit.record(
        session,
        actor,
        "documents.deleted",
        "document",
        document.id,
        dossier_id=dossier_id,
        kind=document.kind.value,
        number=document.number,
        issue_date=document.issue_date,
        sha256=document.original_sha256,
    )
