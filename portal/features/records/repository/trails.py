"""The way of a document to the bookkeeping: its items, the bundles they left in, and where agents wrote the files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, few_rows, one_value
from portal.db.session import ReadSession
from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import BundleItem, Delivery, DeliveryProof, Export
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem
from portal.features.records.domain import Departure, DocumentTrail, Proof


def trails(document_id: UUID, dossier_id: UUID | None) -> Figure[list[DocumentTrail]]:
    """The items on a document: of one dossier, or all the session sees."""
    statement = sa.select(
        DossierItem.id.label("item_id"),
        DossierItem.state,
        DossierItem.state_reason,
        DossierItem.approval,
        DossierItem.approval_reason,
        DossierItem.decided_by_name.label("decided_by"),
        DossierItem.decided_at,
        DossierItem.bundle_number.label("bundle"),
        DossierItem.locked,
        DossierItem.reexports,
    ).where(DossierItem.document_id == document_id)
    if dossier_id is not None:
        statement = statement.where(DossierItem.dossier_id == dossier_id)
    return few_rows(statement.order_by(DossierItem.id), DocumentTrail)


def stands_in(document_id: UUID, exclude: UUID) -> Figure[UUID | None]:
    """The other dossier of the firm that a document belongs to; in the firm's scope."""
    return one_value(
        sa.select(DossierItem.dossier_id)
        .where(
            DossierItem.document_id == document_id,
            DossierItem.dossier_id != exclude,
            DossierItem.state != ItemState.SUPERSEDED,
        )
        .limit(1)
    )


async def departures(session: ReadSession, item_ids: Sequence[UUID]) -> Sequence[Departure]:
    """The bundles these items left in, oldest first; a member of the company sees none.

    A bundle that was delivered again has its files proved more than once: the latest writing of a path counts.
    """
    written = sa.join(Delivery, DeliveryProof, DeliveryProof.delivery_id == Delivery.id)
    found: Any = await session.execute(
        sa.select(
            Export.number,
            Export.finished_at,
            BundleItem.reexport,
            Delivery.state,
            DeliveryProof.agent_name,
            DeliveryProof.path,
            DeliveryProof.sha256,
            DeliveryProof.written_at,
            DeliveryProof.confirmed_at,
        )
        .select_from(
            sa.join(BundleItem, Export, Export.id == BundleItem.export_id).outerjoin(
                written,
                sa.and_(Delivery.export_id == Export.id, DeliveryProof.item_id == BundleItem.item_id),
            )
        )
        .where(BundleItem.item_id.in_(item_ids))
        .order_by(Export.number, DeliveryProof.written_at)
    )
    departed: dict[int, tuple[datetime, bool, bool, dict[str, Proof]]] = {}
    for number, made_at, reexport, state, *proof in found:
        _made, _again, confirmed, files = departed.get(number, (made_at, reexport, False, {}))
        if state is not None:
            files |= {proof[1]: Proof(*proof)}
        departed[number] = (made_at, reexport, confirmed or state is DeliveryState.CONFIRMED, files)
    return [
        Departure(number, made_at, reexport, confirmed, list(files.values()))
        for number, (made_at, reexport, confirmed, files) in departed.items()
    ]
