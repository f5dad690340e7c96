"""Who sees a company: requests of firms, and the owner's answers.

A firm's sight hangs on the firm and not on one of its dossiers (row security looks for any of them with access), so the owner
answers per firm, and all dossiers of that firm on the company move together.

A member's session sees no dossier rows, only the view `member_dossier`; the answer itself is therefore written in the system scope,
on the dossiers of the actor's own company alone.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.branding import service as branding
from portal.features.dossiers.domain.dossiers import (
    ACCESS,
    OPEN_ACCESS,
    Access,
    AccessEnded,
    AccessRequested,
    DossierOpened,
)
from portal.features.dossiers.domain.queries import MemberDossier
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import companies as companies_repository
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.service.dossiers import limit_requests, refuse_if_asked_lately
from portal.features.dossiers.service.letters import tell_firm
from portal.features.mail.domain import Content
from portal.features.mail.service import delivery
from portal.features.parties import service as parties
from portal.jobs.contract import Job, Priority, Tools, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Right, Role, policy_actor
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.ids import FirmId
from portal.kernel.language import N_

NOT_NOW = N_("This request was answered already. Look at the present state.")
NOT_AGAIN = N_("You cannot ask for access here.")
OWNER = "owner"
_SERVED = frozenset({Access.MANAGED, Access.GRANTED, Access.REQUESTED})


class Answer(enum.StrEnum):
    """What an owner may say to a firm."""

    ACCEPT = "accept"
    DECLINE = "decline"
    END = "end"


_MOVES: dict[Answer, dict[Access, Access]] = {
    Answer.ACCEPT: {Access.REQUESTED: Access.GRANTED},
    Answer.DECLINE: {Access.REQUESTED: Access.DECLINED},
    # What the firm still asks for is declined with it: nothing of this firm stays open.
    Answer.END: {
        Access.MANAGED: Access.ENDED,
        Access.GRANTED: Access.ENDED,
        Access.REQUESTED: Access.DECLINED,
    },
}
_ACTIONS = {
    Access.GRANTED: "dossiers.access_granted",
    Access.DECLINED: "dossiers.access_declined",
    Access.ENDED: "dossiers.access_ended",
}


class TellOwner(Job, frozen=True, kw_only=True):
    """Mail one owner of a claimed company about a firm's request.

    The asking firm learns nothing of the company but that it has an account: its row of the mail and this job name no address.
    """

    name: ClassVar[str] = "dossiers.tell_owner"
    priority: ClassVar[Priority] = Priority.NOW
    mail_id: UUID
    dossier_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class FirmAccess:
    """One firm as the members of a company see it: what it may see, since when, through which dossiers.

    `here`: the page stands on this firm's host. Its `email` and `phone` are known only then.
    """

    firm_id: UUID
    firm_name: str
    access: Access
    since: datetime
    dossiers: tuple[str, ...]
    here: bool
    email: str | None
    phone: str | None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What the owner may say now."""
        if self.access is Access.REQUESTED:
            return (Answer.ACCEPT, Answer.DECLINE)
        return (Answer.END,) if self.access in OPEN_ACCESS else ()


_RANK = {access: rank for rank, access in enumerate((Access.GRANTED, Access.MANAGED, Access.REQUESTED))}


async def firms_of_company(session: ReadSession, actor: Actor) -> list[FirmAccess]:
    """Every firm that has or had something to do with the member's company: open requests first, then who has access."""
    grouped: dict[UUID, list[MemberDossier]] = {}
    for row in await companies_repository.member_dossiers(session):
        grouped.setdefault(row.firm_id, []).append(row)
    host = await parties.firm(session, actor.host_firm_id) if actor.host_firm_id is not None else None
    found: list[FirmAccess] = []
    for firm_id, rows in grouped.items():
        access = min((row.access for row in rows), key=lambda one: _RANK.get(one, len(_RANK)))
        counted = [row for row in rows if row.access is access]
        here = firm_id == actor.host_firm_id
        found.append(
            FirmAccess(
                firm_id=firm_id,
                firm_name=rows[0].firm_name,
                access=access,
                since=min(row.access_since for row in counted),
                dossiers=tuple(row.title for row in counted),
                here=here,
                email=host.email if here and host is not None else None,
                phone=host.phone if here and host is not None else None,
            )
        )
    order = {Access.REQUESTED: 0, Access.GRANTED: 1, Access.MANAGED: 1}
    return sorted(found, key=lambda one: (order.get(one.access, 2), not one.here, one.firm_name))


