"""SQL of what is in a bundle, as it is written down: a statement for a thousand items."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from exports.bundle import ManifestItem
from portal.db.arrays import rows_of
from portal.db.session import WriteSession
from portal.features.bundles.models import BundleItem

WRITTEN_AT_ONCE = 1000
"""Items of a bundle in one statement: what the entries of all would need in memory grows with the bundle."""

_WRITTEN = {
    "item_id": sa.Uuid,
    "position": sa.Integer,
    "version": sa.Integer,
    "reexport": sa.Boolean,
    "entry": sa.Text,
}


async def write_items(
    session: WriteSession,
    firm_id: UUID,
    export_id: UUID,
    entries: Sequence[ManifestItem],
    reexports: Mapping[str, bool],
) -> set[UUID]:
    """The exported facts of one bundle; gives the items that the database refuses, so that the caller may go without them.

    Args:
        reexports: by the id of the item, whether it has left before.
    """
    refused: set[UUID] = set()
    for start_at in range(0, len(entries), WRITTEN_AT_ONCE):
        rows = [
            (
                UUID(entry.id),
                entry.sequence,
                entry.version,
                reexports[entry.id],
                msgspec.json.encode(entry).decode(),
            )
            for entry in entries[start_at : start_at + WRITTEN_AT_ONCE]
        ]
        refused |= await _write_items(session, firm_id, export_id, rows)
    return refused


async def _write_items(
    session: WriteSession, firm_id: UUID, export_id: UUID, rows: Sequence[tuple[Any, ...]]
) -> set[UUID]:
    written = rows_of("written", _WRITTEN, rows)
    *columns, entry = written.c
    told = {
        "id": sa.func.uuidv7(),
        "firm_id": sa.literal(firm_id, sa.Uuid()),
        "export_id": sa.literal(export_id, sa.Uuid()),
    }
    statement = sa.insert(cast("sa.Table", BundleItem.__table__)).from_select(
        [*told, *_WRITTEN],
        sa.select(*told.values(), *columns, sa.cast(entry, JSONB())),
        include_defaults=False,
    )
    try:
        async with session.begin_nested():
            await session.execute(statement)
    except (IntegrityError, DataError):
        if len(rows) == 1:
            return {rows[0][0]}
    except DBAPIError as error:
        # asyncpg's own refusals of a value have the class of a data error, and SQLAlchemy gives some of them no class of their own
        if not (getattr(error.orig, "sqlstate", None) or "").startswith("22"):
            raise
        if len(rows) == 1:
            return {rows[0][0]}
    else:
        return set()
    half = len(rows) // 2
    first, second = rows[:half], rows[half:]
    return await _write_items(session, firm_id, export_id, first) | await _write_items(
        session, firm_id, export_id, second
    )
