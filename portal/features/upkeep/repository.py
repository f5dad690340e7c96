"""SQL of what is thrown away. The tables are other slices'; here is known only which of their columns name objects, and what grows old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.db.session import ReadSession, WriteSession
from portal.features.upkeep.domain import BATCH, ERASABLE, NAMED_IN, OWNERS

_IMPORT = sa.table(
    "dossier_import",
    sa.column("id", sa.Uuid()),
    sa.column("state", sa.Text()),
    sa.column("rows", JSONB()),
    sa.column("answers", JSONB()),
    sa.column("outcomes", JSONB()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_CODE = sa.table(
    "pairing_code", sa.column("id", sa.Uuid()), sa.column("expires_at", sa.DateTime(timezone=True))
)
_NOTICE = sa.table(
    "client_notice", sa.column("id", sa.Uuid()), sa.column("handled_at", sa.DateTime(timezone=True))
)
_JOB = sa.table(
    "job",
    sa.column("unique_key", sa.Text()),
    sa.column("done_at", sa.DateTime(timezone=True)),
    sa.column("dead_at", sa.DateTime(timezone=True)),
)


async def drop_lists(session: WriteSession, before: datetime) -> int:
    """Lists that nobody accepted go; of the accepted ones, what came of them stays. Gives how many were touched, of BATCH at most."""
    old = _IMPORT.c.created_at < before
    never = sa.select(_IMPORT.c.id).where(old, _IMPORT.c.state == "previewed").limit(BATCH)
    gone = await session.scalars(sa.delete(_IMPORT).where(_IMPORT.c.id.in_(never)).returning(_IMPORT.c.id))
    full = (
        sa.select(_IMPORT.c.id)
        .where(old, _IMPORT.c.state == "accepted", _IMPORT.c.rows != sa.literal([], JSONB()))
        .limit(BATCH)
    )
    emptied = await session.scalars(
        sa.update(_IMPORT)
        .where(_IMPORT.c.id.in_(full))
        .values(rows=[], answers={}, outcomes={})
        .returning(_IMPORT.c.id)
    )
    return max(len(gone.all()), len(emptied.all()))


async def drop_codes(session: WriteSession, before: datetime) -> int:
    """Pairing codes whose time is over. Gives how many went, of BATCH at most."""
    over = sa.select(_CODE.c.id).where(_CODE.c.expires_at < before).limit(BATCH)
    gone = await session.scalars(sa.delete(_CODE).where(_CODE.c.id.in_(over)).returning(_CODE.c.id))
    return len(gone.all())


async def drop_notices(session: WriteSession, before: datetime) -> int:
    """What clients said and the office has handled; what is open stays. Gives how many went, of BATCH at most."""
    old = sa.select(_NOTICE.c.id).where(_NOTICE.c.handled_at < before).limit(BATCH)
    gone = await session.scalars(sa.delete(_NOTICE).where(_NOTICE.c.id.in_(old)).returning(_NOTICE.c.id))
    return len(gone.all())


async def owners_not_asked(session: ReadSession, kind: str, prefix: str, since: datetime) -> Sequence[UUID]:
    """Firms, or companies, without a job of this key that is open, or that ended since; so many at most. Needs the system scope."""
    table = sa.table(kind, sa.column("id", sa.Uuid()))
    ended = sa.func.coalesce(_JOB.c.done_at, _JOB.c.dead_at)
    asked = sa.exists().where(
        _JOB.c.unique_key == sa.func.concat(prefix, sa.cast(table.c.id, sa.Text())),
        sa.or_(ended.is_(None), ended > since),
    )
    found = await session.scalars(sa.select(table.c.id).where(~asked).order_by(table.c.id).limit(OWNERS))
    return found.all()


async def named(session: ReadSession, kind: str, owner: UUID, hashes: Sequence[str]) -> set[str]:
    """Which of these objects some row of their owner names. Must see every row: needs the system scope."""
    found: list[sa.Select[Any]] = []
    for name, columns in NAMED_IN[kind].items():
        for written in columns:
            column, _, field = written.partition(".")
            table = sa.table(
                name, sa.column(f"{kind}_id", sa.Uuid()), sa.column(column, JSONB() if field else sa.Text())
            )
            value = table.c[column][field].astext if field else table.c[column]
            live = [sa.column("erased_at").is_(None)] if name in ERASABLE else []
            found.append(sa.select(value).where(table.c[f"{kind}_id"] == owner, value.in_(hashes), *live))
    return set(await session.scalars(sa.union(*found)))
