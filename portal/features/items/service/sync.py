"""Items follow the papers below them: made, changed, blanked, counted. In the system scope, across firms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.banking.domain import HAS_CODA
from portal.features.banking.models import BankAccount, Statement
from portal.features.banking.service import statements as banking
from portal.features.documents.models import Document
from portal.features.documents.service import lookups
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS, place_of
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import (
    ITEM,
    ApprovalState,
    Due,
    ItemState,
    after_change,
    first_states,
)
from portal.features.items.models import DossierItem
from portal.features.items.repository import due as due_repository
from portal.features.items.repository import items as items_repository
from portal.features.items.repository import places as places_repository
from portal.features.items.service import holding
from portal.features.policies import service as policies
from portal.features.policies.models import ExportPolicy
from portal.jobs.contract import Later, clock_of
from portal.kernel.ids import new_id
from portal.kernel.kinds import Kind
from portal.kernel.money import cents
from portal.kernel.searching import found_by

BATCH = 500
"""So many papers in one transaction: each holds the dossier's row, and everybody who works on it waits."""


async def make_for_document(session: WriteSession, document_id: UUID) -> int:
    """An item for every firm that sees the document's company, in one of its dossiers; repeating it makes none twice."""
    document = await lookups.by_id(session, document_id)
    if document is None or document.aside_at is not None:
        return 0
    await approvers.hold_approvers(session, document.company_id)
    rows: list[dict[str, Any]] = []
    for dossier in await dossiers.places(session, document.company_id, document.dossier_id):
        policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
        rows.append(_for_document(dossier, document, policy, clock_of(session).now()))
    return len(await items_repository.add_all(session, rows))


async def make_for_statement(session: WriteSession, statement_id: UUID) -> int:
    """An item for every firm that sees the company of a bank statement; repeating it makes none twice."""
    found = await banking.by_ids(session, [statement_id])
    reasons = await banking.kept_back(session, [statement for statement, _account in found.values()])
    made = 0
    for statement, account in found.values():
        if statement.aside_at is not None:
            continue
        for dossier in await dossiers.places(session, statement.company_id, statement.dossier_id):
            row = _for_statement(dossier, statement, account, reasons, clock_of(session).now())
            made += len(await items_repository.add_all(session, [row]))
        await follow_account(session, statement)
    return made


async def follow_account(session: WriteSession, statement: Statement) -> None:
    """The first CODA of an account came, or the last one went: what it has in other forms stays, or goes. In the system scope."""
    others = await banking.in_other_forms(session, statement.account_id)
    if not others:
        return
    rows = [one for one, _account in (await banking.by_ids(session, others)).values()]
    reasons = await banking.kept_back(session, rows)
    found = await items_repository.lock_statements(session, others)
    stays = [item.id for item in found if item.state is ItemState.READY and item.statement_id in reasons]
    goes = [
        item.id
        for item in found
        if item.state is ItemState.HELD and item.state_reason == HAS_CODA and item.statement_id not in reasons
    ]
    now = clock_of(session).now()
    await items_repository.move(session, stays, ItemState.HELD, (ItemState.READY,), state_reason=HAS_CODA)
    await items_repository.move(
        session, goes, ItemState.READY, (ItemState.HELD,), state_reason=None, final_at=now
    )


async def fill_documents(
    session: WriteSession, dossier_id: UUID, company_id: UUID, after: UUID | None
) -> UUID | None:
    """Items for the next `BATCH` documents of a company, in a dossier that was opened; blanked ones of an earlier time are filled again.

    What stands in another dossier of the firm, or belongs there, is left to it: nothing stands in two.

    Returns:
        The last document of this batch; None when nothing comes behind it, or the dossier is not open (any more).

    Raises:
        Later: the access ended while this batch was made; nothing of it stays.
    """
    await approvers.hold_approvers(session, company_id)
    dossier = await _if_open(session, dossier_id, company_id)
    papers = await lookups.batch_of_company(session, company_id, after, BATCH) if dossier else ()
    if dossier is None or not papers:
        return None
    now = clock_of(session).now()
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    known = await items_repository.of_documents(
        session, dossier.id, [paper.id for paper in papers], lock=True
    )
    changes: list[dict[str, Any]] = []
    for paper in papers:
        item = known.get(paper.id)
        if item is None:
            continue
        if item.version < paper.version:  # it changed while the firm did not see it
            changes.append({"id": item.id, **_after_change(item, paper, dossier, policy, now)})
        elif item.version == paper.version and item.counterparty != paper.counterparty_name:
            changes.append({"id": item.id, **_as_it_is(item), **_document_columns(paper)})
    await items_repository.change_many(session, changes)
    # New items last: their counters take the dossier's row, and whoever works on items takes that one behind them too.
    ours = await _here(session, dossier, [(paper.id, paper.dossier_id) for paper in papers])
    missing = [_for_document(dossier, paper, policy, now) for paper in papers if paper.id in ours]
    await items_repository.add_all(session, missing)
    await _check_still_open(session, dossier_id)
    return papers[-1].id if len(papers) == BATCH else None


