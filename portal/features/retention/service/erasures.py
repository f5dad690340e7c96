"""What was misfiled is erased: one person of the office proposes it, a second one confirms; hash and reason stay.

Who may do what is checked here and, whoever asks, by the database (migration 0025), which empties the paper and everything that repeats
what it says in the transaction of the second person's word. The stored objects go after it, by a job that may run as often as it likes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.models import Person
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.documents.domain.retention import reason_fault
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.places import Place
from portal.features.mail.service import delivery
from portal.features.retention import repository
from portal.features.retention.domain import ArchivesWith, ErasureKind, ErasureMoved, ErasureState, is_second
from portal.features.retention.models import Erasure
from portal.features.retention.service.aside import Paper, check_kept
from portal.jobs.contract import Job, Priority, ask, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.kernel.actor import RIGHTS, Actor, Right, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import PersonId, new_id
from portal.kernel.language import N_

ASIDE_FIRST = N_("Put it aside first: only what is put aside can be erased.")
PROPOSED_ALREADY = N_("It is proposed to be erased already.")
ANSWERED = N_("This was answered or withdrawn already.")
YOUR_OWN = N_("You proposed this yourself: a second person of the office answers.")
NOT_YOURS = N_("Only who proposed it withdraws it. You may refuse it, with a reason.")
KIND_NEEDED = N_("Say why it does not belong here.")
LEFT = N_("It is locked or has left in an export, here or at another office: it stays.")
ACTIONS = {
    ("document", ErasureState.PROPOSED): "documents.erasure_proposed",
    ("document", ErasureState.WITHDRAWN): "documents.erasure_withdrawn",
    ("document", ErasureState.REFUSED): "documents.erasure_refused",
    ("document", ErasureState.CONFIRMED): "documents.erased",
    ("statement", ErasureState.PROPOSED): "banking.erasure_proposed",
    ("statement", ErasureState.WITHDRAWN): "banking.erasure_withdrawn",
    ("statement", ErasureState.REFUSED): "banking.erasure_refused",
    ("statement", ErasureState.CONFIRMED): "banking.erased",
}
SHOWN = 10


class RemoveErased(Job, frozen=True, kw_only=True):
    """Take the stored objects of something erased away, as far as no living row names them. May be repeated."""

    name: ClassVar[str] = "keeping.remove_erased"
    priority: ClassVar[Priority] = Priority.NOW
    erasure_id: UUID
    company_id: UUID
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """Where erasing a paper stands, for its page.

    Attributes:
        proposal: what is proposed, of the reader's office where there is one.
        refused: the last refusal.
        may_propose, may_withdraw, may_answer: what the reader may do now.
        others: who of the office may give the second word.
    """

    proposal: Erasure | None
    refused: Erasure | None
    may_propose: bool
    may_withdraw: bool
    may_answer: bool
    others: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a second person, over the dossiers they see."""

    first: Sequence[Erasure]
    total: int


def may_process(actor: Actor) -> bool:
    """Whether somebody of the office acts, as a person, who may process its papers."""
    return actor.is_firm and actor.person_id is not None and actor.may(Right.UPLOAD)


def _check(actor: Actor) -> PersonId:
    if not may_process(actor) or actor.person_id is None:
        raise Forbidden
    return actor.person_id


async def others_who_can(session: ReadSession, dossier: Dossier, exclude: UUID | None) -> list[Person]:
    """The people of an office who see a dossier and process its papers, but one."""
    return [
        person
        for row, person in await people.staff(session, dossier.firm_id)
        if person.id != exclude
        and person.disabled_at is None
        and Right.UPLOAD in RIGHTS[row.role]
        and (row.role is not Role.ASSISTANT or dossier.manager_id == person.id)
    ]


async def status_of(session: ReadSession, actor: Actor, place: Place, paper: Paper) -> ErasureStatus | None:
    """What the page of a paper that is put aside says about erasing it; None for one that is not."""
    if paper.row.aside_at is None or paper.row.erased_at is not None:
        return None
    found = await repository.open_on(session, paper.table, paper.id)
    mine = next((one for one in found if one.firm_id == actor.firm_id), None)
    proposal = mine or (found[0] if found else None)
    acts = may_process(actor) and place.open
    others: Sequence[str] = ()
    if acts and place.dossier is not None:
        who = mine.proposed_by if mine else actor.person_id
        others = [person.name for person in await others_who_can(session, place.dossier, who)]
    return ErasureStatus(
        proposal=proposal,
        refused=None if proposal else await repository.last_refused(session, paper.table, paper.id),
        may_propose=acts and mine is None,
        may_withdraw=acts and mine is not None and mine.proposed_by == actor.person_id,
        may_answer=acts and mine is not None and is_second(mine.proposed_by, actor.person_id),
        others=others,
    )


async def beside(session: ReadSession, paper: Paper) -> tuple[int, int]:
    """How many other statements came in the same file, and how many archives the paper came in."""
    others = await repository.others_in_file(session, paper.id) if paper.table == "statement" else 0
    return others, await ask(session, ArchivesWith(paper=paper.table, paper_id=paper.id))


