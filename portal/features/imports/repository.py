"""SQL of lists that are imported."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport
from portal.kernel.actor import Actor


def _imports_of(actor: Actor) -> sa.Select[DossierImport]:
    """The Excel imports an actor may see: a list tells about dossiers, so assistants see their own alone."""
    person_id = assigned_only(actor)
    statement = sa.select(DossierImport)
    return statement if person_id is None else statement.where(DossierImport.created_by == person_id)


def add(session: WriteSession, row: DossierImport) -> None:
    """Insert an import."""
    session.add(row)


async def import_of(
    session: ReadSession, actor: Actor, import_id: UUID, *, lock: bool = False
) -> DossierImport | None:
    """One Excel import that the actor may see."""
    statement = _imports_of(actor).where(DossierImport.id == import_id)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def import_to_carry_out(session: WriteSession, import_id: UUID) -> DossierImport | None:
    """The import whose next batch is due, for this worker alone; None when it is not being accepted."""
    return await session.scalar(
        sa.select(DossierImport)
        .where(DossierImport.id == import_id, DossierImport.state == ImportState.ACCEPTING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def imports_under_way(session: ReadSession, before: datetime) -> Sequence[DossierImport]:
    """Imports that were accepted before that moment and are not through; needs the system scope."""
    found = await session.scalars(
        sa.select(DossierImport)
        .where(DossierImport.state == ImportState.ACCEPTING, DossierImport.accepted_at <= before)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def imports(session: ReadSession, actor: Actor, limit: int = 20) -> Sequence[DossierImport]:
    """The latest imports that the actor may see."""
    found = await session.scalars(_imports_of(actor).order_by(DossierImport.id.desc()).limit(limit))
    return found.all()


async def drop_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Lists that nobody accepted go; of the accepted ones, what came of them stays. Gives how many were touched, of the limit at most."""
    old = DossierImport.created_at < before
    never = sa.select(DossierImport.id).where(old, DossierImport.state == ImportState.PREVIEWED).limit(limit)
    gone = await session.scalars(
        sa.delete(DossierImport)
        .where(DossierImport.id.in_(never))
        .returning(DossierImport.id)
        .execution_options(synchronize_session=False)
    )
    full = (
        sa.select(DossierImport.id)
        .where(
            old, DossierImport.state == ImportState.ACCEPTED, DossierImport.rows != sa.literal([], JSONB())
        )
        .limit(limit)
    )
    emptied = await session.scalars(
        sa.update(DossierImport)
        .where(DossierImport.id.in_(full))
        .values(rows=[], answers={}, outcomes={})
        .returning(DossierImport.id)
        .execution_options(synchronize_session=False)
    )
    return max(len(gone.all()), len(emptied.all()))