async def fill_statements(
    session: WriteSession, dossier_id: UUID, company_id: UUID, after: UUID | None
) -> UUID | None:
    """Make the items of bank statements that have none here yet; statements never change."""
    dossier = await _if_open(session, dossier_id, company_id)
    found = await banking.batch_of_company(session, company_id, after, BATCH) if dossier else ()
    if dossier is None or not found:
        return None
    now = clock_of(session).now()
    known = await items_repository.of_statements(
        session, dossier.id, [one.id for one, _account in found], lock=True
    )
    await items_repository.change_many(
        session,
        [
            {"id": item.id, **_statement_columns(statement, account)}
            for statement, account in found
            if (item := known.get(statement.id)) is not None and not item.counterparty
        ],
    )
    ours = await _here(session, dossier, [(one.id, one.dossier_id) for one, _account in found])
    reasons = await banking.kept_back(session, [one for one, _account in found])
    missing = [
        _for_statement(dossier, one, account, reasons, now) for one, account in found if one.id in ours
    ]
    await items_repository.add_all(session, missing)
    await _check_still_open(session, dossier_id)
    return found[-1][0].id if len(found) == BATCH else None


async def _here(
    session: ReadSession, dossier: Dossier, papers: Sequence[tuple[UUID, UUID | None]]
) -> set[UUID]:
    """Which of these papers (id, where they were handed in) belong to this dossier and stand in none of the firm's yet."""
    mine = {
        one.id: one.created_at
        for one in await _open_dossiers(session, dossier.company_id)
        if one.firm_id == dossier.firm_id
    }
    belong = [paper for paper, handed_in in papers if place_of(mine, handed_in) == dossier.id]
    return set(belong) - await places_repository.with_item(session, dossier.firm_id, belong)


async def _if_open(session: ReadSession, dossier_id: UUID, company_id: UUID) -> Dossier | None:
    found = await _open_dossiers(session, company_id)
    return next((one for one in found if one.id == dossier_id), None)


async def _check_still_open(session: WriteSession, dossier_id: UUID) -> None:
    """Looked at again at the end, with the row taken: whoever ends the access now waits, and sees what this batch made."""
    if not await items_repository.holds_open(session, dossier_id):
        raise Later(1, "the access ended meanwhile")


async def follow_change(session: WriteSession, document_id: UUID) -> None:
    """A document changed: its items take the new values; who had approved is asked again, what had left is due again."""
    found = await items_repository.of_document(session, document_id, lock=True)
    document = await lookups.by_id(session, document_id)
    if document is None:
        return
    await approvers.hold_approvers(session, document.company_id)
    open_now = {dossier.id: dossier for dossier in await _open_dossiers(session, document.company_id)}
    now = clock_of(session).now()
    for known in found:
        dossier = open_now.get(known.dossier_id)
        if dossier is None or known.version >= document.version:
            continue
        policy = await policies.policy_for(session, known.firm_id, known.dossier_id)
        await items_repository.change(session, known.id, _after_change(known, document, dossier, policy, now))


_MOVED = (
    "version",
    "kind",
    "final_at",
    "state",
    "state_reason",
    "approval",
    "approval_reason",
    "decided_by",
    "decided_by_name",
    "decided_at",
)
"""What a change of the document moves, besides the columns that lists copy."""


def _as_it_is(item: DossierItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in _MOVED}


def _after_change(
    item: DossierItem, document: Document, dossier: Dossier, policy: ExportPolicy, now: datetime
) -> dict[str, Any]:
    kind = document.kind
    state, approval = after_change(
        item.state, item.approval, _says(kind, dossier, policy), can_answer=dossier.approvers > 0
    )
    values = {
        **_as_it_is(item),
        **_document_columns(document),
        "version": document.version,
        "kind": kind,
        "final_at": now,
    }
    held = holding.why_held(policy, document, item)
    if held is not None:
        state, approval = ItemState.HELD, ApprovalState.NOT_NEEDED
    if item.state is not ItemState.RESERVED:
        assert state is item.state or ITEM.allows(item.state, state)
        values |= {
            "state": state,
            "state_reason": held or (item.state_reason if state is ItemState.HELD else None),
            "approval": approval,
            "approval_reason": None,
            "decided_by": None,
            "decided_by_name": None,
            "decided_at": None,
        }
    return values


async def end_access(session: WriteSession, dossier_id: UUID) -> None:
    """The firm's sight of the company ended: what never left goes, the rest keeps only what the firm's history needs.

    What left stays for ever, so that it never leaves as new again, whichever dossier is opened later.
    """
    await items_repository.forget_unbundled(session, dossier_id)
    await items_repository.blank(session, dossier_id)


@dataclass(frozen=True, slots=True)
class Reassessed:
    """How many items moved, and the last one looked at; None when nothing comes behind it."""

    moved: int
    last: UUID | None


