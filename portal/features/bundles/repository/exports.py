"""SQL of exports, bundles, deliveries and proofs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from portal.db.arrays import among
from portal.db.figures import Figure, how_many, ids_of
from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing, holding
from portal.db.session import ReadSession, WriteSession
from portal.features.bundles.domain import (
    DELIVERY,
    EXPORT,
    ON_ITS_WAY,
    OPEN,
    DeliveryState,
    ExportState,
    RunsFilter,
    RunsQuery,
)
from portal.features.bundles.models import BundleDownload, BundleItem, Delivery, DeliveryProof, Export
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import titled
from portal.features.dossiers.models import Dossier, managed_by
from portal.features.items.models import DossierItem
from portal.features.targets.domain import DeliveryMethod
from portal.features.targets.models import Target
from portal.kernel.names import name_keys
from portal.kernel.searching import sought

_CLASHES = Dossier.code.is_not(None) & Dossier.code_key.is_(None)
"""The dossier's code names the same folder as an older one's: no agent may write there until it has another."""


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A row of the list of runs: the export, its latest delivery, and the dossier's name and code."""

    export: Export
    delivery: Delivery | None
    dossier_name: str
    dossier_code: str | None
    code_clashes: bool
    dossier_activity: str | None

    @property
    def title(self) -> str:
        """The dossier's name, with its activity where it has one."""
        return titled(self.dossier_name, self.dossier_activity)


SORTS: dict[str, tuple[Any, type[Any], Callable[[ListedRun], Any]]] = {
    "made": (Export.created_at, datetime, lambda row: row.export.created_at),
    "items": (Export.total, int, lambda row: row.export.total),
    "dossier": (Dossier.sort_key, str, lambda row: name_keys(row.dossier_name).sort_key),
}


async def start(session: WriteSession, values: Mapping[str, Any]) -> Export | None:
    """A new open export; None when the dossier has one already (the partial unique index decides races)."""
    return await session.scalar(insert(Export).values(**values).on_conflict_do_nothing().returning(Export))


async def open_export(session: ReadSession, dossier_id: UUID) -> Export | None:
    """The open export of a dossier."""
    return await session.scalar(
        sa.select(Export)
        .where(Export.dossier_id == dossier_id, Export.state.in_(OPEN))
        .execution_options(populate_existing=True)
    )


async def export(session: ReadSession, export_id: UUID) -> Export | None:
    """One export, as it is now."""
    return await session.scalar(
        sa.select(Export).where(Export.id == export_id).execution_options(populate_existing=True)
    )


async def lock_export(session: WriteSession, export_id: UUID) -> None:
    """Whoever wants to make a delivery of this export does so one after the other."""
    await session.execute(sa.select(Export.id).where(Export.id == export_id).with_for_update(key_share=True))


async def last_number(session: ReadSession, dossier_id: UUID) -> int:
    """The number of the last bundle of a dossier; 0 before the first. Stable while an export is open."""
    return (
        await session.scalar(sa.select(sa.func.max(Export.number)).where(Export.dossier_id == dossier_id))
        or 0
    )


async def previous_manifest(session: ReadSession, dossier_id: UUID) -> str | None:
    """SHA-256 of the manifest of the last bundle of a dossier."""
    return await session.scalar(
        sa.select(Export.manifest_sha256)
        .where(Export.dossier_id == dossier_id, Export.state == ExportState.FINISHED)
        .order_by(Export.number.desc())
        .limit(1)
    )


async def move(session: WriteSession, export_id: UUID, to: ExportState, **values: Any) -> Export | None:
    """One move of the export machine; None when somebody else moved it first."""
    return await session.scalar(
        sa.update(Export)
        .where(Export.id == export_id, Export.state.in_(EXPORT.sources(to)))
        .values(state=to, **values)
        .returning(Export)
        .execution_options(populate_existing=True)
    )


async def progress(session: WriteSession, export_id: UUID, done: int) -> None:
    """How many items are in the archive so far."""
    await session.execute(
        sa.update(Export)
        .where(Export.id == export_id, Export.state == ExportState.BUILDING)
        .values(done=done)
    )


async def items_of(session: ReadSession, *export_ids: UUID) -> Sequence[BundleItem]:
    """What is in a bundle (or in several, one after the other), in import order."""
    found = await session.scalars(
        sa.select(BundleItem)
        .where(among(BundleItem.export_id, export_ids))
        .order_by(BundleItem.export_id, BundleItem.position)
    )
    return found.all()


def data_alone(export_id: UUID) -> Figure[set[UUID]]:
    """Items of a bundle that are a document in data without a PDF of its issuer: what else of it is in the bundle says the entry."""
    return ids_of(
        sa.select(BundleItem.item_id)
        .join(DossierItem, DossierItem.id == BundleItem.item_id)
        .join(Document, Document.id == DossierItem.document_id)
        .where(
            BundleItem.export_id == export_id,
            Document.ubl_sha256.is_not(None),
            Document.pdf_origin.is_distinct_from("embedded"),
        )
    )


