"""SQL of which bundles are for agents and which are to be downloaded."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import among
from portal.db.session import ReadSession, WriteSession
from portal.features.bundles.domain import DELIVERY, Backlog, DeliveryState, ExportState
from portal.features.bundles.models import BundleDownload, Delivery, Export
from portal.features.dossiers.domain.queries import WrittenFor


async def hold_agents(session: WriteSession, firm_id: UUID, *, shared: bool = False) -> None:
    """Until the end of the transaction no agent of the firm comes or goes (shared: while others may make deliveries too)."""
    lock = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
    await session.execute(sa.select(lock(sa.func.hashtextextended(f"agents:{firm_id}", 0))))


def _never_downloaded() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(
        BundleDownload.firm_id == Delivery.firm_id, BundleDownload.export_id == Delivery.export_id
    )


async def count_by_hand(session: ReadSession, target_ids: Collection[UUID]) -> tuple[int, int]:
    """Bundles for these packages that are for no agent, and how many of them nobody has downloaded."""
    row = (
        await session.execute(
            sa.select(sa.func.count(), sa.func.count().filter(_never_downloaded()))
            .select_from(Delivery)
            .where(Delivery.state == DeliveryState.BY_HAND, Delivery.target_id.in_(target_ids))
        )
    ).one()
    return int(row[0]), int(row[1])


async def hand_to_agents(
    session: WriteSession,
    firm_id: UUID,
    target_ids: Collection[UUID],
    backlog: Backlog,
    since: datetime,
    now: datetime,
) -> int:
    """Bundles that were to be downloaded are for agents now: those asked for, and all that were finished from `since` on.

    Args:
        target_ids: the packages that agents write for.
    """
    finished_since = sa.exists().where(
        Export.firm_id == Delivery.firm_id, Export.id == Delivery.export_id, Export.finished_at >= since
    )
    which = {
        Backlog.FROM_NOW: finished_since,
        Backlog.NEVER_DOWNLOADED: sa.or_(finished_since, _never_downloaded()),
        Backlog.ALL: sa.true(),
    }[backlog]
    moved = await session.scalars(
        sa.update(Delivery)
        .where(
            Delivery.firm_id == firm_id,
            Delivery.target_id.in_(target_ids),
            Delivery.state == DeliveryState.BY_HAND,
            which,
        )
        .values(state=DeliveryState.PENDING, changed_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


async def withdraw_from_agents(session: WriteSession, firm_id: UUID, now: datetime) -> None:
    """What was on its way to agents that are all gone is to be downloaded; the proofs there are stay."""
    await session.execute(
        sa.update(Delivery)
        .where(
            Delivery.firm_id == firm_id,
            Delivery.state.in_(DELIVERY.sources(DeliveryState.BY_HAND)),
        )
        .values(state=DeliveryState.BY_HAND, agent_id=None, changed_at=now)
        .execution_options(synchronize_session=False)
    )


async def explain(session: WriteSession, delivery_id: UUID, **values: Any) -> None:
    """Say more, or something else, about why a delivery is refused."""
    await session.execute(
        sa.update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.REFUSED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def manifest_before(session: ReadSession, export: Export) -> str | None:
    """SHA-256 of the manifest of the bundle before this one in its dossier."""
    return await session.scalar(
        sa.select(Export.manifest_sha256).where(
            Export.dossier_id == export.dossier_id,
            Export.state == ExportState.FINISHED,
            Export.number == (export.number or 0) - 1,
        )
    )


async def written_for(session: ReadSession, question: WrittenFor) -> set[UUID]:
    """For which of some dossiers of a firm an agent has written files."""
    statement = sa.select(Delivery.dossier_id).where(
        Delivery.firm_id == question.firm_id,
        Delivery.confirmed > 0,
        among(Delivery.dossier_id, question.dossier_ids),
    )
    return set(await session.scalars(statement.distinct()))
