"""SQL of what is thrown away. The tables are other slices'; here is known only which of their columns name objects, and what grows old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.db.session import ReadSession, WriteSession
from portal.features.upkeep.domain import BATCH, NAMED_IN, ROUND

_IMPORT = sa.table(
    "dossier_import",
    sa.column("id", sa.Uuid()),
    sa.column("state", sa.Text()),
    sa.column("rows", JSONB()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_CODE = sa.table("pairing_code", sa.column("expires_at", sa.DateTime(timezone=True)))


async def drop_lists(session: WriteSession, before: datetime) -> None:
    """Lists that nobody accepted go; of the accepted ones, what came of them stays."""
    old = _IMPORT.c.created_at < before
    await session.execute(sa.delete(_IMPORT).where(old, _IMPORT.c.state != "accepted"))
    await session.execute(
        sa.update(_IMPORT)
        .where(
            _IMPORT.c.id.in_(
                sa.select(_IMPORT.c.id).where(old, _IMPORT.c.rows != sa.literal([], JSONB())).limit(BATCH)
            )
        )
        .values(rows=[])
    )


async def drop_codes(session: WriteSession, before: datetime) -> None:
    """Pairing codes whose time is over."""
    await session.execute(sa.delete(_CODE).where(_CODE.c.expires_at < before))


async def owners_of_hour(session: ReadSession, kind: str, hour: int) -> Sequence[UUID]:
    """The firms, or companies, whose turn it is: every one once in a round, evenly, without anything to remember."""
    table = sa.table(kind, sa.column("id", sa.Uuid()))
    place = sa.func.mod(
        sa.func.abs(sa.func.hashtext(sa.cast(table.c.id, sa.Text())).cast(sa.BigInteger())), ROUND
    )
    return (await session.scalars(sa.select(table.c.id).where(place == hour % ROUND))).all()


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
            found.append(sa.select(value).where(table.c[f"{kind}_id"] == owner, value.in_(hashes)))
    return set(await session.scalars(sa.union(*found)))