async def check_erasable(session: ReadSession, actor: Actor, paper: Paper) -> None:
    """Whether erasing a paper may be proposed by this actor now.

    Raises:
        Forbidden: nobody of the office, or nobody who processes papers.
        Conflict: it is not put aside (`not_aside`), locked, in an export, or proposed by the office already (`proposed`).
    """
    _check(actor)
    await check_kept(session, paper)
    if paper.row.aside_at is None:
        raise Conflict(ASIDE_FIRST, code="not_aside")
    if any(one.firm_id == actor.firm_id for one in await repository.open_on(session, paper.table, paper.id)):
        raise Conflict(PROPOSED_ALREADY, code="proposed")


async def propose(
    session: WriteSession, actor: Actor, place: Place, paper: Paper, kind: str, reason: str
) -> Erasure:
    """Propose to erase a paper; everybody of the office who can give the second word gets a mail.

    Raises:
        Forbidden, Conflict: as `check_erasable`.
        Invalid: no kind, no reason, or one that is too long.
    """
    person_id = _check(actor)
    await repository.lock_paper_decisions(session, paper.id)
    await check_erasable(session, actor, paper)
    faults: dict[str, str] = {}
    if kind not in set(ErasureKind):
        faults["kind"] = KIND_NEEDED
    if (fault := reason_fault(reason)) is not None:
        faults["reason"] = fault
    if faults:
        raise Invalid(fields=faults)
    assert place.dossier is not None
    erasure = Erasure(
        id=new_id(),
        company_id=paper.company_id,
        document_id=paper.id if paper.table == "document" else None,
        statement_id=paper.id if paper.table == "statement" else None,
        firm_id=place.dossier.firm_id,
        dossier_id=place.dossier.id,
        what=paper.name,
        kind=ErasureKind(kind),
        reason=reason,
        state=ErasureState.PROPOSED,
        proposed_by=person_id,
        proposed_by_name=actor.name,
        proposed_at=clock_of(session).now(),
    )
    repository.add(session, erasure)
    await session.flush()
    await _tell(session, actor, paper, erasure, reason)
    await publish(session, actor, ErasureMoved(erasure_id=erasure.id, state=ErasureState.PROPOSED))
    return erasure


async def proposal(session: ReadSession, actor: Actor, paper: Paper) -> Erasure:
    """What the reader's office has proposed about a paper.

    Raises:
        Conflict: nothing, or nothing any more (`answered`).
    """
    found = await repository.open_on(session, paper.table, paper.id)
    mine = next((one for one in found if one.firm_id == actor.firm_id), None)
    if mine is None:
        raise Conflict(ANSWERED, code="answered")
    return mine


async def proposal_to_answer(session: ReadSession, actor: Actor, paper: Paper) -> Erasure:
    """The open proposal for a paper, where the actor is a second person who may answer it.

    Raises:
        Forbidden: nobody of the office who processes papers, or the one who proposed it (`second`).
        Conflict: there is nothing to answer (any more).
    """
    person_id = _check(actor)
    mine = await proposal(session, actor, paper)
    if not is_second(mine.proposed_by, person_id):
        raise Forbidden(YOUR_OWN, code="second")
    return mine


async def withdraw(session: WriteSession, actor: Actor, paper: Paper) -> None:
    """Whoever proposed it thinks better of it.

    Raises:
        Forbidden: it was somebody else.
        Conflict: it was answered, or the paper came back (`answered`).
    """
    person_id = _check(actor)
    await repository.lock_paper_decisions(session, paper.id)
    mine = await proposal(session, actor, paper)
    if mine.proposed_by != person_id:
        raise Forbidden(NOT_YOURS)
    done = await _answer(session, actor, mine, ErasureState.WITHDRAWN, person_id, "")
    await _tell(session, actor, paper, done, mine.reason)


async def refuse(session: WriteSession, actor: Actor, paper: Paper, reason: str) -> None:
    """A second person says no, and why; the first one gets a mail. It stays put aside.

    Raises:
        Forbidden, Conflict: as `proposal_to_answer`.
        Invalid: no reason, or one that is too long.
    """
    person_id = _check(actor)
    await repository.lock_paper_decisions(session, paper.id)
    mine = await proposal_to_answer(session, actor, paper)
    fault = reason_fault(reason)
    if fault is not None:
        raise Invalid(fault, fields={"reason": fault})
    done = await _answer(session, actor, mine, ErasureState.REFUSED, person_id, reason)
    await _tell(session, actor, paper, done, reason)
    await publish(session, actor, ErasureMoved(erasure_id=done.id, state=ErasureState.REFUSED))


