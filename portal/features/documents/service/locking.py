"""Locks: an exported document cannot change. The trigger in the database enforces it, whoever asks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts import service as accounts
from portal.features.audit import service as audit
from portal.features.documents import repository
from portal.features.documents.domain import DocumentUnlocked
from portal.features.documents.models import Document
from portal.features.dossiers import service as dossiers
from portal.features.dossiers.domain import is_own
from portal.features.dossiers.service import Dossier
from portal.features.mail import service as mail
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import N_, gettext

EXPORTING = "exporting"
EXPORTED = "exported"
REASON_NEEDED = N_("Say why, in a few words: both sides read it.")
BEING_EXPORTED = N_("An export is taking this document along just now. Try again when it is done.")
NOT_LOCKED = N_("This document is not locked by an export of this dossier.")
NOT_YOURS = N_(
    "Only the file manager of this dossier, a manager or the owner of the office unlocks its documents."
)
PERIOD_CLOSED = N_("The books are closed until %(day)s: what is dated up to then stays as it is.")
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
    now = clock_of(session).now()
    await repository.add_locks(
        session,
        [
            {
                "id": new_id(),
                "company_id": item.company_id,
                "firm_id": item.firm_id,
                "item_id": item.id,
                "document_id": item.document_id,
                "statement_id": item.statement_id,
                "bundle": bundle,
                "reason": EXPORTING,
                "since": now,
            }
            for item in items
        ],
    )
    expected = {item.document_id: item.version for item in items if item.document_id is not None}
    present = await repository.versions(session, list(expected))
    if present != expected:
        raise Conflict(BEING_CHANGED, code="busy")


async def keep_export_locks(session: WriteSession, item_ids: Sequence[UUID]) -> None:
    """The export is finished under a policy that locks: its locks stand."""
    await repository.keep_locks(session, item_ids, EXPORTED)


async def release_export_locks(session: WriteSession, item_ids: Sequence[UUID]) -> None:
    """The export was abandoned, or its policy does not lock: only locks of the open export go, earlier ones stay."""
    await repository.drop_locks(session, item_ids, EXPORTING)


def unlock_hindrance(actor: Actor, document: Document, dossier: Dossier) -> Forbidden | Conflict | None:
    """Why the actor may not lift a lock of this dossier on the document, should there be one; None when nothing is in the way."""
    if not is_own(actor, dossier.manager_id):
        return Forbidden(NOT_YOURS)
    if dossier.closed_until is not None and document.issue_date <= dossier.closed_until:
        return Conflict(PERIOD_CLOSED, code="period_closed", day=f"{dossier.closed_until:%d/%m/%Y}")
    return None


def check_unlock(actor: Actor, document: Document, dossier: Dossier) -> None:
    """The same, for those who go on.

    Raises:
        Forbidden: it is not the actor's dossier.
        Conflict: the document is dated in a period whose books are closed (`period_closed`).
    """
    hindrance = unlock_hindrance(actor, document, dossier)
    if hindrance is not None:
        raise hindrance


async def unlock(
    session: WriteSession, actor: Actor, document: Document, dossier: Dossier, reason: str
) -> None:
    """Lift the lock that a dossier's export put on a document; tells the company's owners and the file manager.

    Other dossiers' locks on it stay. A correction is then due again, as a replacement of what has left.

    Raises:
        Forbidden: it is not the actor's dossier.
        Invalid: no reason.
        Conflict: it is dated in a closed period (`period_closed`), this dossier holds no lock on it (`not_locked`), or an export is
            taking it along just now (`busy`).
    """
    check_unlock(actor, document, dossier)
    if not reason:
        raise Invalid(REASON_NEEDED, fields={"reason": REASON_NEEDED})
    await repository.lock_items(session, document.id)
    ways = await repository.ways(session, document.id, None)
    if any(way.state == "reserved" for way in ways):
        raise Conflict(BEING_EXPORTED, code="busy")
    mine = {way.item_id for way in await repository.ways(session, document.id, dossier.id)}
    locks = [
        lock
        for lock in await repository.locks(session, document.id)
        if lock.item_id in mine and lock.reason == EXPORTED
    ]
    if not locks:
        raise Conflict(NOT_LOCKED, code="not_locked")
    ids = [lock.item_id for lock in locks]
    await repository.drop_locks(session, ids, EXPORTED)
    await audit.record(
        session,
        actor,
        "documents.unlocked",
        "document",
        document.id,
        dossier_id=dossier.id,
        what=audit.named(document.number, document.counterparty_name),
        kind=document.kind.value,
        reason=reason,
        bundle=locks[0].bundle,
    )
    await publish(
        session,
        actor,
        DocumentUnlocked(
            company_id=document.company_id,
            document_id=document.id,
            firm_id=dossier.firm_id,
            dossier_id=dossier.id,
            item_ids=ids,
            bundle=locks[0].bundle,
            reason=reason,
        ),
    )


async def tell_unlocked(session: WriteSession, actor: Actor, event: DocumentUnlocked) -> None:
    """Write to both sides that a document was unlocked, and why. Runs in the system scope."""
    document = await repository.one(session, event.document_id)
    if document is None:
        return
    context = {
        "who": actor.name,
        "document": document.number or gettext(KIND_NAMES[document.kind]),
        "counterparty": document.counterparty_name,
        "bundle": str(event.bundle),
        "reason": event.reason,
    }
    for member, person in await accounts.members(session, event.company_id):
        if member.role is Role.ENTREPRENEUR and person.disabled_at is None:
            await mail.send(
                session,
                actor,
                event.firm_id,
                message="unlocked",
                to_email=person.email,
                to_name=person.name,
                language=person.language,
                context={**context, "path": f"/documents/{document.id}"},
                dossier_id=event.dossier_id,
            )
    dossier = next(
        (one for one in await dossiers.of_company(session, event.company_id) if one.id == event.dossier_id),
        None,
    )
    if dossier is None or dossier.manager_id is None or dossier.manager_id == actor.person_id:
        return
    manager = await accounts.person(session, dossier.manager_id)
    if manager is not None and manager.disabled_at is None:
        await mail.send(
            session,
            actor,
            event.firm_id,
            message="unlocked",
            to_email=manager.email,
            to_name=manager.name,
            language=manager.language,
            context={**context, "path": f"/dossiers/{dossier.id}/documents/{document.id}"},
            dossier_id=dossier.id,
        )
