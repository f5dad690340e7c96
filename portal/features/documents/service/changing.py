"""Amending, annotating and deleting documents."""

from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents import repository
from portal.features.documents.domain import (
    AMENDABLE,
    KEPT,
    Annotation,
    DocumentChanged,
    DocumentState,
    EntryPatch,
    annotation_faults,
    completed,
    document_patch,
    entry_findings,
    kept_until,
    key_beside,
    merge,
    must_be_kept,
)
from portal.features.documents.models import Document
from portal.features.documents.service.arriving import TOO_LARGE, too_large_amounts
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_

LOCKED = N_("This document is locked: it was exported. Only the accountant can unlock it.")
RECEIVED = N_("This document came from its issuer as data. Only the issuer corrects it, with a credit note.")
LEFT = N_("This document has left in an export. It is corrected, not deleted.")
PUT_ASIDE = N_("This document is put aside. Bring it back first.")
KEYS_OF_OURS = frozenset({"duplicate_key", "references"})
"""Columns that people do not know as fields."""
KEY_TAKEN = N_("Another document has this supplier, number and date already.")
MOVED_ON = N_("Somebody changed this document while you had it open. Look at it again.")


class Overtaken(Conflict):
    """Two people annotated a document at the same time, and differently; nothing of the second one was saved.

    Attributes:
        clashes: what both changed: tags, note, payment_state.
        touched: what the second one changed, clash or not.
    """

    code = "changed"
    message = N_("Somebody else saved this while you were writing. Compare the two, then save again.")

    def __init__(self, clashes: tuple[str, ...], touched: frozenset[str]) -> None:
        super().__init__()
        self.clashes = clashes
        self.touched = touched


def named(document: Document) -> str:
    """What people call a document: its number and whose it is."""
    return audit.named(document.number, document.counterparty_name)


def _check_right(actor: Actor) -> None:
    if not actor.may(Right.UPLOAD):
        raise Forbidden


async def check_amendable(session: ReadSession, actor: Actor, document: Document) -> None:
    """Whether the accounting data of a document may be corrected by this actor now.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), put aside (`aside`), or sent as data by its issuer (`received`).
    """
    _check_right(actor)
    if await repository.locks(session, document.id):
        raise Conflict(LOCKED, code="locked")
    if document.aside_at is not None:
        raise Conflict(PUT_ASIDE, code="aside")
    if document.origin not in AMENDABLE:
        raise Conflict(RECEIVED, code="received")


async def amend(
    session: WriteSession,
    actor: Actor,
    document: Document,
    patch: EntryPatch,
    *,
    us: str,
    dossier_id: UUID | None = None,
) -> Document:
    """Correct what a person had typed; the new version is told to everybody who acted on the old one.

    Nothing happens when nothing differs.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), sent as data by its issuer (`received`), changed meanwhile, or a duplicate (`duplicate`).
        Invalid: what is said does not go with what stands, with every fault by its field; or an amount that does not fit.
    """
    await check_amendable(session, actor, document)
    entry = completed(patch, document_patch(document))
    columns = entry.columns(us)
    if too_large_amounts(columns):
        raise Invalid(TOO_LARGE, code="amount_too_large")
    key = columns["duplicate_key"]
    if isinstance(key, str) and (document.duplicate_key or "").startswith(key_beside(key, "") or ""):
        columns["duplicate_key"] = key = document.duplicate_key  # it stays beside the one it was kept beside
    before = {name: getattr(document, name) for name in columns}
    changed = [name for name, value in columns.items() if before[name] != value]
    if not changed:
        return document
    if isinstance(key, str) and key != document.duplicate_key:
        there = await repository.with_key(session, document.company_id, key)
        if there is not None:
            raise Conflict(KEY_TAKEN, code="duplicate")
    new = await repository.change(
        session,
        document.id,
        document.version,
        {
            **columns,
            "findings": entry_findings(entry),
            "judged": True,
            "version": document.version + 1,
            "changed_at": clock_of(session).now(),
        },
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
        what=named(new),
        kind=new.kind.value,
        fields=audit.changes(before, columns, [name for name in columns if name not in KEYS_OF_OURS]),
        currency=new.currency,
        version=new.version,
    )
    await publish(
        session,
        actor,
        DocumentChanged(company_id=new.company_id, document_id=new.id, version=new.version),
    )
    return new


async def annotate(
    session: WriteSession,
    actor: Actor,
    document: Document,
    annotation: Annotation,
    *,
    seen: Annotation | None = None,
) -> Document:
    """Tags, note and payment state: never part of the books, so they may change on a locked document too.

    Args:
        seen: what the writer had before their eyes: what they left as it was stays as it is now.

    Raises:
        Forbidden: the actor may not process documents.
        Overtaken: somebody else changed the same since it was seen.
        Conflict: the document is gone (`changed`).
        Invalid: a tag or the note cannot be kept so (fields `tags`, `note`).
    """
    _check_right(actor)
    present = await repository.locked(session, document.id)
    if present is None:
        raise Conflict(MOVED_ON, code="changed")
    now = Annotation(tags=present.tags, note=present.note, payment_state=present.payment_state)
    merged = merge(annotation, now, seen)
    if faults := annotation_faults(annotation, merged.touched):
        raise Invalid(fields=faults)
    if merged.clashes:
        raise Overtaken(merged.clashes, merged.touched)
    if not merged.changes:
        return present
    before = {name: getattr(present, name) for name in merged.changes}
    new = await repository.change(session, present.id, present.version, merged.changes)
    assert new is not None, "the row is ours"
    await audit.record(
        session,
        actor,
        "documents.annotated",
        "document",
        document.id,
        what=named(present),
        kind=present.kind.value,
        fields=audit.changes(before, merged.changes),
    )
    return new


async def aside_hindrance(session: ReadSession, document: Document) -> Conflict | None:
    """Why a document can't be put aside, as far as the session sees; None when it can."""
    if await repository.locks(session, document.id):
        return Conflict(LOCKED, code="locked")
    if await repository.left_in(session, document.id):
        return Conflict(LEFT, code="exported")
    return None


async def delete_hindrance(session: ReadSession, document: Document) -> Conflict | None:
    """Why a document can't be deleted, as far as the session sees; None when it can."""
    hindrance = await aside_hindrance(session, document)
    if hindrance is not None:
        return hindrance
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
        what=named(document),
        kind=document.kind.value,
        number=document.number,
        issue_date=document.issue_date,
        sha256=document.original_sha256,
    )
