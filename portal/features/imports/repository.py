"""SQL of lists that are imported."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import found_in, insert_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport, ImportPart, ImportProfile
from portal.kernel.actor import Actor
from portal.kernel.ids import new_id


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


async def add_parts(session: WriteSession, kept: DossierImport, parts: Sequence[Mapping[str, Any]]) -> None:
    """Insert the parts of an import that was inserted."""
    same = {"firm_id": kept.firm_id, "import_id": kept.id, "outcomes": b"{}", "made": []}
    await insert_rows(session, ImportPart, parts, same)


async def drop_parts(session: WriteSession, import_id: UUID) -> None:
    """The parts of an import go."""
    await session.execute(
        sa.delete(ImportPart)
        .where(ImportPart.import_id == import_id)
        .execution_options(synchronize_session="fetch")
    )


async def drop(session: WriteSession, import_id: UUID) -> None:
    """An import goes, with its parts."""
    await session.execute(
        sa.delete(DossierImport)
        .where(DossierImport.id == import_id)
        .execution_options(synchronize_session=False)
    )


async def profile(session: ReadSession, key: str) -> ImportProfile | None:
    """What somebody of the firm said of lists with these headings."""
    return await session.scalar(sa.select(ImportProfile).where(ImportProfile.key == key))


async def put_profile(session: WriteSession, **values: Any) -> None:
    """Keep what somebody says of lists with some headings, instead of what was said before."""
    inserted = insert(ImportProfile).values(id=new_id(), **values)
    said = {name: inserted.excluded[name] for name in ("columns", "said_by", "said_at")}
    await session.execute(inserted.on_conflict_do_update(index_elements=["firm_id", "key"], set_=said))


async def drop_profile(session: WriteSession, key: str) -> None:
    """What was said of lists with these headings goes."""
    await session.execute(sa.delete(ImportProfile).where(ImportProfile.key == key))


async def parts(session: ReadSession, import_id: UUID, *, since: int = 0) -> Sequence[ImportPart]:
    """The parts of an import in their order, from a position on."""
    found = await session.scalars(
        sa.select(ImportPart)
        .where(ImportPart.import_id == import_id, ImportPart.position >= since)
        .order_by(ImportPart.position)
    )
    return found.all()


async def part(session: ReadSession, import_id: UUID, position: int) -> ImportPart | None:
    """The part of an import that begins at a position."""
    return await session.scalar(
        sa.select(ImportPart).where(ImportPart.import_id == import_id, ImportPart.position == position)
    )


async def is_through(session: ReadSession, import_id: UUID, position: int) -> bool:
    """Whether an import has no part from a position on."""
    more = sa.exists().where(ImportPart.import_id == import_id, ImportPart.position >= position)
    return not await session.scalar(sa.select(more))


async def outcomes(session: ReadSession, import_id: UUID) -> Sequence[bytes]:
    """What became of the rows of an import, part by part, as JSON."""
    found = await session.scalars(sa.select(ImportPart.outcomes).where(ImportPart.import_id == import_id))
    return found.all()


async def made_by(session: ReadSession, import_id: UUID, dossier_ids: Collection[UUID]) -> set[UUID]:
    """Which of some dossiers an import has made."""
    made = (
        sa.func.unnest(ImportPart.made)
        .table_valued(sa.column("dossier_id", sa.Uuid()), name="made")
        .render_derived()
    )
    found = await session.scalars(
        sa.select(made.c.dossier_id)
        .select_from(ImportPart)
        .join(made, sa.true())
        .where(ImportPart.import_id == import_id, found_in(made.c.dossier_id, dossier_ids))
    )
    return set(found)


async def drop_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Lists that nobody accepted go; of the accepted ones, what came of them stays. Gives how many were touched, of the limit at most."""
    old = DossierImport.created_at < before
    nobodys = DossierImport.state.in_([ImportState.MAPPING, ImportState.PREVIEWED])
    never = sa.select(DossierImport.id).where(old, nobodys).limit(limit)
    gone = await session.scalars(
        sa.delete(DossierImport)
        .where(DossierImport.id.in_(never))
        .returning(DossierImport.id)
        .execution_options(synchronize_session=False)
    )
    full = (
        sa.select(DossierImport.id)
        .where(
            old,
            DossierImport.state == ImportState.ACCEPTED,
            sa.exists().where(
                ImportPart.firm_id == DossierImport.firm_id, ImportPart.import_id == DossierImport.id
            ),
        )
        .limit(limit)
    )
    await session.execute(  # of its file, what was read of it went with its rows
        sa.update(DossierImport)
        .where(DossierImport.id.in_(full))
        .values(object_sha256=None, reading={})
        .execution_options(synchronize_session=False)
    )
    emptied = await session.scalars(
        sa.delete(ImportPart)
        .where(ImportPart.import_id.in_(full))
        .returning(ImportPart.import_id)
        .execution_options(synchronize_session=False)
    )
    return max(len(gone.all()), len(set(emptied.all())))
