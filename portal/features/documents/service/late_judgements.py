"""Documents that came before anybody looked for contradictions: judged once, a batch at a time, also when they have left."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import structlog

from exports import ubl
from portal.db.session import WriteSession
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.findings import entry_findings, invoice_findings
from portal.features.documents.domain.totals import Rate
from portal.features.documents.models import Document
from portal.features.documents.repository import judgements as judgements_repository
from portal.features.documents.service.invoices import read_checked
from portal.jobs import ledger
from portal.jobs.contract import GiveWay, Job, Later, Priority
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import Unavailable
from portal.kernel.ids import CompanyId
from portal.storage import BrokenFile

log = structlog.get_logger()
BATCH = 25
COMPANIES = 100
RETRY_AFTER_SECONDS = 10.0


class JudgeDocuments(Job, frozen=True, kw_only=True):
    """Judge the documents of a company that nobody has judged; done again it finds none."""

    name: ClassVar[str] = "documents.judge"
    priority: ClassVar[Priority] = Priority.UPKEEP


async def ask_to_judge(session: WriteSession) -> None:
    """One job for each company that has some. Runs in the system scope."""
    for company_id in await judgements_repository.companies_unjudged(session, COMPANIES):
        actor = Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(company_id))
        key = f"{JudgeDocuments.name}:{company_id}"
        await ledger.enqueue(session, actor, JudgeDocuments(), unique_key=key)


async def judge_documents(task: Task, _job: JudgeDocuments) -> None:
    """Judge one batch. A document that cannot be judged holds up no other.

    Raises:
        GiveWay: there are more.
        Later: the store is away, or gives one file out no more.
    """
    async with task.transaction() as session:
        rows = await judgements_repository.unjudged(session, BATCH)
    found: dict[UUID, list[dict[str, Any]]] = {}
    out_of_reach: Unavailable | None = None
    for row in rows:
        try:
            found[row.id] = await _findings(task, row)
        except Unavailable as away:
            out_of_reach = away
            if not await task.tools.store.healthy():
                break
    async with task.transaction() as session:
        await judgements_repository.write_findings(session, found)
        if len(rows) < BATCH and out_of_reach is None:
            await task.finish(session)
            return
    if out_of_reach is not None:
        raise Later(RETRY_AFTER_SECONDS, out_of_reach.code) from out_of_reach
    raise GiveWay


async def _findings(task: Task, row: Document) -> list[dict[str, Any]]:
    """What does not agree; nothing of a file that cannot be read any more, which is told elsewhere."""
    try:
        if row.ubl_sha256 is None:
            return entry_findings(_entry(row))
        return invoice_findings(
            await read_checked(await task.tools.store.get(row.company_id, row.ubl_sha256))
        )
    except Unavailable:
        raise
    except (ubl.Unreadable, BrokenFile):
        return []
    except Exception:  # whatever an earlier release took
        log.exception("documents.not_judged", document=str(row.id))
        return []


def _entry(row: Document) -> Entry:
    rates = tuple(
        Rate(
            percent=None if one["percent"] is None else Decimal(one["percent"]),
            taxable=Decimal(one["taxable"]),
            tax=Decimal(one["tax"]),
        )
        for one in row.tax_subtotals
    )
    return Entry(
        kind=row.kind,
        number=row.number,
        issue_date=row.issue_date,
        due_date=row.due_date,
        counterparty_name=row.counterparty_name,
        rates=rates,
        total=row.payable,
        currency=row.currency,
    )
