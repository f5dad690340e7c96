"""Items follow the papers below them: made, changed, blanked, counted. In the system scope, across firms."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.banking import service as banking
from portal.features.banking.service import BankAccount, Statement
from portal.features.documents import service as documents
from portal.features.documents.service import Document
from portal.features.dossiers import service as dossiers
from portal.features.dossiers.domain import OPEN_ACCESS
from portal.features.dossiers.service import Dossier
from portal.features.items import repository
from portal.features.items.domain import (
    ITEM,
    ApprovalState,
    ItemKind,
    ItemState,
    after_change,
    first_states,
)
from portal.features.policies import service as policies
from portal.features.policies.service import ExportPolicy
from portal.jobs.contract import clock_of
from portal.kernel.ids import new_id
from portal.kernel.money import cents

BATCH = 500


async def make_for_document(session: WriteSession, document_id: UUID) -> int:
    """An item in every dossier with open access on the document's company; repeating it makes none twice."""
    document = await documents.by_id(session, document_id)
    if document is None:
        return 0
    rows: list[dict[str, Any]] = []
    for dossier in await _open_dossiers(session, document.company_id):
        policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
        rows.append(_for_document(dossier, document, policy, clock_of(session).now()))
    return len(await repository.add_all(session, rows))


async def make_for_statement(session: WriteSession, statement_id: UUID) -> int:
    """The same for a bank statement."""
    found = await banking.by_ids(session, [statement_id])
    made = 0
    for statement, account in found.values():
        for dossier in await _open_dossiers(session, statement.company_id):
            row = _for_statement(dossier, statement, account, clock_of(session).now())
            made += len(await repository.add_all(session, [row]))
    return made


async def make_for_dossier(session: WriteSession, dossier_id: UUID, company_id: UUID) -> int:
    """Items for everything a company has, in a dossier that was just opened; blanked ones of an earlier time are filled again."""
    dossier = next(
        (one for one in await _open_dossiers(session, company_id) if one.id == dossier_id),
        None,
    )
    if dossier is None:
        return 0
    made = 0
    now = clock_of(session).now()
    policy = await policies.policy_for(session, dossier.firm_id, dossier.id)
    after: UUID | None = None
    while papers := await documents.batch_of_company(session, company_id, after, BATCH):
        rows = [_for_document(dossier, paper, policy, now) for paper in papers]
        made += len(await repository.add_all(session, rows))
        known = await repository.of_documents(session, dossier.id, [paper.id for paper in papers])
        for paper in papers:
            if known[paper.id].version < paper.version:  # it changed while the firm did not see it
                await follow_change(session, paper.id)
            elif known[paper.id].counterparty != paper.counterparty_name:
                await repository.change(session, known[paper.id].id, _document_columns(paper))
        after = papers[-1].id
    after = None
    while statements := await banking.batch_of_company(session, company_id, after, BATCH):
        rows = [_for_statement(dossier, statement, account, now) for statement, account in statements]
        made += len(await repository.add_all(session, rows))
        known = await repository.of_statements(session, dossier.id, [row.id for row, _account in statements])
        for statement, account in statements:
            if not known[statement.id].counterparty:
                await repository.change(
                    session, known[statement.id].id, _statement_columns(statement, account)
                )
        after = statements[-1][0].id
    return made


async def follow_change(session: WriteSession, document_id: UUID) -> None:
    """A document changed: its items take the new values; who had approved is asked again, what had left is due again."""
    found = await repository.of_document(session, document_id, lock=True)
    document = await documents.by_id(session, document_id)
    if document is None:
        return
    open_ids = {dossier.id for dossier in await _open_dossiers(session, document.company_id)}
    now = clock_of(session).now()
    for known in found:
        if known.dossier_id not in open_ids or known.version >= document.version:
            continue
        policy = await policies.policy_for(session, known.firm_id, known.dossier_id)
        kind = ItemKind(document.kind.value)
        says = first_states(kind, needs_approval=policy.needs_approval, approval_kinds=policy.approval_kinds)
        state, approval = after_change(known.state, known.approval, says)
        values = {**_document_columns(document), "version": document.version, "kind": kind, "final_at": now}
        if known.state is not ItemState.RESERVED:
            assert state is known.state or ITEM.allows(known.state, state)
            values |= {
                "state": state,
                "state_reason": known.state_reason if state is ItemState.HELD else None,
                "approval": approval,
                "approval_reason": None,
                "decided_by": None,
                "decided_by_name": None,
                "decided_at": None,
            }
        await repository.change(session, known.id, values)


