"""Bank statements: taking CODA files in, looking at accounts, finding what is missing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from exports import coda, statements
from portal.db.figures import Figure, constant
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.banking import repository
from portal.features.banking.domain import (
    Break,
    Coda,
    Link,
    MadeCoda,
    Standing,
    StatementArrived,
    StatementForm,
    breaks,
    conflict_with,
    why_kept_back,
)
from portal.features.banking.models import BankAccount, Statement
from portal.features.documents.domain.retention import ERASED
from portal.features.documents.service import lookups
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_

LOCKED = N_("This statement is locked: it was exported.")


@dataclass(frozen=True, slots=True)
class TakenStatement:
    """What became of one statement of a file: new, there already, or (nothing written) in conflict with another one.

    Attributes:
        same_as: it tells what the statement that is there tells, in another form or message.
        first_coda: how the account stood when this became its first CODA, though statements in other forms were there; else None.
    """

    statement: Statement
    new: bool
    same_as: bool = False
    first_coda: Standing | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """A statement that claims the place of a stored one, with other content: a person has to choose."""

    new: Coda
    known: Statement


@dataclass(frozen=True, slots=True)
class KnownStatements:
    """What a company has of the statements of one file.

    Attributes:
        accounts: whether it has the account, statement by statement.
        missing: the contents (hashes) that it has not got (any more).
        clash: the first whose number and place another one of the account has, with other content (coda.md 5.5, third level).
    """

    accounts: tuple[bool, ...]
    missing: tuple[str, ...]
    clash: Clash | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account as its page shows it."""

    account: BankAccount
    name: str
    statements: int
    latest: Statement | None
    gaps: Sequence[Break]
    standing: Standing


async def known(session: ReadSession, company_id: UUID, given: Sequence[Coda]) -> KnownStatements:
    """What a company has of the statements of one file already."""
    accounts: list[bool] = []
    missing: list[str] = []
    clash: Clash | None = None
    for one in given:
        is_there = await repository.with_content(session, company_id, one.content_hash) is not None
        account = await repository.account_of(
            session, company_id, one.account_number, one.currency, one.extension
        )
        accounts.append(account is not None)
        if is_there:
            continue
        missing.append(one.content_hash)
        if clash is None and account is not None and one.coda_number:
            numbered = await repository.with_number(session, account.id, one.coda_number)
            rival = conflict_with(one, _links(numbered))
            if rival is not None:
                clash = Clash(one, next(other for other in numbered if other.id == rival))
    return KnownStatements(tuple(accounts), tuple(missing), clash)


