"""SQL of files that came to the office as a whole, and of whose they may be."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.figures import Figure, how_many
from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import holding
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.models import BankAccount
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier
from portal.features.intake.domain.files import NewFile, clean_name
from portal.features.intake.domain.inbox import (
    INBOX,
    InboxChange,
    InboxQuery,
    InboxReception,
    InboxState,
    Marks,
)
from portal.features.intake.models import InboxFile
from portal.features.parties.models import Company, CompanyIdentifier
from portal.features.retention.models import Erasure
from portal.kernel.actor import Actor
from portal.kernel.ids import new_id


def visible_to(actor: Actor) -> sa.Select[InboxFile]:
    """The files of the inbox that an actor sees: who sees all dossiers, all of the firm's; an assistant those they sent themselves."""
    own = assigned_only(actor)
    statement = sa.select(InboxFile).where(InboxFile.firm_id == actor.firm_id)
    return statement if own is None else statement.where(InboxFile.received_by == own)


async def add_all(
    session: WriteSession,
    reception: InboxReception,
    files: Sequence[NewFile],
    *,
    parent_id: UUID | None = None,
) -> None:
    """Write down files that came together; those without bytes that could be kept are discarded with their reason at once."""
    if not files:
        return
    rows = [
        {
            **msgspec.structs.asdict(reception),
            "id": new_id(),
            "parent_id": parent_id,
            "name": clean_name(one.name),
            "folder": one.folder,
            "media_type": one.media_type.value,
            "size": one.size,
            "sha256": one.sha256,
            "object_sha256": one.sha256 or None,
            "state": InboxState.RECEIVED if one.refusal is None else InboxState.DISCARDED,
            "reason": one.refusal.code if one.refusal else None,
            "reason_params": one.refusal.params if one.refusal else {},
            "handled_at": reception.received_at if one.refusal else None,
        }
        for one in files
    ]
    await session.execute(insert(InboxFile).values(rows))


async def one(session: ReadSession, actor: Actor, file_id: UUID) -> InboxFile | None:
    """One file that the actor may see, as it is now."""
    statement = visible_to(actor).where(InboxFile.id == file_id)
    return await session.scalar(statement.execution_options(populate_existing=True))


async def of_upload(session: ReadSession, actor: Actor, upload_id: UUID) -> Sequence[InboxFile]:
    """What was dropped together, as far as the actor may see it, archives before their files."""
    found = await session.scalars(
        visible_to(actor).where(InboxFile.upload_id == upload_id).order_by(InboxFile.id)
    )
    return found.all()


async def lock_bytes(session: WriteSession, firm_id: UUID, sha256: str) -> None:
    """Files of the same bytes are looked at one after the other: the second one sees that the first one waits."""
    key = sa.func.hashtextextended(sa.literal(f"inbox:{firm_id}:{sha256}"), 0)
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


async def waiting_with_bytes(
    session: ReadSession, actor: Actor, sha256: str, exclude: UUID
) -> InboxFile | None:
    """Another file of the same bytes that waits, where the actor sees it."""
    return await session.scalar(
        visible_to(actor)
        .where(InboxFile.sha256 == sha256, InboxFile.state == InboxState.WAITING, InboxFile.id != exclude)
        .limit(1)
    )


async def move(
    session: WriteSession,
    file_id: UUID,
    to: InboxState,
    change: InboxChange,
    *,
    only_from: InboxState | None = None,
) -> InboxFile | None:
    """One move of the inbox's machine; None when the file was not where it may come from: somebody was there first.

    Args:
        only_from: where it must be, of the states that the machine allows.
    """
    sources = INBOX.sources(to) if only_from is None else INBOX.sources(to) & {only_from}
    return await session.scalar(
        sa.update(InboxFile)
        .where(InboxFile.id == file_id, InboxFile.state.in_(sources))
        .values(state=to, **change.columns())
        .returning(InboxFile)
        .execution_options(populate_existing=True)
    )


def _filtered(actor: Actor, query: InboxQuery) -> sa.Select[InboxFile]:
    statement = visible_to(actor).where(InboxFile.state == query.state)
    if query.search:
        statement = statement.where(holding(InboxFile.name, query.search))
    return statement


async def page(
    session: ReadSession, actor: Actor, query: InboxQuery, size: int = PAGE_SIZE
) -> Page[InboxFile]:
    """One page of files: what waits oldest first, the rest newest first."""
    statement, backwards = keyset(
        _filtered(actor, query),
        sort=InboxFile.received_at,
        tie=InboxFile.id,
        kind=datetime,
        descending=query.state is not InboxState.WAITING,
        cursor=query.cursor,
        size=size,
    )
    rows = (await session.scalars(statement)).all()
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: row.received_at,
        row_id=lambda row: row.id,
        size=size,
    )