async def end_access(session: WriteSession, dossier_id: UUID) -> None:
    """The firm's sight of the company ended: what never left goes, the rest keeps only what the firm's history needs."""
    await repository.forget_unbundled(session, dossier_id)
    await repository.blank(session, dossier_id)


async def reassess(session: WriteSession, firm_id: UUID, dossier_id: UUID) -> int:
    """The policy of a dossier changed: what is still here waits, or does not wait any more, as it now says. Returns how many moved.

    What was decided stays decided, what was put aside stays aside. Works in the firm's scope and in the system's.
    """
    policy = await policies.policy_for(session, firm_id, dossier_id)
    now = clock_of(session).now()
    moved = 0
    for known in await repository.of_dossier_not_out(session, dossier_id):
        state, approval = first_states(
            known.kind, needs_approval=policy.needs_approval, approval_kinds=policy.approval_kinds
        )
        asks = known.state is ItemState.READY and known.approval is ApprovalState.NOT_NEEDED
        asked = known.state is ItemState.WAITING and known.approval is ApprovalState.WAITING
        if (asks and approval is ApprovalState.WAITING) or (asked and approval is ApprovalState.NOT_NEEDED):
            await repository.change(
                session, known.id, {"state": state, "approval": approval, "final_at": now}
            )
            moved += 1
    return moved


async def dossiers_to_reassess(session: ReadSession, firm_id: UUID) -> list[UUID]:
    """The dossiers that follow a firm's default policy and have something it may move."""
    own = await policies.dossiers_with_own(session, firm_id)
    return [one for one in await repository.dossiers_to_reassess(session, firm_id) if one not in own]


async def dossiers_due(
    session: ReadSession,
    firm_id: UUID,
    whose: policies.Whose,
    *,
    final_before: datetime | None,
    dated_until: date | None,
    dated_from: date | None,
    statements: bool,
) -> Sequence[UUID]:
    """Dossiers under one standing policy in which something is ready to leave; runs in the system scope.

    Args:
        final_before: only what has been final (and unchanged) since then.
        dated_until, dated_from: bounds of the legal date, both included.
        statements: whether bank statements count.
    """
    return await repository.dossiers_due(
        session,
        firm_id,
        only=whose.only,
        but=whose.but,
        final_before=final_before,
        dated_until=dated_until,
        dated_from=dated_from,
        statements=statements,
    )


async def _open_dossiers(session: ReadSession, company_id: UUID) -> list[Dossier]:
    found = await dossiers.of_company(session, company_id)
    return sorted((one for one in found if one.access in OPEN_ACCESS), key=lambda one: one.id)


def _document_columns(document: Document) -> dict[str, Any]:
    return {
        "number": document.number,
        "counterparty": document.counterparty_name,
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
        "item_date": banking.statement_date(statement),
        "due_date": None,
        "currency": account.currency,
        "net": 0,
        "tax": 0,
        "gross": cents(statement.new_balance),
    }


def _fresh(dossier: Dossier, kind: ItemKind, received_at: datetime, now: datetime) -> dict[str, Any]:
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
    kind = ItemKind(document.kind.value)
    state, approval = first_states(
        kind, needs_approval=policy.needs_approval, approval_kinds=policy.approval_kinds
    )
    return {
        **_fresh(dossier, kind, document.received_at, now),
        **_document_columns(document),
        "document_id": document.id,
        "version": document.version,
        "state": state,
        "approval": approval,
    }


def _for_statement(
    dossier: Dossier, statement: Statement, account: BankAccount, now: datetime
) -> dict[str, Any]:
    return {
        **_fresh(dossier, ItemKind.STATEMENT, statement.received_at, now),
        **_statement_columns(statement, account),
        "statement_id": statement.id,
        "version": statement.version,
        "state": ItemState.READY,
        "approval": ApprovalState.NOT_NEEDED,
    }