async def ingest(
    session: WriteSession,
    actor: Actor,
    company_id: UUID,
    given: Sequence[Coda],
    *,
    original_sha256: str,
    original_name: str,
    dossier_id: UUID | None = None,
) -> list[TakenStatement]:
    """The statements of one checked file; publishes StatementArrived for each new one.

    What the company has already (the same records 0 to 9, whatever the file) is given back as it stands; so is the statement that tells
    what one in another form tells, and the one of which a CODA was made here. CODA is always taken beside other forms: it is the bank's.

    Args:
        given: without fatal findings (`domain.fatal`); their bytes are stored.
        original_sha256: the file that came in.
        dossier_id: where an office handed it in.
    """
    now = clock_of(session).now()
    taken: list[TakenStatement] = []
    for one in given:
        account = await repository.find_or_make_account(
            session,
            {
                "id": new_id(),
                "company_id": company_id,
                "number": one.account_number,
                "currency": one.currency,
                "extension": one.extension,
                "iban": one.iban,
                "bic": one.bic or None,
                "holder": one.holder,
                "description": one.description,
                "created_at": now,
            },
        )
        same = await _told_already(session, account, one)
        if same is not None:
            taken.append(TakenStatement(same, new=False, same_as=same.content_hash != one.content_hash))
            continue
        standing = (await repository.standings(session, [account.id]))[account.id]
        made = await repository.insert_new(
            session,
            {
                "id": new_id(),
                "company_id": company_id,
                "account_id": account.id,
                "form": one.form,
                "version": 1,
                "coda_number": one.coda_number,
                "paper_number": one.paper_number,
                "old_balance": one.old_balance,
                "old_date": one.old_date,
                "new_balance": one.new_balance,
                "new_date": one.new_date,
                "debit_total": one.debit_total,
                "credit_total": one.credit_total,
                "movement_count": one.movement_count,
                "content_hash": one.content_hash,
                "original_sha256": original_sha256,
                "original_name": one.file_name if one.derived else original_name,
                "file_sha256": one.file_sha256,
                "file_size": one.file_size,
                "derived": one.derived,
                "findings": msgspec.to_builtins(one.findings),
                "received_at": now,
                "received_by": actor.person_id,
                "dossier_id": dossier_id,
            },
        )
        if made is None:
            there = await repository.with_content(session, company_id, one.content_hash)
            assert there is not None
            taken.append(TakenStatement(there, new=False))
            continue
        await audit.record(
            session,
            actor,
            "banking.statement_arrived",
            "statement",
            made.id,
            what=audit.named(statement_number(made), account_name(account)),
            account=account.number,
            number=made.coda_number,
            sha256=one.file_sha256,
        )
        await publish(session, actor, StatementArrived(company_id=company_id, statement_id=made.id))
        first = None
        if one.form is StatementForm.CODA and not standing.has_coda:
            others = await repository.in_other_forms(session, account.id)
            if others:
                first = standing
                await audit.record(
                    session,
                    actor,
                    "banking.first_coda",
                    "statement",
                    made.id,
                    what=audit.named(statement_number(made), account_name(account)),
                    account=account.number,
                    statements=len(others),
                )
        taken.append(TakenStatement(made, new=True, first_coda=first))
    return taken


async def _told_already(session: ReadSession, account: BankAccount, one: Coda) -> Statement | None:
    """The statement that tells what this one tells, though its content is another."""
    if one.form is not StatementForm.CODA:
        return await repository.twin(session, account.id, one)
    return await repository.made_as_coda(session, account.company_id, one.content_hash)


def is_locked(statement_id: UUID) -> Figure[bool]:
    """Whether an export has locked a statement."""
    return repository.locked(statement_id)


def aside_count(actor: Actor, company_id: UUID) -> Figure[int]:
    """How many statements of a company are put aside; a contributor is not told."""
    if lookups.own_uploads_only(actor) is not None:
        return constant(0)
    return repository.aside_count(company_id)


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, tuple[Statement, BankAccount]]:
    """Statements with their accounts, by id; unseen ones are left out."""
    return await repository.by_ids(session, ids)


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[tuple[Statement, BankAccount]]:
    """Statements of a company in id order, behind `after`: for walking over all of them."""
    return await repository.batch_of_company(session, company_id, after, limit)


async def accounts(session: ReadSession, actor: Actor, company_id: UUID) -> list[AccountView]:
    """The accounts of a company, each with its latest balance and what is missing in its chain; none for a contributor."""
    if lookups.own_uploads_only(actor) is not None:
        return []
    found = await repository.accounts(session, company_id)
    chains = await repository.chains(session, [one.account.id for one in found if one.statements > 1])
    return [
        AccountView(
            one.account,
            account_name(one.account),
            one.statements,
            one.latest,
            breaks(chains.get(one.account.id, [])),
            one.standing,
        )
        for one in found
    ]


def _links(rows: Sequence[Statement]) -> list[Link]:
    return [
        Link(
            id=row.id,
            form=row.form,
            coda_number=row.coda_number,
            old_balance=row.old_balance,
            old_date=row.old_date,
            new_balance=row.new_balance,
            new_date=row.new_date,
        )
        for row in rows
    ]


async def gaps(session: ReadSession, account_id: UUID) -> Sequence[Break]:
    """What is missing in the chain of one account."""
    return breaks((await repository.chains(session, [account_id]))[account_id])


