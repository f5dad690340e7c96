"""Amending and annotating documents, and removing the row of one that may be deleted."""

from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.documents.domain.annotation import Annotation, annotation_faults, merge
from portal.features.documents.domain.documents import AMENDABLE, DocumentChanged
from portal.features.documents.domain.findings import entry_findings
from portal.features.documents.domain.identity import key_beside
from portal.features.documents.domain.patch import EntryPatch, completed, document_patch
from portal.features.documents.models import Document
from portal.features.documents.repository import documents as documents_repository
from portal.features.documents.service.arrivals import TOO_LARGE, too_large_amounts
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_

LOCKED = N_("This document is locked: it was exported. Only the accountant can unlock it.")
RECEIVED = N_("This document came from its issuer as data. Only the issuer corrects it, with a credit note.")
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


def check_right(actor: Actor) -> None:
    """Whether the actor processes documents at all.

    Raises:
        Forbidden: they do not.
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden


async def check_amendable(session: ReadSession, actor: Actor, document: Document) -> None:
    """Whether the accounting data of a document may be corrected by this actor now.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), put aside (`aside`), or sent as data by its issuer (`received`).
    """
    check_right(actor)
    if await documents_repository.locks(session, document.id):
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
        there = await documents_repository.with_key(session, document.company_id, key)
        if there is not None:
            raise Conflict(KEY_TAKEN, code="duplicate")
    new = await documents_repository.change(
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
    check_right(actor)
    present = await documents_repository.locked(session, document.id)
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
    new = await documents_repository.change(session, present.id, present.version, merged.changes)
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


async def remove(session: WriteSession, document: Document) -> None:
    """Delete the row of a document; whether it may go is for the caller to know. Its bytes stay until they are swept.

    Raises:
        Conflict: it is gone already (`changed`).
    """
    if not await documents_repository.delete(session, document.id):
        raise Conflict(MOVED_ON, code="changed")
