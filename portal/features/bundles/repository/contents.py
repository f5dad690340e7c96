"""SQL of what is in a bundle, as it is written down: a statement for a thousand items."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from exports.bundle import ManifestItem
from portal.db.arrays import insert_rows
from portal.db.session import WriteSession
from portal.features.bundles.models import BundleItem
from portal.kernel.ids import new_id

WRITTEN_AT_ONCE = 1000
"""Items of a bundle in one statement: what the entries of all would need in memory grows with the bundle."""


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
            {
                "id": new_id(),
                "item_id": UUID(entry.id),
                "position": entry.sequence,
                "version": entry.version,
                "reexport": reexports[entry.id],
                "entry": entry,
            }
            for entry in entries[start_at : start_at + WRITTEN_AT_ONCE]
        ]
        refused |= await _write_items(session, firm_id, export_id, rows)
    return refused


async def _write_items(
    session: WriteSession, firm_id: UUID, export_id: UUID, rows: Sequence[Mapping[str, Any]]
) -> set[UUID]:
    try:
        async with session.begin_nested():
            await insert_rows(session, BundleItem, rows, {"firm_id": firm_id, "export_id": export_id})
    except (IntegrityError, DataError):
        if len(rows) == 1:
            return {rows[0]["item_id"]}
    except DBAPIError as error:
        # asyncpg's own refusals of a value have the class of a data error, and SQLAlchemy gives some of them no class of their own
        if not (getattr(error.orig, "sqlstate", None) or "").startswith("22"):
            raise
        if len(rows) == 1:
            return {rows[0]["item_id"]}
    else:
        return set()
    half = len(rows) // 2
    first, second = rows[:half], rows[half:]
    return await _write_items(session, firm_id, export_id, first) | await _write_items(
        session, firm_id, export_id, second
    )
