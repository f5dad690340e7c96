"""SQL of many dossiers at once: which are there, and new ones."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import found_in, insert_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.queries import Alike, Present
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier, managed_by
from portal.kernel.actor import Actor

_COLUMNS = (
    Dossier.id,
    Dossier.company_id,
    Dossier.target_id,
    Dossier.code,
    Dossier.code_key,
    Dossier.name,
    Dossier.activity,
    Dossier.country,
    Dossier.number,
    Dossier.language,
    Dossier.contact_name,
    Dossier.contact_email,
    Dossier.contact_phone,
    Dossier.access,
    Dossier.access_since,
    Dossier.created_at,
)


async def _present(session: ReadSession, actor: Actor, *conditions: sa.ColumnElement[bool]) -> list[Present]:
    """The firm's dossiers of some conditions, by name."""
    own = assigned_only(actor)
    seen = sa.literal(True) if own is None else Dossier.id.in_(managed_by(own))
    found = await session.execute(
        sa.select(*_COLUMNS, seen)
        .where(Dossier.firm_id == actor.firm_id, *conditions)
        .order_by(Dossier.sort_key, Dossier.id)
    )
    return [Present(*row) for row in found]


async def seen_by(session: ReadSession, actor: Actor) -> list[Present]:
    """Every dossier that the actor may list, by name."""
    return [one for one in await _present(session, actor) if one.seen]


async def on_companies(
    session: ReadSession, actor: Actor, company_ids: Collection[UUID]
) -> dict[UUID, list[Present]]:
    """Every dossier of the actor's firm on some companies, by company."""
    found: dict[UUID, list[Present]] = {}
    if company_ids:
        for row in await _present(session, actor, found_in(Dossier.company_id, company_ids)):
            found.setdefault(row.company_id, []).append(row)
    return found


async def alike(session: ReadSession, actor: Actor, wanted: Alike) -> list[Present]:
    """The dossiers of the actor's firm that have one of these ids, numbers, codes or names, by name.

    The firm's dossiers are read once, whatever is looked for.
    """
    looked_for = (
        (Dossier.id, wanted.ids),
        (Dossier.number, wanted.numbers),
        (Dossier.code, wanted.codes),
        (Dossier.code_key, wanted.code_keys),
        (Dossier.name_key, wanted.name_keys),
    )
    ways = [found_in(column, values) for column, values in looked_for if values]
    return await _present(session, actor, sa.or_(*ways)) if ways else []


_MADE_OF = tuple(column.key for column in _COLUMNS if column.key not in ("access_since", "created_at"))


async def add(session: WriteSession, firm_id: UUID, new: Sequence[Present], now: datetime) -> None:
    """Insert dossiers, whose companies are in the database. Who manages them is written by itself."""
    rows = [Dossier.keyed({name: getattr(one, name) for name in _MADE_OF}) for one in new]
    moments = dict.fromkeys(("access_since", "last_activity_at", "created_at"), now)
    await insert_rows(session, Dossier, rows, {"firm_id": firm_id, "folders": {}, **moments})


__all__ = ["add", "alike", "on_companies", "seen_by"]
