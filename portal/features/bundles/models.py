"""Tables of exports, what is in their bundles, deliveries and proofs."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json, JsonList, OwnedByFirm
from portal.features.bundles.domain import DeliveryState, ExportState, ProofChannel


class Export(OwnedByFirm, Base):
    """One run for one dossier; makes one bundle. At most one is open per dossier (partial unique index).

    `target_id` and `layout` are the dossier's package and what that was made for when the export was asked for: a dossier that gets
    another package meanwhile changes no bundle.
    """

    __tablename__ = "export"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.ForeignKeyConstraint(["firm_id", "target_id"], ["target.firm_id", "target.id"]),
        sa.UniqueConstraint("firm_id", "id"),
        sa.UniqueConstraint("firm_id", "dossier_id", "number"),
        sa.Index(
            "uq_export_open",
            "firm_id",
            "dossier_id",
            unique=True,
            postgresql_where=sa.text("state in ('choosing', 'building')"),
        ),
        sa.Index("ix_export_recent", "firm_id", "created_at"),
    )

    dossier_id: Mapped[UUID]
    company_id: Mapped[UUID]
    state: Mapped[ExportState]
    number: Mapped[int | None]
    target_id: Mapped[UUID]
    layout: Mapped[str]
    options: Mapped[Json]
    requested_by: Mapped[UUID | None]
    requested_by_name: Mapped[str]
    by_policy: Mapped[bool] = mapped_column(default=False)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    aside: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    """The items that could not leave, by name and with the reason."""
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    manifest_sha256: Mapped[str | None]
    problem: Mapped[str | None]
    problem_params: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BundleItem(OwnedByFirm, Base):
    """The exported fact: this item, in this version, is in this bundle under these file names.

    The partial unique index lets an item leave once; only a re-export may leave again.
    """

    __tablename__ = "bundle_item"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "export_id"], ["export.firm_id", "export.id"]),
        sa.ForeignKeyConstraint(["firm_id", "item_id"], ["dossier_item.firm_id", "dossier_item.id"]),
        sa.UniqueConstraint("firm_id", "export_id", "item_id"),
        sa.Index(
            "uq_bundle_item_once",
            "firm_id",
            "item_id",
            "version",
            unique=True,
            postgresql_where=sa.text("not reexport"),
        ),
        sa.Index("ix_bundle_item_item", "firm_id", "item_id"),
    )

    firm_id: Mapped[UUID] = mapped_column()
    """The export's, by the key that names both."""
    export_id: Mapped[UUID]
    item_id: Mapped[UUID]
    position: Mapped[int]
    version: Mapped[int]
    reexport: Mapped[bool]
    entry: Mapped[Json]


class Delivery(OwnedByFirm, Base):
    """One way of a bundle into its bookkeeping package, through an agent; *deliver again* makes another one."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "export_id"], ["export.firm_id", "export.id"]),
        sa.ForeignKeyConstraint(["firm_id", "target_id"], ["target.firm_id", "target.id"]),
        sa.UniqueConstraint("firm_id", "id"),
        sa.Index("ix_delivery_export", "firm_id", "export_id", "created_at"),
        sa.Index("ix_delivery_state", "firm_id", "state"),
    )

    export_id: Mapped[UUID]
    dossier_id: Mapped[UUID]
    target_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    state: Mapped[DeliveryState]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    files: Mapped[int]
    confirmed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DeliveryProof(OwnedByFirm, Base):
    """Evidence for one file of one item: through this channel it came to this path with this SHA-256.

    The agent, and its name at that time, stand there where one wrote the file, and only there.
    """

    __tablename__ = "delivery_proof"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "delivery_id"], ["delivery.firm_id", "delivery.id"]),
        sa.ForeignKeyConstraint(["firm_id", "item_id"], ["dossier_item.firm_id", "dossier_item.id"]),
        sa.UniqueConstraint("firm_id", "delivery_id", "item_id", "role"),
        sa.CheckConstraint(
            "num_nonnulls(agent_id, agent_name) = case channel when 'agent' then 2 else 0 end", name="agent"
        ),
    )

    delivery_id: Mapped[UUID]
    item_id: Mapped[UUID]
    role: Mapped[str]
    channel: Mapped[ProofChannel]
    agent_id: Mapped[UUID | None]
    agent_name: Mapped[str | None]
    path: Mapped[str]
    sha256: Mapped[str]
    written_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]


class BundleDownload(OwnedByFirm, Base):
    """Somebody fetched a bundle by hand."""

    __tablename__ = "bundle_download"
    __table_args__ = (sa.ForeignKeyConstraint(["firm_id", "export_id"], ["export.firm_id", "export.id"]),)

    export_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    person_name: Mapped[str]
    at: Mapped[datetime]
