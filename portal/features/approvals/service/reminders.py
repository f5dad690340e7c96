"""One mail a day, at most, to whoever can approve: what waits, where it is new and they have not looked."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, ClassVar
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts.service import people
from portal.features.approvals import repository
from portal.features.approvals.domain import MAIL_HOURS, WaitingDocument, needs_reminder
from portal.features.mail.service import delivery
from portal.jobs.contract import Job, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import RIGHTS, Actor, Right, policy_actor
from portal.kernel.clock import BRUSSELS
from portal.kernel.ids import FirmId

APPROVE = sorted(role.value for role, rights in RIGHTS.items() if Right.APPROVE in rights)
LINES = 5
"""So many documents of each company stand in the mail."""


class RemindApprover(Job, frozen=True, kw_only=True):
    """Decide about one firm's mail of a day to one person, and send it."""

    name: ClassVar[str] = "approvals.remind"
    firm_id: UUID
    person_id: UUID
    day: date


async def looked(session: WriteSession, actor: Actor) -> None:
    """The actor has what waits before their eyes."""
    if actor.company_id is not None and actor.person_id is not None:
        await repository.looked(session, actor.company_id, actor.person_id, clock_of(session).now())


async def remind_all(session: WriteSession) -> None:
    """Within the hours of mail: a job for everybody about whom nothing was decided today. Runs in the system scope."""
    here = clock_of(session).now().astimezone(BRUSSELS)
    if here.hour not in MAIL_HOURS:
        return
    for firm_id, person_id in await repository.approvers_due(session, APPROVE, here.date()):
        await enqueue(
            session,
            policy_actor(FirmId(firm_id), "system"),
            RemindApprover(firm_id=firm_id, person_id=person_id, day=here.date()),
            unique_key=f"approvals.remind:{firm_id}:{person_id}",
        )


async def remind(session: WriteSession, actor: Actor, job: RemindApprover) -> None:
    """Once for a firm, a person and a day, whoever else tries. Runs in the system scope."""
    now = clock_of(session).now()
    if now.astimezone(BRUSSELS).date() != job.day:
        return  # the worker was away over night: today's job decides
    row = await repository.claim_day(session, job.firm_id, job.person_id, job.day)
    person = await people.person(session, job.person_id)
    if row is None or person is None:
        return
    morning = datetime.combine(job.day, time(MAIL_HOURS.start), BRUSSELS)
    found = await repository.waits_for(session, job.firm_id, job.person_id, APPROVE, morning)
    waits = [WaitingDocument(one.final_at, one.looked_at) for one in found]
    if not needs_reminder(waits, row.told_at, now):
        return
    row.told_at = morning  # what has come since is not in it
    await session.flush()
    companies = [
        _company(name, list(items))
        for (name, _company_id), items in groupby(found, lambda one: (one.name, one.company_id))
    ]
    await delivery.send(
        session,
        actor,
        job.firm_id,
        message="approvals_wait",
        to_email=person.email,
        to_name=person.name,
        language=person.language,
        context={
            "count": len(found),
            "companies": companies,
            "path": "/approve" if len(companies) == 1 else "/switch",
        },
    )


def _company(name: str, found: Sequence[Any]) -> dict[str, Any]:
    """What a mail says of one company: plain values."""
    return {
        "name": name,
        "count": len(found),
        "kinds": sorted(Counter(one.kind for one in found).items()),
        "oldest": min(one.item_date for one in found).isoformat(),
        "lines": [
            {
                "supplier": one.counterparty,
                "number": one.number,
                "kind": one.kind.value,
                "gross": str(one.gross),
                "currency": one.currency,
                "due": one.due_date.isoformat() if one.due_date else None,
            }
            for one in found[:LINES]
        ],
    }


__all__ = ["RemindApprover", "looked", "remind", "remind_all"]
