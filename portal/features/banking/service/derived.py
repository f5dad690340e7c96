"""The CODA that is made here of statements in other forms: numbers of a series of their own, files that say so."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from exports import coda, statements
from exports.errors import ExportsError
from portal.db.session import ReadSession, WriteSession
from portal.features.banking import repository
from portal.features.banking.domain import derived_name
from portal.features.banking.models import BankAccount, DerivedCoda, Statement
from portal.features.banking.service.statements import read_foreign, statement_date
from portal.jobs.contract import Tools, clock_of
from portal.kernel.ids import new_id


async def derived_of(session: ReadSession, statement_ids: Sequence[UUID]) -> dict[UUID, DerivedCoda]:
    """The CODA made of statements in other forms, by statement."""
    return await repository.derived_of(session, statement_ids)


async def take_numbers(
    session: WriteSession, company_id: UUID, rows: Sequence[Statement]
) -> dict[UUID, DerivedCoda]:
    """The numbers under which statements of other forms leave as CODA: their own, or the next of their account's series, in order of days.

    Without those for which a year has no number left.
    """
    there = await repository.derived_of(session, [row.id for row in rows])
    missing = sorted(
        (row for row in rows if row.id not in there),
        key=lambda row: (statement_date(row), row.old_date or statement_date(row), row.paper_number, row.id),
    )
    if not missing:
        return there
    accounts = {row.account_id for row in missing}
    await repository.lock_accounts(session, accounts)
    there = await repository.derived_of(session, [row.id for row in rows])
    last = await repository.last_numbers(session, accounts)
    made: list[dict[str, object]] = []
    for row in missing:
        series = (row.account_id, statement_date(row).year)
        number = last.get(series, statements.FIRST - 1) + 1
        if row.id in there or number > statements.LAST:
            continue
        last[series] = number
        made.append(
            {
                "id": new_id(),
                "company_id": company_id,
                "statement_id": row.id,
                "account_id": row.account_id,
                "year": series[1],
                "number": number,
                "made_at": clock_of(session).now(),
            }
        )
    await repository.take_numbers(session, made)
    return await repository.derived_of(session, [row.id for row in rows])


async def make_coda(tools: Tools, row: Statement, number: int) -> tuple[bytes, str] | None:
    """The CODA of a statement in another form, and the hash of its content; None when it cannot be written, or read any more.

    The same bytes whenever it is asked for. Without a session: the store may be slow, a file long.

    Raises:
        BrokenFile: the statement's bytes are gone or damaged.
    """
    found = await read_foreign(tools, row)
    if found is None:
        return None

    def make() -> tuple[bytes, str] | None:
        try:
            data = statements.to_coda(found, number)
            return data, coda.read(data).statements[0].content_hash
        except ExportsError:
            return None

    return await asyncio.to_thread(make)


async def note_made(
    session: WriteSession, made: DerivedCoda, *, sha256: str, size: int, content: str
) -> None:
    """The object of a CODA that was made here is stored."""
    await repository.note_made(session, made, sha256=sha256, size=size, content=content)


def derived_file_name(row: Statement, account: BankAccount, made: DerivedCoda) -> str:
    """The name of a CODA that was made here."""
    return derived_name(account.iban or account.number, account.currency, made.year, made.number, row.form)
