"""SQL of export policies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from portal.db.arrays import among
from portal.db.figures import Figure, constant, few_rows, ids_of
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import Dossier
from portal.features.policies.domain import Cadence, MonthClock
from portal.features.policies.models import ExportPolicy


async def of(session: ReadSession, firm_id: UUID, dossier_id: UUID | None) -> ExportPolicy | None:
    """A firm's default (None), or exactly one dossier's own policy."""
    where = ExportPolicy.dossier_id.is_(None) if dossier_id is None else ExportPolicy.dossier_id == dossier_id
    return await session.scalar(sa.select(ExportPolicy).where(ExportPolicy.firm_id == firm_id, where))


async def in_force(session: ReadSession, firm_id: UUID, dossier_id: UUID) -> ExportPolicy | None:
    """The dossier's own policy, else the firm's default."""
    return await session.scalar(_in_force(firm_id, dossier_id))


@dataclass(frozen=True, slots=True)
class Standing:
    """The columns of a policy that say what it asks for."""

    cadence: Cadence
    delay_seconds: int
    run_day: int
    run_hour: int
    needs_approval: bool
    approval_kinds: list[str]
    lock_exported: bool
    include_statements: bool
    export_from: date | None
    hold_odd_attachments: bool


def standing(firm_id: UUID, dossier_id: UUID) -> Figure[Standing | None]:
    """What the dossier's own policy asks for, else the firm's default; to be asked for along with other things."""
    columns = (getattr(ExportPolicy, name) for name in Standing.__slots__)
    found = _in_force(firm_id, dossier_id).with_only_columns(*columns)
    return few_rows(found, Standing).mapped(lambda rows: rows[0] if rows else None)


def _in_force(firm_id: UUID, dossier_id: UUID) -> sa.Select[ExportPolicy]:
    return (
        sa.select(ExportPolicy)
        .where(
            ExportPolicy.firm_id == firm_id,
            sa.or_(ExportPolicy.dossier_id == dossier_id, ExportPolicy.dossier_id.is_(None)),
        )
        .order_by(ExportPolicy.dossier_id.asc().nulls_last())
        .limit(1)
    )


async def lock_policies(session: WriteSession, firm_id: UUID) -> None:
    """Changes of a firm's policies happen one after the other: whoever has the default's row goes first."""
    await session.execute(
        sa.select(ExportPolicy.id)
        .where(ExportPolicy.firm_id == firm_id, ExportPolicy.dossier_id.is_(None))
        .with_for_update()
    )


async def write(
    session: WriteSession, firm_id: UUID, dossier_id: UUID | None, values: Mapping[str, Any]
) -> ExportPolicy:
    """Make a policy, or change the one there is."""
    written = await session.scalar(
        insert(ExportPolicy)
        .values(firm_id=firm_id, dossier_id=dossier_id, **values)
        .on_conflict_do_update(
            index_elements=[ExportPolicy.firm_id, ExportPolicy.dossier_id], set_=dict(values)
        )
        .returning(ExportPolicy),
        execution_options={"populate_existing": True},
    )
    assert written is not None
    return written


async def remove_own(session: WriteSession, firm_id: UUID, dossier_id: UUID) -> UUID | None:
    """Back to the firm's default; gives the id of the policy that was, None when the dossier had none."""
    return await session.scalar(
        sa.delete(ExportPolicy)
        .where(ExportPolicy.firm_id == firm_id, ExportPolicy.dossier_id == dossier_id)
        .returning(ExportPolicy.id)
    )


async def dossiers_with_own_of(session: ReadSession, firm_id: UUID) -> set[UUID]:
    """The dossiers of one firm that have a policy of their own."""
    found = await session.scalars(
        sa.select(ExportPolicy.dossier_id).where(
            ExportPolicy.firm_id == firm_id, ExportPolicy.dossier_id.is_not(None)
        )
    )
    return {dossier_id for dossier_id in found if dossier_id is not None}


async def run_months(session: WriteSession, at: MonthClock) -> Sequence[UUID]:
    """*Last full month* has run, of all firms, up to the month end whose day and hour have come; the policies for which that is new.

    Needs the system scope.
    """
    come = sa.tuple_(ExportPolicy.run_day, ExportPolicy.run_hour) <= sa.tuple_(at.day, at.hour)
    month_end = sa.case((come, sa.literal(at.ended, sa.Date())), else_=sa.literal(at.before, sa.Date()))
    run = await session.scalars(
        sa.update(ExportPolicy)
        .where(
            ExportPolicy.cadence == Cadence.LAST_FULL_MONTH,
            sa.or_(ExportPolicy.last_month_run.is_(None), ExportPolicy.last_month_run < month_end),
        )
        .values(last_month_run=month_end)
        .returning(ExportPolicy.id)
        .execution_options(synchronize_session=False)
    )
    return run.all()


_OWN, _STANDARD = aliased(ExportPolicy, name="own"), aliased(ExportPolicy, name="standard")
_ASKING = (
    sa.select(Dossier.id)
    .outerjoin(_OWN, _OWN.dossier_id == Dossier.id)
    .outerjoin(_STANDARD, sa.and_(_STANDARD.firm_id == Dossier.firm_id, _STANDARD.dossier_id.is_(None)))
    .where(sa.func.coalesce(_OWN.needs_approval, _STANDARD.needs_approval))
)
"""Made once: to make a statement costs more than to send it."""


def asking(dossier_ids: Collection[UUID]) -> Figure[set[UUID]]:
    """Which of some dossiers are under a policy that asks for approval."""
    if not dossier_ids:
        return constant(set())
    return ids_of(_ASKING.where(among(Dossier.id, dossier_ids)))