async def counts(session: ReadSession, actor: Actor, query: InboxQuery) -> dict[InboxState, int]:
    """How many files are in each state."""
    listed = visible_to(actor)
    if query.search:
        listed = listed.where(holding(InboxFile.name, query.search))
    seen = listed.subquery()
    found: Any = await session.execute(sa.select(seen.c.state, sa.func.count()).group_by(seen.c.state))
    return {InboxState(row[0]): row[1] for row in found}


def waiting_count(actor: Actor) -> Figure[int]:
    """How many files wait for somebody who says whose they are."""
    return how_many(
        visible_to(actor).where(InboxFile.state == InboxState.WAITING).with_only_columns(InboxFile.id)
    )


async def next_waiting(session: ReadSession, actor: Actor, exclude: UUID) -> UUID | None:
    """The oldest other file that waits."""
    waiting = visible_to(actor).where(InboxFile.state == InboxState.WAITING, InboxFile.id != exclude)
    found = await session.scalar(waiting.order_by(InboxFile.received_at, InboxFile.id).limit(1))
    return found.id if found is not None else None


# ── whose it may be ──────────────────────────────────────────────────────────────────────────────────────────────


def _bare(column: Any) -> sa.ColumnElement[str]:
    return sa.func.upper(sa.func.regexp_replace(column, "[^[:alnum:]]", "", "g"))


async def named_companies(
    session: ReadSession, firm_id: UUID, marks: Marks, today: date
) -> Sequence[tuple[UUID, UUID, bool]]:
    """The firm's open dossiers whose company may be named by a file: (dossier, company, whether by an account); in the system scope.

    By any identifier that stands today. It finds rather too many than too few: `domain.inbox.is_for` compares exactly.
    """
    numbers = {number for _country, number in marks.numbers}
    written = list(numbers | {f"{country}{number}" for country, number in marks.numbers} | marks.texts)
    identified = (
        sa.select(CompanyIdentifier.company_id)
        .where(
            CompanyIdentifier.company_id == Dossier.company_id,
            sa.or_(CompanyIdentifier.valid_from.is_(None), CompanyIdentifier.valid_from <= today),
            sa.or_(CompanyIdentifier.valid_until.is_(None), CompanyIdentifier.valid_until >= today),
            sa.or_(
                _bare(CompanyIdentifier.value).in_(written),
                _bare(sa.func.split_part(CompanyIdentifier.value, ":", 2)).in_(written),
            ),
        )
        .exists()
    )
    account = (
        sa.select(BankAccount.id)
        .where(
            BankAccount.company_id == Dossier.company_id,
            BankAccount.number.in_(list(marks.accounts)),
            BankAccount.erased_at.is_(None),
        )
        .exists()
    )
    named = sa.or_(_bare(Dossier.number).in_(written), _bare(Company.vat_id).in_(written), identified)
    has_account = account if marks.accounts else sa.false()
    found = await session.execute(
        sa.select(Dossier.id, Dossier.company_id, has_account)
        .join(Company, Company.id == Dossier.company_id)
        .where(Dossier.firm_id == firm_id, Dossier.access.in_(OPEN_ACCESS), sa.or_(named, has_account))
        .order_by(Dossier.sort_key, Dossier.id)
    )
    return [(row[0], row[1], bool(row[2])) for row in found]


# ── what is thrown away ──────────────────────────────────────────────────────────────────────────────────────────


async def drop_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Delete what was discarded, handed over or opened before that moment, so many at most; in the system scope. Gives how many went."""
    old = (
        sa.select(InboxFile.id)
        .where(
            InboxFile.handled_at < before,
            InboxFile.state.in_((InboxState.DISCARDED, InboxState.ROUTED, InboxState.SPLIT)),
        )
        .limit(limit)
    )
    gone = await session.scalars(
        sa.delete(InboxFile)
        .where(InboxFile.id.in_(old))
        .returning(InboxFile.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


async def copies_of_erased(session: ReadSession, erasure_id: UUID) -> Sequence[tuple[UUID, str]]:
    """Firms, and what their inboxes held of something that was erased, by its hash; in the system scope."""
    subjects = sa.select(sa.func.unnest(Erasure.subjects)).where(Erasure.id == erasure_id)
    found = await session.execute(
        sa.select(InboxFile.firm_id, InboxFile.sha256).where(
            InboxFile.id.in_(subjects), InboxFile.sha256 != ""
        )
    )
    return [(row[0], row[1]) for row in found]
