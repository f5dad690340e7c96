"""What people look up: runs, their contents and proofs, and the chain of one item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.bundles import repository
from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import BundleDownload, BundleItem, Delivery, DeliveryProof, Export
from portal.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Run:
    """One export with everything that is known of it."""

    export: Export
    delivery: Delivery | None
    items: Sequence[BundleItem]
    proofs: Sequence[DeliveryProof]
    downloads: Sequence[BundleDownload]


@dataclass(frozen=True, slots=True)
class Chain:
    """An item's way: the bundles it left in, and where each of its files was written."""

    bundles: Sequence[tuple[BundleItem, Export]]
    proofs: Sequence[DeliveryProof]

    @property
    def first_bundle(self) -> int | None:
        """The number of the first bundle."""
        return self.bundles[0][1].number if self.bundles else None

    @property
    def confirmed_at(self) -> datetime | None:
        """When the latest proof came in."""
        return max((proof.confirmed_at for proof in self.proofs), default=None)


async def export_of(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Export:
    """One export of a dossier.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
    """
    found = await repository.export(session, export_id)
    if found is None or found.dossier_id != dossier_id:
        raise NotFound
    return found


async def run_of(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Run:
    """One export with contents and evidence.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
    """
    export = await export_of(session, dossier_id, export_id)
    delivery = await repository.delivery_of(session, export.id)
    return Run(
        export,
        delivery,
        await repository.items_of(session, export.id) if export.state is ExportState.FINISHED else [],
        await repository.proofs_of_delivery(session, delivery.id) if delivery is not None else [],
        await repository.downloads_of(session, export.id),
    )


async def recent(session: ReadSession, dossier_id: UUID) -> Sequence[tuple[Export, Delivery | None]]:
    """The runs of a dossier, newest first."""
    return await repository.exports_of(session, dossier_id)


async def page(session: ReadSession, state: str, cursor: str | None) -> Page[tuple[Export, Delivery | None]]:
    """Runs over all dossiers of the firm, newest first."""
    return await repository.page(session, state, cursor)


async def count_refused(session: ReadSession) -> int:
    """How many deliveries an agent could not make."""
    return await repository.count_refused(session)


async def chain_of_item(session: ReadSession, item_id: UUID) -> Chain:
    """An item's bundles and proofs."""
    return Chain(
        await repository.bundles_of_item(session, item_id), await repository.proofs_of_item(session, item_id)
    )