async def firm_of_company(session: ReadSession, actor: Actor, firm_id: UUID) -> FirmAccess:
    """One of them.

    Raises:
        NotFound: unknown, or a firm that has nothing to do with this company.
    """
    for one in await firms_of_company(session, actor):
        if one.firm_id == firm_id:
            return one
    raise NotFound


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer led to.

    `left`: the page's own firm lost the access, so this host is closed to the company's members now; `elsewhere` are the addresses of
    the firms they can still come in through.
    """

    firm_name: str
    left: bool
    elsewhere: tuple[str, ...] = ()


async def answer(tools: Tools, actor: Actor, firm_id: UUID, said: Answer) -> Answered:
    """The owner accepts, declines or ends a firm's access. Runs in the system scope, on dossiers of the actor's company alone.

    Raises:
        Forbidden: the actor is a member who may not decide this.
        NotFound: the firm has nothing to do with the company.
        Conflict: it is not (or no longer) in a state to be answered so.
    """
    if not actor.may(Right.MEMBERS) or actor.company_id is None:
        raise Forbidden
    async with tools.database.system_scope() as session:
        all_rows = await dossiers_repository.of_company(session, actor.company_id)
        rows = sorted((row for row in all_rows if row.firm_id == firm_id), key=lambda row: row.id)
        if not rows:
            raise NotFound
        now = clock_of(session).now()
        moved: list[Dossier] = []
        for row in rows:
            to = _MOVES[said].get(row.access)
            if to is not None and ACCESS.allows(row.access, to):
                changed = await dossiers_repository.move_access(session, row.id, to, now)
                if changed is None:
                    raise Conflict(NOT_NOW, code="answered")
                moved.append(changed)
        if not moved:
            raise Conflict(NOT_NOW, code="answered")
        firm = await parties.firm(session, firm_id)
        for row in moved:
            await _record(session, actor, row)
        first = next((row for row in moved if row.access is not Access.DECLINED), moved[0])
        context = {
            "answer": first.access.value,
            # Who declined is not said: the firm has no access, so it does not learn who is behind the company.
            "person": "" if first.access is Access.DECLINED else actor.name,
            "company": first.title,
            "dossier_id": str(first.id),
        }
        await tell_firm(session, actor, first, message="access_answer", context=context)
        open_rows = [row for row in all_rows if row.access in _SERVED]
        left = firm_id == actor.host_firm_id and all(row.firm_id != firm_id for row in open_rows)
        others = dict.fromkeys(row.firm_id for row in open_rows) if left else {}
        hosts = [await branding.main_host(session, other) for other in others]
        return Answered(firm.name, left, tuple(tools.settings.origin(host) for host in hosts))


async def _record(session: WriteSession, actor: Actor, dossier: Dossier) -> None:
    """In both chains: the company's, and the firm's own, which it keeps when its sight ends."""
    action = _ACTIONS[dossier.access]
    await audit.record(
        session, actor, action, "dossier", dossier.id, dossier_id=dossier.id, what=dossier.name
    )
    who = OWNER if dossier.access is Access.DECLINED else actor.name
    for_firm = policy_actor(FirmId(dossier.firm_id), who)
    await audit.record(
        session, for_firm, action, "dossier", dossier.id, dossier_id=dossier.id, what=dossier.name
    )
    ids = {"dossier_id": dossier.id, "company_id": dossier.company_id}
    if dossier.access is Access.GRANTED:
        await publish(session, actor, DossierOpened(**ids))
    elif dossier.access is Access.ENDED:
        await publish(session, actor, AccessEnded(**ids))


async def tell_owners(session: WriteSession, actor: Actor, dossier_id: UUID, company_id: UUID) -> None:
    """Let the owners of a company know of a firm's request; one mail per firm while it waits. Runs in the system scope."""
    rows = await dossiers_repository.of_company(session, company_id)
    asked = next((row for row in rows if row.id == dossier_id and row.access is Access.REQUESTED), None)
    if asked is None:
        return
    earlier = any(
        row.firm_id == asked.firm_id and row.access is Access.REQUESTED and row.id < asked.id for row in rows
    )
    if earlier:
        return
    for member, person in await people.members(session, company_id):
        if member.role is Role.ENTREPRENEUR and person.disabled_at is None:
            mail_id = await delivery.prepare(
                session,
                asked.firm_id,
                message="access_request",
                to_email=None,
                to_name=asked.name,
                language=person.language,
                dossier_id=asked.id,
            )
            job = TellOwner(mail_id=mail_id, dossier_id=asked.id, person_id=person.id)
            await enqueue(session, delivery.sender(asked.firm_id, actor), job)


async def tell_owner(task: Task, job: TellOwner) -> None:
    """Mail one owner about a request. Who that is, is read in the system scope while the mail is being made, and kept nowhere else."""

    async def content(session: WriteSession) -> Content | None:
        dossier = await dossiers_repository.dossier(session, task.actor, job.dossier_id)
        if dossier is None or dossier.access is not Access.REQUESTED:
            return None
        async with task.tools.database.system_scope() as system:
            person = await people.person(system, job.person_id)
            company = await parties.company(system, dossier.company_id)
        if person is None or person.disabled_at is not None:
            return None
        return Content({"company": company.name}, recipient=(person.name, person.email))

    await delivery.dispatch(task, job.mail_id, content)


async def ask_again(session: WriteSession, tools: Tools, actor: Actor, dossier: Dossier) -> None:
    """A firm asks once more after its request was declined or its access ended, a week later at the earliest.

    Raises:
        Forbidden: the actor may not.
        Conflict: there is nothing to ask for, or it is too soon.
        TooMany: too many requests of this firm today.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    if not ACCESS.allows(dossier.access, Access.REQUESTED):
        raise Conflict(NOT_AGAIN, code="not_answered")
    now = clock_of(session).now()
    refuse_if_asked_lately(await dossiers_repository.of_company(session, dossier.company_id), now)
    await limit_requests(tools, dossier.firm_id)
    moved = await dossiers_repository.move_access(session, dossier.id, Access.REQUESTED, now)
    if moved is None:
        raise Conflict
    await audit.record(
        session,
        actor,
        "dossiers.access_requested",
        "dossier",
        dossier.id,
        dossier_id=dossier.id,
        what=dossier.name,
    )
    await publish(session, actor, AccessRequested(dossier_id=dossier.id, company_id=dossier.company_id))
