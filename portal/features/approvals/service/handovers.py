"""*Send to my accountant*: the entrepreneur says that what is ready may be taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from portal.db.session import ReadSession, WriteSession
from portal.features.approvals import repository
from portal.features.approvals.domain import (
    LONGEST_NOTE,
    NO_ACCOUNTANT,
    NOTE_TOO_LONG,
    NOTHING_READY,
    HandedOver,
    Said,
)
from portal.features.approvals.models import HandOver
from portal.features.approvals.service.notices import readers_of, record_notice
from portal.features.audit import service as audit
from portal.features.dossiers.domain.queries import MemberDossier
from portal.features.dossiers.service import dossiers
from portal.features.items.service import lists
from portal.features.mail.service import delivery
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id

log = structlog.get_logger()
SAME_CLICK = timedelta(minutes=1)
"""The same message within this time is one that was sent twice."""


@dataclass(frozen=True, slots=True)
class ReadyInDossier:
    """What is ready and not exported yet, in one dossier."""

    dossier: MemberDossier
    documents: int
    statements: int

    @property
    def total(self) -> int:
        """Documents and statements together."""
        return self.documents + self.statements


@dataclass(frozen=True, slots=True)
class Ready:
    """What may go to the accountant of this host, and what still waits for the company's own approval."""

    dossiers: Sequence[ReadyInDossier]
    waiting: int
    last: HandOver | None

    @property
    def documents(self) -> int:
        """How many documents are handed over, over all dossiers."""
        return sum(one.documents for one in self.dossiers)

    @property
    def statements(self) -> int:
        """Bank statements, over all dossiers."""
        return sum(one.statements for one in self.dossiers)

    @property
    def total(self) -> int:
        """Documents and statements together."""
        return self.documents + self.statements


async def ready(session: ReadSession, actor: Actor, *, waiting: int | None = None) -> Ready:
    """What is ready for the accountant on whose host the member is; in the member's scope.

    Args:
        waiting: how many documents wait for approval, where that is known already.
    """
    if actor.company_id is None or actor.host_firm_id is None:
        raise Forbidden
    theirs = await dossiers.of_member(session, actor.host_firm_id)
    counted = await lists.count_ready(session, [dossier.id for dossier in theirs])
    found = [ReadyInDossier(dossier, *counted.get(dossier.id, (0, 0))) for dossier in theirs]
    last = await repository.hand_overs(session, actor.host_firm_id, 1)
    if waiting is None:
        waiting = await repository.count_waiting(session)
    return Ready(found, waiting, last[0] if last else None)


async def hand_over(session: WriteSession, actor: Actor, note: str = "") -> Sequence[HandOver]:
    """Tell the accountant of this host, dossier by dossier, what is ready. The same within a minute is told once.

    Raises:
        Forbidden: the actor may not send.
        Invalid: the note is too long.
        Conflict: nothing is ready and there is no note (`nothing_ready`), or no accountant has access (`no_accountant`).
    """
    if actor.company_id is None or actor.host_firm_id is None or not actor.may(Right.SEND):
        raise Forbidden
    text = note.strip()
    if len(text) > LONGEST_NOTE:
        raise Invalid(NOTE_TOO_LONG, fields={"note": NOTE_TOO_LONG})
    await repository.lock_hand_overs(session, actor.company_id)
    now = clock_of(session).now()
    present = await ready(session, actor)
    if not present.dossiers:
        raise Conflict(NO_ACCOUNTANT, code="no_accountant")
    if not present.total and not text:
        raise Conflict(NOTHING_READY, code="nothing_ready")
    told = [one for one in present.dossiers if one.total or not present.total]
    just_now = await repository.hand_overs_since(session, actor.host_firm_id, now - SAME_CLICK)
    same = {
        (before.dossier_id, before.documents): before
        for before in just_now
        if before.sent_by == actor.person_id and before.note == text
    }
    if all((one.dossier.id, one.total) in same for one in told):
        return list(same.values())
    made: list[HandOver] = []
    for one in told:
        row = HandOver(
            id=new_id(),
            company_id=actor.company_id,
            dossier_id=one.dossier.id,
            firm_id=one.dossier.firm_id,
            documents=one.total,
            note=text,
            sent_by=actor.person_id,
            sent_by_name=actor.name,
            sent_at=now,
        )
        repository.add(session, row)
        made.append(row)
        await audit.record(
            session,
            actor,
            "approvals.handed_over",
            "dossier",
            one.dossier.id,
            dossier_id=one.dossier.id,
            what=one.dossier.name,
            reason=text,
            documents=one.documents,
            statements=one.statements,
            with_note=bool(text),
        )
        await publish(
            session,
            actor,
            HandedOver(
                company_id=actor.company_id,
                firm_id=one.dossier.firm_id,
                dossier_id=one.dossier.id,
                hand_over_id=row.id,
            ),
        )
    await session.flush()
    return made


async def tell_accountant(session: WriteSession, actor: Actor, event: HandedOver) -> None:
    """Note a hand-over on its dossier, and write to the file manager, else to the owners. Runs in the system scope."""
    sent = await repository.hand_over(session, event.hand_over_id)
    dossier = next(
        (one for one in await dossiers.of_company(session, event.company_id) if one.id == event.dossier_id),
        None,
    )
    if sent is None or dossier is None:
        return
    await dossiers.note_hand_over(session, dossier.id, sent.sent_at)
    if sent.note:
        await record_notice(
            session,
            dossier,
            Said.NOTE,
            by=sent.sent_by_name,
            at=sent.sent_at,
            text=sent.note,
            mailed=True,  # this mail has it
        )
    for reader in await readers_of(session, dossier):
        try:
            await delivery.send(
                session,
                actor,
                event.firm_id,
                message="handed_over",
                to_email=reader.email,
                to_name=reader.name,
                language=reader.language,
                context={
                    "client": dossier.title,
                    "code": dossier.code or "",
                    "items": sent.documents,
                    "note": sent.note,
                    "sent_by": sent.sent_by_name,
                    "path": f"/dossiers/{dossier.id}/export",
                },
                dossier_id=dossier.id,
            )
        except Invalid:  # an office without a usable address still sees it on its work list
            log.warning("approvals.no_address", firm_id=str(event.firm_id))