async def reassess(
    session: WriteSession, firm_id: UUID, dossier_id: UUID, after: UUID | None = None
) -> Reassessed:
    """The policy of a dossier changed, or who can answer: the next `BATCH` of what is here waits, or does not wait any more, as it now says.

    What was decided stays decided, what was put aside stays aside. Works in the firm's scope and in the system's.
    """
    found = await items_repository.undecided(session, dossier_id, after, BATCH)
    # read behind the rows: whoever went over them under a newer policy before us has committed both
    policy = await policies.policy_for(session, firm_id, dossier_id)
    dossier = await dossiers.by_id(session, dossier_id)
    if dossier is None:
        return Reassessed(0, None)
    asked: list[UUID] = []
    free: list[UUID] = []
    held = await holding.hold_or_free(session, dossier, policy) if after is None else set[UUID]()
    for known in found:
        if known.id in held:
            continue
        state, _approval = _says(known.kind, dossier, policy)
        if state is not known.state:
            (asked if state is ItemState.WAITING else free).append(known.id)
    now = clock_of(session).now()
    for ids, to, source, approval in (
        (asked, ItemState.WAITING, ItemState.READY, ApprovalState.WAITING),
        (free, ItemState.READY, ItemState.WAITING, ApprovalState.NOT_NEEDED),
    ):
        if ids:
            await items_repository.move(session, ids, to, (source,), approval=approval, final_at=now)
    return Reassessed(len(asked) + len(free) + len(held), found[-1].id if len(found) == BATCH else None)


async def dossiers_to_reassess(session: ReadSession, firm_id: UUID) -> list[UUID]:
    """The dossiers that follow a firm's default policy and have something it may move."""
    own = await policies.dossiers_with_own(session, firm_id)
    return [one for one in await items_repository.dossiers_to_reassess(session, firm_id) if one not in own]


async def due(session: ReadSession, now: datetime, soon: datetime, months: Sequence[UUID]) -> list[Due]:
    """Dossiers of all firms in which a standing policy lets something leave until `soon`; in the system scope.

    Args:
        months: the monthly policies that run now.
    """
    return await due_repository.due(session, now, soon, months)


async def _open_dossiers(session: ReadSession, company_id: UUID) -> list[Dossier]:
    found = await dossiers.of_company(session, company_id)
    return sorted((one for one in found if one.access in OPEN_ACCESS), key=lambda one: one.id)


def _says(kind: Kind, dossier: Dossier, policy: ExportPolicy) -> tuple[ItemState, ApprovalState]:
    return first_states(
        kind,
        needs_approval=policy.needs_approval,
        approval_kinds=policy.approval_kinds,
        can_answer=dossier.approvers > 0,
    )


def _document_columns(document: Document) -> dict[str, Any]:
    return {
        "number": document.number,
        "counterparty": document.counterparty_name,
        "found_by": found_by(
            (document.original_name, document.pdf_name),
            document.counterparty_country,
            document.counterparty_number,
        ),
        "item_date": document.issue_date,
        "due_date": document.due_date,
        "currency": document.currency,
        "net": document.net,
        "tax": document.tax,
        "gross": document.gross,
    }


def _statement_columns(statement: Statement, account: BankAccount) -> dict[str, Any]:
    return {
        "number": banking.statement_number(statement),
        "counterparty": banking.account_name(account),
        "found_by": found_by((statement.original_name,), None, None),
        "item_date": banking.statement_date(statement),
        "due_date": None,
        "currency": account.currency,
        "net": 0,
        "tax": 0,
        "gross": cents(statement.new_balance),
    }


def _fresh(dossier: Dossier, kind: Kind, received_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "firm_id": dossier.firm_id,
        "dossier_id": dossier.id,
        "company_id": dossier.company_id,
        "document_id": None,
        "statement_id": None,
        "kind": kind,
        "received_at": received_at,
        "final_at": now,
    }


def _for_document(
    dossier: Dossier, document: Document, policy: ExportPolicy, now: datetime
) -> dict[str, Any]:
    kind = document.kind
    state, approval = _says(kind, dossier, policy)
    held = holding.why_held(policy, document)
    if held is not None:
        state, approval = ItemState.HELD, ApprovalState.NOT_NEEDED
    return {
        **_fresh(dossier, kind, document.received_at, now),
        **_document_columns(document),
        "document_id": document.id,
        "state_reason": held,
        "version": document.version,
        "state": state,
        "approval": approval,
    }


def _for_statement(
    dossier: Dossier,
    statement: Statement,
    account: BankAccount,
    reasons: Mapping[UUID, str],
    now: datetime,
) -> dict[str, Any]:
    reason = reasons.get(statement.id)
    return {
        **_fresh(dossier, Kind.STATEMENT, statement.received_at, now),
        **_statement_columns(statement, account),
        "statement_id": statement.id,
        "version": statement.version,
        "state": ItemState.READY if reason is None else ItemState.HELD,
        "state_reason": reason,
        "approval": ApprovalState.NOT_NEEDED,
    }
