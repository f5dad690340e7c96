"""What clients say reaches the office: rejections, notes and answers, until somebody marks them as handled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import structlog

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.approvals import repository
from portal.features.approvals.domain import PUT_ASIDE, STATEMENT_PUT_ASIDE, ClientSaid, Said
from portal.features.approvals.models import ClientNotice
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.intake.domain.events import FileAnswered
from portal.features.items.service import aside
from portal.features.mail.service import delivery
from portal.features.parties import service as parties
from portal.features.retention.domain import PaperMoved
from portal.jobs.contract import Job, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, Role, policy_actor
from portal.kernel.errors import Invalid
from portal.kernel.ids import FirmId, new_id
from portal.kernel.language import Language

log = structlog.get_logger()
GATHERED = timedelta(minutes=5)
"""What a client says within this time is told in one mail: they go through a pile."""
SHOWN, LINES = 10, 20
"""So many open notices on the work list; so many lines in a mail."""


class TellOffice(Job, frozen=True, kw_only=True):
    """Mail the file manager of a dossier what its client said."""

    name: ClassVar[str] = "approvals.tell_office"
    dossier_id: UUID


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the office who is written to."""

    email: str
    name: str
    language: Language


async def readers_of(session: ReadSession, dossier: Dossier) -> list[Reader]:
    """Who answers for a dossier: its file manager, else the owners of the office, else the office's own address."""
    staff = [
        (row, person)
        for row, person in await people.staff(session, dossier.firm_id)
        if person.disabled_at is None
    ]
    found = [person for _row, person in staff if person.id == dossier.manager_id]
    found = found or [person for row, person in staff if row.role is Role.OWNER]
    if found:
        return [Reader(person.email, person.name, person.language) for person in found]
    firm = await parties.firm(session, dossier.firm_id)
    return [Reader(firm.email, firm.name, firm.language)]


async def record_notice(
    session: WriteSession,
    dossier: Dossier,
    kind: Said,
    *,
    by: str,
    at: datetime,
    text: str,
    about: str = "",
    decision: str = "",
    document_id: UUID | None = None,
    file_id: UUID | None = None,
    mailed: bool = False,
) -> None:
    """Write one notice, and see to it that a mail tells of it. Runs in the system scope."""
    await repository.lock_notices(session, dossier.id)
    repository.add(
        session,
        ClientNotice(
            id=new_id(),
            firm_id=dossier.firm_id,
            dossier_id=dossier.id,
            company_id=dossier.company_id,
            kind=kind,
            document_id=document_id,
            file_id=file_id,
            decision=decision,
            about=about,
            text=text,
            said_by_name=by,
            said_at=at,
            mailed_at=at if mailed else None,
            handled_at=None,
            handled_by_name=None,
        ),
    )
    await session.flush()
    if not mailed:
        await enqueue(
            session,
            policy_actor(FirmId(dossier.firm_id), "system"),
            TellOffice(dossier_id=dossier.id),
            due_at=clock_of(session).now() + GATHERED,
            unique_key=f"approvals.tell_office:{dossier.id}",
        )


async def client_said(session: WriteSession, actor: Actor, event: ClientSaid) -> None:
    """A rejection or an answer, for the dossier it was asked in. Runs in the system scope."""
    dossier = await dossiers.by_id(session, event.dossier_id)
    if dossier is None or dossier.access not in OPEN_ACCESS:
        return
    at = clock_of(session).now()
    # An answer of before about the same document is overtaken, here: another firm has its own.
    overtaken = repository.of_document(event.document_id, event.dossier_id)
    await repository.settle_notices(session, overtaken, actor.name, at)
    await record_notice(
        session,
        dossier,
        event.kind,
        by=actor.name,
        at=at,
        text=event.text,
        about=event.what,
        decision=event.decision.value,
        document_id=event.document_id,
    )


async def file_answered(session: WriteSession, actor: Actor, event: FileAnswered) -> None:
    """A member's answer to a question of quick entry, for each firm in the dossier the file belongs to. Runs in the system scope."""
    for dossier in await dossiers.places(session, event.company_id, event.dossier_id):
        await record_notice(
            session,
            dossier,
            Said.REJECTED if event.rejected else Said.ANSWERED,
            by=actor.name,
            at=clock_of(session).now(),
            text=event.text,
            about=event.file_name,
            decision="file_rejected" if event.rejected else "file_answered",
            document_id=event.document_id,
            file_id=event.file_id,
        )