async def statement(
    session: ReadSession, actor: Actor, company_id: UUID, statement_id: UUID, *, erased: bool = False
) -> tuple[Statement, BankAccount]:
    """One statement of a company with its account.

    Args:
        erased: whoever asks can show what is left of one that was erased.

    Raises:
        NotFound: unknown, another company's, not this contributor's, or erased (`erased`).
    """
    found = await repository.one(session, statement_id)
    if found is None or found[0].company_id != company_id:
        raise NotFound
    own = lookups.own_uploads_only(actor)
    if own is not None and found[0].received_by != own:
        raise NotFound
    if found[0].erased_at is not None and not erased:
        raise NotFound(ERASED, code="erased")
    return found


async def read_original(tools: Tools, row: Statement) -> coda.Statement | None:
    """A stored CODA statement read from its own bytes; None when they cannot be read any more as when they came.

    Raises:
        BrokenFile: the bytes are gone or damaged.
    """
    data = await tools.store.get(row.company_id, row.file_sha256)
    try:
        file = await asyncio.to_thread(coda.read, data)
    except coda.Unreadable:
        return None
    return next((one for one in file.statements if one.content_hash == row.content_hash), None)


async def file_of(tools: Tools, row: Statement) -> bytes:
    """The statement's own bytes, verified.

    Raises:
        BrokenFile: gone or damaged.
    """
    return await tools.store.get(row.company_id, row.file_sha256)


def account_name(account: BankAccount) -> str:
    """An account for people: an IBAN in groups of four, with what tells it apart from others of its number."""
    number = account.iban or account.number
    shown = (
        " ".join(number[place : place + 4] for place in range(0, len(number), 4)) if account.iban else number
    )
    return " ".join(
        part
        for part in (shown, account.currency if account.currency != "EUR" else "", account.extension)
        if part
    )


def statement_date(row: Statement) -> date:
    """The day a statement belongs to: of its closing balance, else of its opening one, else of its arrival."""
    return row.new_date or row.old_date or local_date(row.received_at)


def statement_number(row: Statement) -> str:
    """Year and CODA number, 2026/045; the paper number where the bank counts no CODA; empty without both."""
    number = row.coda_number or row.paper_number
    return f"{statement_date(row).year}/{number:03d}" if number else ""


async def put_aside(session: WriteSession, statement_id: UUID, *, at: datetime, reason: str, by: str) -> bool:
    """Mark a statement; False when it is put aside already, or gone."""
    return await repository.put_aside(session, statement_id, at=at, reason=reason, by=by)


async def bring_back(session: WriteSession, statement_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    return await repository.bring_back(session, statement_id)


async def is_aside(session: WriteSession, statement_id: UUID) -> bool | None:
    """Whether a statement is put aside at this moment, its row taken; None when it is gone."""
    return await repository.is_aside(session, statement_id)


async def read_foreign(tools: Tools, row: Statement) -> statements.ForeignStatement | None:
    """A stored statement of another form read from its own bytes; None when they cannot be read any more as when they came.

    Raises:
        BrokenFile: the bytes are gone or damaged.
    """
    data = await tools.store.get(row.company_id, row.file_sha256)
    try:
        file = await asyncio.to_thread(statements.read, data)
    except statements.Unreadable:
        return None
    return next((one for one in file.statements if one.content_hash == row.content_hash), None)


def standing_of(account_id: UUID) -> Figure[Standing]:
    """How an account stands between CODA and other forms."""
    return repository.standing_of(account_id)


def made_of(statement_id: UUID) -> Figure[MadeCoda | None]:
    """The number under which a statement leaves as CODA made here; None until the file is made."""
    return repository.made_of(statement_id)


async def kept_back(session: ReadSession, rows: Sequence[Statement]) -> dict[UUID, str]:
    """Statements that do not leave by themselves, with the reason as a text to translate."""
    standings = await repository.standings(session, {row.account_id for row in rows})
    reasons = {
        row.id: why_kept_back(row.form, row.new_date, standings.get(row.account_id, Standing()))
        for row in rows
    }
    return {statement_id: reason for statement_id, reason in reasons.items() if reason is not None}


async def in_other_forms(session: ReadSession, account_id: UUID) -> Sequence[UUID]:
    """Statements of an account, and of others of its number and currency, that are no CODA."""
    return await repository.in_other_forms(session, account_id)
