"""Unlocking what an export has locked: by whom, when not, and who is told."""

from portal.db.session import WriteSession
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.documents.domain.documents import DocumentUnlocked
from portal.features.documents.models import Document
from portal.features.documents.service import locks as document_locks
from portal.features.documents.service import lookups
from portal.features.documents.service.locks import EXPORTED
from portal.features.dossiers.domain.staff import is_own
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.items.domain import ItemState
from portal.features.items.service import moves
from portal.features.mail.service import delivery
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import N_, gettext

REASON_NEEDED = N_("Say why, in a few words: both sides read it.")
BEING_EXPORTED = N_("An export is taking this document along just now. Try again when it is done.")
NOT_LOCKED = N_("This document is not locked by an export of this dossier.")
NOT_YOURS = N_(
    "Only the file manager of this dossier, a manager or the owner of the office unlocks its documents."
)
PERIOD_CLOSED = N_("The books are closed until %(day)s: what is dated up to then stays as it is.")


def unlock_hindrance(actor: Actor, document: Document, dossier: Dossier) -> Forbidden | Conflict | None:
    """Why the actor may not lift a lock of this dossier on the document, should there be one; None when nothing is in the way."""
    if not is_own(actor, dossier.manager_id):
        return Forbidden(NOT_YOURS)
    if dossier.closed_until is not None and document.issue_date <= dossier.closed_until:
        return Conflict(PERIOD_CLOSED, code="period_closed", day=f"{dossier.closed_until:%d/%m/%Y}")
    return None


def check_unlock(actor: Actor, document: Document, dossier: Dossier) -> None:
    """What `unlock_hindrance` finds is raised, for those who go on.

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
    there = await moves.lock_on_document(session, document.id)
    if any(item.state is ItemState.RESERVED for item in there):
        raise Conflict(BEING_EXPORTED, code="busy")
    mine = {item.id for item in there if item.dossier_id == dossier.id}
    locks = [
        lock
        for lock in await document_locks.of_document(session, document.id)
        if lock.item_id in mine and lock.reason == EXPORTED
    ]
    if not locks:
        raise Conflict(NOT_LOCKED, code="not_locked")
    ids = [lock.item_id for lock in locks]
    await document_locks.lift(session, ids)
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
    document = await lookups.by_id(session, event.document_id)
    if document is None:
        return
    context = {
        "who": actor.name,
        "document": document.number or gettext(KIND_NAMES[document.kind]),
        "counterparty": document.counterparty_name,
        "bundle": str(event.bundle),
        "reason": event.reason,
    }
    for member, person in await people.members(session, event.company_id):
        if member.role is Role.ENTREPRENEUR and person.disabled_at is None:
            await delivery.send(
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
    manager = await people.person(session, dossier.manager_id)
    if manager is not None and manager.disabled_at is None:
        await delivery.send(
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