async def confirm(session: WriteSession, actor: Actor, paper: Paper) -> None:
    """A second person says yes: the paper is erased, here and at every office, and its objects go after the commit. Both sides are told.

    Raises:
        Forbidden, Conflict: as `proposal_to_answer`; also when it is locked or has left, here or at another office (`exported`).
    """
    person_id = _check(actor)
    await repository.lock_paper_decisions(session, paper.id)
    mine = await proposal_to_answer(session, actor, paper)
    await check_kept(session, paper)
    try:
        done = await _answer(session, actor, mine, ErasureState.CONFIRMED, person_id, "")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == "FL006":
            raise Conflict(LEFT, code="exported") from error
        raise
    await session.refresh(done)  # with what the database found
    await _tell(session, actor, paper, done, mine.reason)
    await enqueue(
        session,
        actor,
        RemoveErased(erasure_id=done.id, company_id=done.company_id, hashes=tuple(done.hashes)),
        unique_key=f"{RemoveErased.name}:{done.id}",
    )
    await publish(session, actor, ErasureMoved(erasure_id=done.id, state=ErasureState.CONFIRMED))


async def _answer(
    session: WriteSession, actor: Actor, mine: Erasure, to: ErasureState, person_id: UUID, text: str
) -> Erasure:
    now = clock_of(session).now()
    done = await repository.answer(session, mine.id, to, by=person_id, name=actor.name, at=now, text=text)
    if done is None:
        raise Conflict(ANSWERED, code="answered")
    return done


async def _tell(session: WriteSession, actor: Actor, paper: Paper, erasure: Erasure, reason: str) -> None:
    """Write it down; of what is erased the log keeps its hash and no name."""
    gone = erasure.state is ErasureState.CONFIRMED
    row = paper.row
    told: dict[str, Any] = {"why": erasure.kind.value}
    if gone:
        told["sha256"] = row.original_sha256 if isinstance(row, Document) else row.file_sha256
        told["proposed_by"] = erasure.proposed_by_name
    await audit.record(
        session,
        actor,
        ACTIONS[paper.table, erasure.state],
        paper.table,
        paper.id,
        dossier_id=erasure.dossier_id,
        what="" if gone else paper.name,
        reason=reason,
        **told,
    )


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def tombstone(session: ReadSession, table: str, paper_id: UUID) -> Erasure | None:
    """Who erased a paper, when and why; None for one that was not erased."""
    return await repository.confirmed(session, table, paper_id)


async def waiting(session: ReadSession, actor: Actor, limit: int = SHOWN) -> Waiting:
    """What waits for a second person, as far as the actor may be that one."""
    if not may_process(actor) or actor.person_id is None:
        return Waiting([], 0)
    return Waiting(*await repository.waiting_for(session, actor.person_id, assigned_only(actor), limit))


async def known_as_erased(session: ReadSession, company_id: UUID, sha256: str) -> Erasure | None:
    """Whether these bytes were erased here before, and why."""
    return await repository.known_as_erased(session, company_id, sha256)


async def erased_content(
    session: ReadSession, company_id: UUID, content_hashes: Sequence[str]
) -> Erasure | None:
    """What was erased here with the content of these statements, in whichever file they came."""
    return await repository.erased_content(session, company_id, content_hashes)


def erased_subjects(ids: Collection[UUID]) -> Figure[set[UUID]]:
    """Of which of these papers, files and uploads something was erased: nothing that repeats it is shown any more."""
    return repository.erased_subjects(ids)


async def objects_removed(session: WriteSession, erasure_id: UUID, at: datetime) -> None:
    """Nothing of it is in the store any more."""
    await repository.removed(session, erasure_id, at)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def tell_erasure(session: WriteSession, actor: Actor, event: ErasureMoved) -> None:
    """A proposal is mailed to who can answer it, a refusal to who proposed it, an erasure to that person and to the client's owners.

    Nothing of the paper stands in these mails. Runs in the system scope.
    """
    erasure = await repository.one(session, event.erasure_id)
    dossier = await dossiers.by_id(session, erasure.dossier_id) if erasure else None
    if erasure is None or dossier is None or dossier.access not in OPEN_ACCESS:
        return
    if erasure.state is not event.state:
        return  # withdrawn or answered meanwhile: that is what people hear
    here = f"/dossiers/{dossier.id}{erasure.path}"
    to: list[tuple[Person | None, str]] = []
    if event.state is ErasureState.PROPOSED:
        others = await others_who_can(session, dossier, erasure.proposed_by)
        to = [(person, f"{here}/erase/answer") for person in others]
    else:
        to = [(await people.person(session, erasure.proposed_by), here)]
    if event.state is ErasureState.CONFIRMED:
        for member, person in await people.members(session, erasure.company_id):
            if member.role is Role.ENTREPRENEUR:
                to.append((person, erasure.path))
    message = {
        ErasureState.PROPOSED: "erase_proposed",
        ErasureState.REFUSED: "erase_refused",
        ErasureState.CONFIRMED: "erased",
    }[event.state]
    told: set[UUID | None] = {actor.person_id}
    for person, path in to:
        if person is None or person.id in told or person.disabled_at is not None:
            continue
        told.add(person.id)
        await delivery.send(
            session,
            actor,
            erasure.firm_id,
            message=message,
            to_email=person.email,
            to_name=person.name,
            language=person.language,
            context={
                "who": actor.name,
                "client": dossier.name,
                "reason": erasure.reason,
                "answer": erasure.answer or "",
                "path": path,
            },
            dossier_id=dossier.id,
        )
