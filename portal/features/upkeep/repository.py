"""SQL of what is thrown away: whose objects to look at, and which of them some row names."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.db.base import Base
from portal.db.session import ReadSession
from portal.features.upkeep.domain import OWNERS
from portal.jobs.models import JobRow
from portal.jobs.upkeep import NamesObjects, Owner


async def owners_not_asked(session: ReadSession, kind: Owner, prefix: str, since: datetime) -> Sequence[UUID]:
    """Firms, or companies, without a job of this key that is open, or that ended since; so many at most. Needs the system scope."""
    owner = Base.metadata.tables[kind].c.id
    ended = sa.func.coalesce(JobRow.done_at, JobRow.dead_at)
    asked = sa.exists().where(
        JobRow.unique_key == sa.func.concat(prefix, sa.cast(owner, sa.Text())),
        sa.or_(ended.is_(None), ended > since),
    )
    found = await session.scalars(sa.select(owner).where(~asked).order_by(owner).limit(OWNERS))
    return found.all()


async def named(
    session: ReadSession, kind: Owner, owner: UUID, hashes: Sequence[str], columns: Iterable[NamesObjects]
) -> set[str]:
    """Which of these objects some row of their owner names. Must see every row: needs the system scope."""
    found: list[sa.Select[Any]] = []
    for one in columns:
        if one.owner != kind:
            continue
        table = one.table
        for written in one.columns:
            column, _, field = written.partition(".")
            value: Any = table.c[column]
            if field:
                value = sa.type_coerce(value, JSONB())[field].astext
            live = [table.c.erased_at.is_(None)] if one.erasable else []
            found.append(sa.select(value).where(table.c[f"{kind}_id"] == owner, value.in_(hashes), *live))
    return set(await session.scalars(sa.union(*found)))