def _never_downloaded() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(BundleDownload.firm_id == Export.firm_id, BundleDownload.export_id == Export.id)


def downloaded(export_ids: Collection[UUID]) -> Figure[set[UUID]]:
    """Those of some bundles that somebody has downloaded."""
    return ids_of(
        sa.select(BundleDownload.export_id).where(among(BundleDownload.export_id, export_ids)).distinct()
    )


def _latest_delivery() -> sa.ColumnElement[bool]:
    """Joins a bundle to the latest of its deliveries."""
    latest = (
        sa.select(Delivery.id)
        .where(Delivery.firm_id == Export.firm_id, Delivery.export_id == Export.id)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(1)
        .correlate(Export)
        .scalar_subquery()
    )
    return Delivery.id == latest


async def exports_of(
    session: ReadSession, dossier_id: UUID, limit: int = 60
) -> Sequence[tuple[Export, Delivery | None]]:
    """The runs of a dossier, newest first, each with its delivery."""
    found = await session.execute(
        sa.select(Export, Delivery)
        .outerjoin(Delivery, _latest_delivery())
        .where(Export.dossier_id == dossier_id)
        .order_by(Export.created_at.desc(), Export.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in found]


def _of_manager(person_id: UUID | None) -> sa.ColumnElement[bool]:
    """Runs of the dossiers that a person manages; of all the firm's for None."""
    if person_id is None:
        return sa.true()
    return Export.dossier_id.in_(managed_by(person_id))


async def page(
    session: ReadSession, query: RunsQuery, *, manager_id: UUID | None = None, size: int = PAGE_SIZE
) -> Page[ListedRun]:
    """Runs over all dossiers of the firm (or over those that one person manages)."""
    column, kind, value = SORTS.get(query.sort, SORTS["made"])
    statement = (
        sa.select(Export, Delivery, Dossier.name, Dossier.code, _without_folder(), Dossier.activity)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .outerjoin(Delivery, _latest_delivery())
        .where(_of_manager(manager_id))
    )
    if query.search:
        wanted = sought(query.search)
        matches = [
            called(query.search, fold_column=Dossier.fold, name=Dossier.name),
            *(holding(column, query.search) for column in (Dossier.code, Dossier.activity)),
        ]
        matches += [Dossier.number == number for number in wanted.numbers]
        if wanted.digits:
            matches.append(Dossier.number.like(containing(wanted.digits)))
        statement = statement.where(sa.or_(*matches))
    if query.since is not None:
        statement = statement.where(Export.created_at >= query.since)
    if query.before is not None:
        statement = statement.where(Export.created_at < query.before)
    if query.only is RunsFilter.FAILED:
        statement = statement.where(
            sa.or_(Export.state == ExportState.ABANDONED, Delivery.state == DeliveryState.REFUSED)
        )
    elif query.only is RunsFilter.REFUSED:
        statement = statement.where(Delivery.state == DeliveryState.REFUSED)
    elif query.only is RunsFilter.BY_HAND:
        statement = statement.where(Delivery.state == DeliveryState.BY_HAND, _never_downloaded())
    elif query.only is RunsFilter.OPEN:
        statement = statement.where(Export.state.in_(OPEN))
    elif query.only is RunsFilter.UNDELIVERED:
        statement = statement.where(Delivery.state.in_((DeliveryState.PENDING, DeliveryState.DOWNLOADED)))
    limited, backwards = keyset(
        statement,
        sort=column,
        tie=Export.id,
        kind=kind,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    rows = [ListedRun(*row) for row in await session.execute(limited)]
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=value,
        row_id=lambda row: row.export.id,
        size=size,
    )


def refused_count(*, manager_id: UUID | None = None) -> Figure[int]:
    """How many bundles there are whose latest delivery an agent could not make: one that was delivered again is in order."""
    return how_many(
        sa.select(Export.id)
        .join(Delivery, _latest_delivery())
        .where(Delivery.state == DeliveryState.REFUSED, _of_manager(manager_id))
    )


def add(session: WriteSession, row: Delivery | BundleDownload) -> None:
    """Insert a delivery or a download."""
    session.add(row)


def _without_folder() -> sa.ColumnElement[bool]:
    """Dossiers whose code names no folder of their own, among all that agents write for.

    A dossier that has gone to a package which is downloaded for has left its folder to whoever gets its code. Where two have left one
    folder, what is still on its way for either waits.
    """
    other, own, on_its_way = aliased(Dossier), aliased(Target), aliased(Delivery)
    left_it = sa.exists().where(
        own.firm_id == Dossier.firm_id,
        own.id == Dossier.target_id,
        own.delivery_method != DeliveryMethod.AGENT,
    )
    has_some = sa.exists().where(on_its_way.dossier_id == other.id, on_its_way.state.in_(ON_ITS_WAY))
    left_to_another = (
        sa.exists()
        .where(
            other.firm_id == Dossier.firm_id,
            other.code_key == Dossier.code_key,
            other.id != Dossier.id,
            Target.firm_id == other.firm_id,
            Target.id == other.target_id,
            sa.or_(
                Target.delivery_method == DeliveryMethod.AGENT,
                sa.and_(left_it.correlate(Dossier), has_some.correlate(other)),
            ),
        )
        .correlate(Dossier)
    )
    return sa.or_(_CLASHES, left_to_another)


def _has_a_folder() -> sa.ColumnElement[bool]:
    """Deliveries of dossiers whose code names a folder of their own."""
    return ~sa.exists().where(Dossier.id == Delivery.dossier_id, _without_folder())


def _free_for(agent_id: UUID, taken_before: datetime) -> sa.ColumnElement[bool]:
    """Deliveries that no other agent has taken up lately."""
    return sa.or_(
        Delivery.agent_id.is_(None), Delivery.agent_id == agent_id, Delivery.changed_at < taken_before
    )


async def claim_delivery(
    session: WriteSession, delivery_id: UUID, agent_id: UUID, now: datetime, taken_before: datetime
) -> bool:
    """An agent takes a delivery up; False when another one has it, when it has arrived, or when its dossier has no folder of its own."""
    fetched = sa.case(
        (Delivery.state.in_(DELIVERY.sources(DeliveryState.DOWNLOADED)), DeliveryState.DOWNLOADED.value),
        else_=sa.cast(Delivery.state, sa.Text()),
    )
    taken = await session.scalar(
        sa.update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state != DeliveryState.CONFIRMED,  # what has arrived is nobody's any more
            _has_a_folder(),
            _free_for(agent_id, taken_before),
        )
        .values(agent_id=agent_id, changed_at=now, state=fetched)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


async def has_a_folder(session: ReadSession, delivery_id: UUID) -> bool:
    """Whether the dossier of a delivery has a code that names a folder of its own, or none."""
    found = await session.scalar(sa.select(Delivery.id).where(Delivery.id == delivery_id, _has_a_folder()))
    return found is not None


async def deliveries_waiting(
    session: ReadSession, agent_id: UUID, taken_before: datetime, limit: int = 200
) -> Sequence[tuple[Delivery, Export]]:
    """What this agent still has to write, the oldest first: a new one never pushes out what an agent may have begun."""
    found = await session.execute(
        sa.select(Delivery, Export)
        .join(Export, Export.id == Delivery.export_id)
        .where(
            Delivery.state.in_(ON_ITS_WAY),
            _has_a_folder(),
            _free_for(agent_id, taken_before),
        )
        .order_by(Delivery.created_at, Delivery.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in found]


async def delivery(
    session: ReadSession, delivery_id: UUID, *, lock: bool = False
) -> tuple[Delivery, Export] | None:
    """A delivery and its export."""
    statement = (
        sa.select(Delivery, Export)
        .join(Export, Export.id == Delivery.export_id)
        .where(Delivery.id == delivery_id)
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update(of=Delivery)
    row = (await session.execute(statement)).first()
    return (row[0], row[1]) if row else None


async def deliveries_of(session: ReadSession, export_id: UUID) -> Sequence[Delivery]:
    """The deliveries of a bundle, the latest first."""
    found = await session.scalars(
        sa.select(Delivery)
        .where(Delivery.export_id == export_id)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .execution_options(populate_existing=True)
    )
    return found.all()


async def move_delivery(
    session: WriteSession, delivery_id: UUID, to: DeliveryState, **values: Any
) -> Delivery | None:
    """One move of the delivery machine."""
    return await session.scalar(
        sa.update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(DELIVERY.sources(to)))
        .values(state=to, **values)
        .returning(Delivery)
        .execution_options(populate_existing=True)
    )


async def write_proofs(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Evidence per file; one that is there already stays as it was. Returns the items that something new is known of."""
    new: set[UUID] = set()
    for start_at in range(0, len(rows), 1000):  # a statement has at most 32,767 parameters
        found = await session.scalars(
            insert(DeliveryProof)
            .values([dict(row) for row in rows[start_at : start_at + 1000]])
            .on_conflict_do_nothing()
            .returning(DeliveryProof.item_id)
        )
        new |= set(found)
    return new


async def proofs_of_delivery(session: ReadSession, delivery_id: UUID) -> Sequence[DeliveryProof]:
    """The evidence of one delivery."""
    found = await session.scalars(
        sa.select(DeliveryProof).where(DeliveryProof.delivery_id == delivery_id).order_by(DeliveryProof.path)
    )
    return found.all()


async def downloads_of(session: ReadSession, export_id: UUID) -> Sequence[BundleDownload]:
    """Who fetched a bundle by hand."""
    found = await session.scalars(
        sa.select(BundleDownload).where(BundleDownload.export_id == export_id).order_by(BundleDownload.at)
    )
    return found.all()


async def stuck(session: ReadSession, before: datetime) -> Sequence[Export]:
    """Exports open since `before`; needs the system scope: the sweep asks the ledger which of them nobody works on."""
    found = await session.scalars(
        sa.select(Export).where(Export.state.in_(OPEN), Export.created_at <= before)
    )
    return found.all()
