"""Received originals in the wrong place: put aside with a reason, brought back, both sides told."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.banking.models import BankAccount, Statement
from portal.features.banking.service import statements as banking
from portal.features.documents.domain.retention import reason_fault
from portal.features.documents.models import Document
from portal.features.documents.service import aside as documents_aside
from portal.features.documents.service import changes, lookups
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.places import Place
from portal.features.items.service import aside as items_aside
from portal.features.items.service import deletion, sync
from portal.features.mail.service import delivery
from portal.features.retention import repository
from portal.features.retention.domain import PaperMoved
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_

ALREADY = N_("It is put aside already.")
NOT_ASIDE = N_("It is not put aside.")
KEY_TAKEN = N_(
    "Another document has this supplier, number and date by now. Put that one aside first if this one is right."
)
ACTIONS = {
    ("document", True): "documents.put_aside",
    ("document", False): "documents.brought_back",
    ("statement", True): "banking.put_aside",
    ("statement", False): "banking.brought_back",
}
MARKS = {"document": documents_aside, "statement": banking}
"""Who sets and lifts the mark of what is put aside, by table."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document or a statement, as far as it matters here."""

    table: str
    id: UUID
    company_id: UUID
    name: str
    kind: str | None
    row: Document | Statement

    @property
    def path(self) -> str:
        """Where its page stands, behind the base of a place."""
        return f"/{'documents' if self.table == 'document' else 'bank'}/{self.id}"


async def paper_of(
    session: ReadSession, actor: Actor, place: Place, table: str, paper_id: UUID, *, erased: bool = False
) -> Paper:
    """A document or statement that the actor may see.

    Args:
        erased: also what is left of one that was erased.

    Raises:
        NotFound: unknown, another company's, not this contributor's, or erased (`erased`).
    """
    if table == "document":
        return of_document(await lookups.document(session, actor, place.company_id, paper_id, erased=erased))
    row, account = await banking.statement(session, actor, place.company_id, paper_id, erased=erased)
    return of_statement(row, account)


def day_of(paper: Paper) -> date:
    """The day from which the years of a paper are counted; of an erased one the last of its year."""
    return paper.row.issue_date if isinstance(paper.row, Document) else banking.statement_date(paper.row)


def of_document(row: Document) -> Paper:
    """A document as what is kept."""
    return Paper("document", row.id, row.company_id, changes.named(row), row.kind.value, row)


def of_statement(row: Statement, account: BankAccount) -> Paper:
    """A statement as what is kept."""
    name = audit.named(banking.statement_number(row), banking.account_name(account))
    return Paper("statement", row.id, row.company_id, name, None, row)


async def check_aside(session: ReadSession, actor: Actor, paper: Paper) -> None:
    """Whether a paper may be put aside by this actor now.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: locked (`locked`), in an export (`exported`), or put aside already (`aside`).
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    await check_kept(session, paper)
    if paper.row.aside_at is not None:
        raise Conflict(ALREADY, code="aside")


async def check_kept(session: ReadSession, paper: Paper) -> None:
    """Whether anything keeps a paper where it is, as far as the session sees.

    Raises:
        Conflict: locked (`locked`), or in an export (`exported`).
    """
    if isinstance(paper.row, Document):
        hindrance = await deletion.aside_hindrance(session, paper.row)
    else:
        hindrance = await deletion.statement_aside_hindrance(session, paper.row)
    if hindrance is not None:
        raise hindrance


async def put_aside(
    session: WriteSession, actor: Actor, paper: Paper, reason: str, *, dossier_id: UUID | None = None
) -> None:
    """Put a paper aside: it stays where it is kept and leaves approval, export, counters and lists. Both sides are told why.

    The items that this session sees go at once, those of other offices by the event.

    Raises:
        Forbidden, Conflict: as `check_aside`.
        Invalid: no reason, or one that is too long.
    """
    await items_aside.lock_paper(session, paper.id)
    await check_aside(session, actor, paper)
    fault = reason_fault(reason)
    if fault is not None:
        raise Invalid(fault, fields={"reason": fault})
    now = clock_of(session).now()
    if not await MARKS[paper.table].put_aside(session, paper.id, at=now, reason=reason, by=actor.name):
        raise Conflict(ALREADY, code="aside")
    await items_aside.set_aside(session, paper.id)
    await _tell(session, actor, paper, reason, dossier_id, aside=True)


async def bring_back(
    session: WriteSession, actor: Actor, paper: Paper, *, dossier_id: UUID | None = None
) -> None:
    """What was put aside counts again, as the policy of each dossier says; either side may. Nobody is asked any more to erase it.

    Raises:
        Forbidden: the actor may not process documents.
        Conflict: it is not put aside, or another document took its place meanwhile (`duplicate`).
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    reason = paper.row.aside_reason or ""
    await repository.lock_paper_decisions(session, paper.id)
    await items_aside.lock_paper(session, paper.id)
    done = await MARKS[paper.table].bring_back(session, paper.id)
    if done is None:
        raise Conflict(KEY_TAKEN, code="duplicate")
    if not done:
        raise Conflict(NOT_ASIDE, code="not_aside")
    await _tell(session, actor, paper, reason, dossier_id, aside=False)