async def paper_moved(session: WriteSession, actor: Actor, event: PaperMoved) -> None:
    """What a member put aside, and why, for each firm in the dossier it belongs to: they were mailed already. Runs in the system scope.

    Brought back, by whoever, it is nothing to see to any more.
    """
    now = clock_of(session).now()
    if not event.aside:
        await repository.settle_notices(session, repository.about_put_aside(event.paper_id), actor.name, now)
    if actor.company_id is None or not event.aside:
        return
    is_document = event.paper == "document"
    for dossier_id in await aside.dossiers_of(session, event.paper_id):
        dossier = await dossiers.by_id(session, dossier_id)
        if dossier is None or dossier.access not in OPEN_ACCESS:
            continue
        await record_notice(
            session,
            dossier,
            Said.NOTE,
            by=actor.name,
            at=now,
            text=event.reason,
            about=event.what,
            decision=PUT_ASIDE if is_document else STATEMENT_PUT_ASIDE,
            document_id=event.paper_id if is_document else None,
            file_id=None if is_document else event.paper_id,
            mailed=True,
        )


async def withdraw_notices(session: WriteSession, actor: Actor, document_id: UUID) -> None:
    """It was taken back, asked again, or the document is another one now: nobody need handle what was said."""
    now = clock_of(session).now()
    await repository.settle_notices(session, repository.of_document(document_id), actor.name, now)


async def access_ended(session: WriteSession, dossier_id: UUID) -> None:
    """The firm keeps its history, and not what the company's people wrote. Runs in the system scope."""
    await repository.forget_notices(session, dossier_id)


async def tell_office(session: WriteSession, actor: Actor, dossier_id: UUID) -> None:
    """One mail about everything that a client said and no mail told of. Runs in the system scope."""
    await repository.lock_notices(session, dossier_id)
    waiting = await repository.unmailed(session, dossier_id)
    dossier = await dossiers.by_id(session, dossier_id)
    if not waiting or dossier is None or dossier.access not in OPEN_ACCESS:
        return
    for one in waiting:
        one.mailed_at = clock_of(session).now()
    lines = [
        {"decision": one.decision, "about": one.about, "text": one.text, "by": one.said_by_name}
        for one in waiting[:LINES]
    ]
    for reader in await readers_of(session, dossier):
        try:
            await delivery.send(
                session,
                actor,
                dossier.firm_id,
                message="client_said",
                to_email=reader.email,
                to_name=reader.name,
                language=reader.language,
                context={
                    "client": dossier.name,
                    "count": len(waiting),
                    "lines": lines,
                    "path": f"/dossiers/{dossier.id}/messages",
                },
                dossier_id=dossier.id,
            )
        except Invalid:  # an office without a usable address still sees it on its work list
            log.warning("approvals.no_address", firm_id=str(dossier.firm_id))


# ── reading and handling ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Notices:
    """Open notices, the newest first; `total` counts also what is not listed."""

    first: Sequence[ClientNotice]
    total: int


async def notices(session: ReadSession, actor: Actor, limit: int = SHOWN) -> Notices:
    """What clients said and nobody has handled, over the dossiers the actor sees."""
    return Notices(*await repository.open_notices(session, None, assigned_only(actor), limit))


async def notices_of(
    session: ReadSession, dossier: Dossier, limit: int = 200
) -> tuple[Sequence[ClientNotice], Sequence[ClientNotice]]:
    """What is open in a dossier, and what was handled lately."""
    found, _total = await repository.open_notices(session, dossier.id, None, limit)
    return found, await repository.handled_notices(session, dossier.id, 50)


async def handled(
    session: WriteSession, actor: Actor, dossier: Dossier, notice_id: UUID | None = None
) -> int:
    """Somebody of the office has seen to one notice, or to all of a dossier; the first one counts. Gives how many."""
    done = await repository.settle_notices(
        session,
        repository.of_dossier(dossier.id, notice_id),
        actor.name,
        clock_of(session).now(),
    )
    for one in done:
        await audit.record(
            session,
            actor,
            "approvals.message_handled",
            *_subject(one),
            dossier_id=dossier.id,
            what=one.about or dossier.name,
        )
    return len(done)


def _subject(one: ClientNotice) -> tuple[str, UUID]:
    """What a notice is about, as the log names it."""
    if one.document_id is not None:
        return "document", one.document_id
    if one.file_id is not None:
        return "statement" if one.decision == STATEMENT_PUT_ASIDE else "intake_file", one.file_id
    return "dossier", one.dossier_id
