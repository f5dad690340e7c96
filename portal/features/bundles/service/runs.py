"""What people look up: runs, their contents and proofs, and the chain of one item."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.figures import Figure, constant
from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.bundles.domain import ExportState, HasAgent, RunsFilter, RunsQuery
from portal.features.bundles.models import BundleDownload, BundleItem, Delivery, DeliveryProof, Export
from portal.features.bundles.repository import channels as channels_repository
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.repository.exports import ListedRun
from portal.features.dossiers.domain.queries import WrittenFor
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.targets import service as targets
from portal.features.targets.domain import DeliveryMethod
from portal.jobs.contract import ask
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Run:
    """One export with everything that is known of it."""

    export: Export
    delivery: Delivery | None
    items: Sequence[BundleItem]
    proofs: Sequence[DeliveryProof]
    downloads: Sequence[BundleDownload]


async def export_of(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Export:
    """One export of a dossier.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
    """
    found = await exports_repository.export(session, export_id)
    if found is None or found.dossier_id != dossier_id:
        raise NotFound
    return found


async def run_of(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Run:
    """One export with contents and evidence.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
    """
    export = await export_of(session, dossier_id, export_id)
    delivery = next(iter(await exports_repository.deliveries_of(session, export.id)), None)
    return Run(
        export,
        delivery,
        await exports_repository.items_of(session, export.id) if export.state is ExportState.FINISHED else [],
        await exports_repository.proofs_of_delivery(session, delivery.id) if delivery is not None else [],
        await exports_repository.downloads_of(session, export.id),
    )


async def recent(session: ReadSession, dossier_id: UUID) -> Sequence[tuple[Export, Delivery | None]]:
    """The runs of a dossier, newest first."""
    return await exports_repository.exports_of(session, dossier_id)


async def page(session: ReadSession, actor: Actor, query: RunsQuery) -> Page[ListedRun]:
    """Runs over all dossiers that the actor may see."""
    return await exports_repository.page(session, query, manager_id=assigned_only(actor))


@dataclass(frozen=True, slots=True)
class ByHand:
    """Bundles that are for no agent: how many, and how many of them nobody has downloaded."""

    count: int
    never_downloaded: int


def data_alone(export_id: UUID) -> Figure[set[UUID]]:
    """Items of a bundle that are data without a PDF of its issuer."""
    return exports_repository.data_alone(export_id)


def downloaded(export_ids: Collection[UUID]) -> Figure[set[UUID]]:
    """Those of some bundles that somebody has downloaded."""
    return exports_repository.downloaded(export_ids)


async def by_hand(session: ReadSession, actor: Actor) -> ByHand:
    """What an agent paired now could be asked to write: not what is for a package that is downloaded for."""
    if actor.firm_id is None:
        return ByHand(0, 0)
    by_agents = await targets.with_method(session, actor.firm_id, DeliveryMethod.AGENT)
    return ByHand(*await channels_repository.count_by_hand(session, by_agents))


async def has_agent(session: ReadSession, actor: Actor) -> bool:
    """Whether a program of the firm fetches bundles: without one nothing is on its way."""
    return actor.firm_id is not None and await ask(session, HasAgent(firm_id=actor.firm_id))


def has_downloads(actor: Actor, *, has_agent: bool) -> Figure[bool]:
    """Whether people download bundles of the firm: there is no agent, or a package that no agent writes for."""
    if actor.firm_id is None or not has_agent:
        return constant(actor.firm_id is not None)
    return targets.has_method(actor.firm_id, DeliveryMethod.DOWNLOAD)


async def failed(session: ReadSession, actor: Actor, limit: int = 10) -> Sequence[ListedRun]:
    """The newest bundles that could not be delivered, in the dossiers that the actor may see."""
    query = RunsQuery(only=RunsFilter.REFUSED)
    return (await exports_repository.page(session, query, manager_id=assigned_only(actor), size=limit)).rows


def refused_count(actor: Actor) -> Figure[int]:
    """How many bundles an agent could not deliver, in the dossiers that the actor may see."""
    return exports_repository.refused_count(manager_id=assigned_only(actor))


async def written_for(session: ReadSession, question: WrittenFor) -> set[UUID]:
    """For which of some dossiers of a firm an agent has written files."""
    return await channels_repository.written_for(session, question)