async def _tell(
    session: WriteSession,
    actor: Actor,
    paper: Paper,
    reason: str,
    dossier_id: UUID | None,
    *,
    aside: bool,
) -> None:
    kind: dict[str, Any] = {"kind": paper.kind} if paper.kind else {}
    await audit.record(
        session,
        actor,
        ACTIONS[paper.table, aside],
        paper.table,
        paper.id,
        dossier_id=dossier_id,
        what=paper.name,
        reason=reason,
        **kind,
    )
    await publish(
        session,
        actor,
        PaperMoved(
            company_id=paper.company_id,
            paper=paper.table,
            paper_id=paper.id,
            aside=aside,
            what=paper.name,
            reason=reason,
            dossier_id=dossier_id,
        ),
    )


async def follow(session: WriteSession, event: PaperMoved) -> None:
    """Every office's items follow what the paper says now, whichever event came last. Runs in the system scope."""
    await items_aside.lock_paper(session, event.paper_id)
    aside = await MARKS[event.paper].is_aside(session, event.paper_id)
    if aside is None:
        return
    if aside:
        await items_aside.set_aside(session, event.paper_id)
        for statement, _account in (await banking.by_ids(session, [event.paper_id])).values():
            await sync.follow_account(session, statement)
        return
    await items_aside.bring_back(session, event.paper_id)
    make = sync.make_for_document if event.paper == "document" else sync.make_for_statement
    await make(session, event.paper_id)


async def tell(session: WriteSession, actor: Actor, event: PaperMoved) -> None:
    """Write to both sides what was put aside or brought back, and why; not to who did it. Runs in the system scope."""
    path = f"/{'documents' if event.paper == 'document' else 'bank'}/{event.paper_id}"
    message = "put_aside" if event.aside else "brought_back"
    told: set[UUID | None] = {actor.person_id}
    found = await dossiers.of_company(session, event.company_id)
    for dossier in sorted(found, key=lambda one: (one.id != event.dossier_id, one.created_at, one.id)):
        if dossier.access not in OPEN_ACCESS:
            continue
        to = [(dossier.manager_id, f"/dossiers/{dossier.id}{path}")]
        for member, person in await people.members(session, event.company_id):
            if member.role is Role.ENTREPRENEUR:
                to.append((person.id, path))
        for person_id, where in to:
            if person_id is None or person_id in told:
                continue
            told.add(person_id)
            person = await people.person(session, person_id)
            if person is None or person.disabled_at is not None:
                continue
            await delivery.send(
                session,
                actor,
                dossier.firm_id,
                message=message,
                to_email=person.email,
                to_name=person.name,
                language=person.language,
                context={"who": actor.name, "what": event.what, "reason": event.reason, "path": where},
                dossier_id=dossier.id,
            )
