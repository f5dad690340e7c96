"""The way of a document to the bookkeeping: its items, the bundles they left in, and where agents wrote the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession

# Items and proofs belong to slices above this one: only the columns that lists and the way of a document show are known here.
ITEM = sa.table(
    "dossier_item",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("dossier_id", sa.Uuid()),
    sa.column("document_id", sa.Uuid()),
    sa.column("state", sa.Text()),
    sa.column("state_reason", sa.Text()),
    sa.column("approval", sa.Text()),
    sa.column("approval_reason", sa.Text()),
    sa.column("decided_by_name", sa.Text()),
    sa.column("decided_at", sa.DateTime(timezone=True)),
    sa.column("bundle_number", sa.Integer()),
    sa.column("locked", sa.Boolean()),
    sa.column("reexports", sa.Integer()),
)
_EXPORT = sa.table(
    "export",
    sa.column("id", sa.Uuid()),
    sa.column("number", sa.Integer()),
    sa.column("finished_at", sa.DateTime(timezone=True)),
)
_BUNDLED = sa.table(
    "bundle_item",
    sa.column("export_id", sa.Uuid()),
    sa.column("item_id", sa.Uuid()),
    sa.column("reexport", sa.Boolean()),
)
_DELIVERY = sa.table(
    "delivery",
    sa.column("id", sa.Uuid()),
    sa.column("export_id", sa.Uuid()),
    sa.column("state", sa.Text()),
)
_PROOF = sa.table(
    "delivery_proof",
    sa.column("delivery_id", sa.Uuid()),
    sa.column("item_id", sa.Uuid()),
    sa.column("agent_name", sa.Text()),
    sa.column("path", sa.Text()),
    sa.column("sha256", sa.Text()),
    sa.column("written_at", sa.DateTime(timezone=True)),
    sa.column("confirmed_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Way:
    """How far a document is on its way to the bookkeeping, in one dossier (or, for members, in one of the firm's)."""

    item_id: UUID
    state: str
    state_reason: str | None
    approval: str
    approval_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    bundle: int | None
    locked: bool
    reexports: int

    @property
    def movable(self) -> bool:
        """Whether it may go to another dossier: it never left, and no export holds it."""
        return self.bundle is None and self.state in ("new", "waiting", "held", "ready")


@dataclass(frozen=True, slots=True)
class Proof:
    """One file of a document that came into the bookkeeping; `agent` is what wrote it, where one did."""

    agent: str | None
    path: str
    sha256: str
    written_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Departure:
    """One bundle that a document left in, and where agents have written its files."""

    bundle: int
    made_at: datetime
    reexport: bool
    confirmed: bool
    proofs: Sequence[Proof]

    @property
    def confirmed_at(self) -> datetime | None:
        """When the last of its files was confirmed; None before that."""
        return max((one.confirmed_at for one in self.proofs), default=None) if self.confirmed else None


async def ways(session: ReadSession, document_id: UUID, dossier_id: UUID | None) -> Sequence[Way]:
    """The items on a document: of one dossier, or all the session sees."""
    statement = sa.select(
        ITEM.c.id,
        ITEM.c.state,
        ITEM.c.state_reason,
        ITEM.c.approval,
        ITEM.c.approval_reason,
        ITEM.c.decided_by_name,
        ITEM.c.decided_at,
        ITEM.c.bundle_number,
        ITEM.c.locked,
        ITEM.c.reexports,
    ).where(ITEM.c.document_id == document_id)
    if dossier_id is not None:
        statement = statement.where(ITEM.c.dossier_id == dossier_id)
    return [Way(*row) for row in await session.execute(statement.order_by(ITEM.c.id))]


async def stands_in(session: ReadSession, document_id: UUID, but: UUID) -> UUID | None:
    """The other dossier of the firm that a document belongs to; in the firm's scope."""
    return await session.scalar(
        sa.select(ITEM.c.dossier_id).where(
            ITEM.c.document_id == document_id, ITEM.c.dossier_id != but, ITEM.c.state != "superseded"
        )
    )


async def departures(session: ReadSession, item_ids: Sequence[UUID]) -> Sequence[Departure]:
    """The bundles these items left in, oldest first; a member of the company sees none.

    A bundle that was delivered again has its files proved more than once: the latest writing of a path counts.
    """
    written = sa.join(_DELIVERY, _PROOF, _PROOF.c.delivery_id == _DELIVERY.c.id)
    found: Any = await session.execute(
        sa.select(
            _EXPORT.c.number,
            _EXPORT.c.finished_at,
            _BUNDLED.c.reexport,
            _DELIVERY.c.state,
            _PROOF.c.agent_name,
            _PROOF.c.path,
            _PROOF.c.sha256,
            _PROOF.c.written_at,
            _PROOF.c.confirmed_at,
        )
        .select_from(
            sa.join(_BUNDLED, _EXPORT, _EXPORT.c.id == _BUNDLED.c.export_id).outerjoin(
                written,
                sa.and_(_DELIVERY.c.export_id == _EXPORT.c.id, _PROOF.c.item_id == _BUNDLED.c.item_id),
            )
        )
        .where(_BUNDLED.c.item_id.in_(item_ids))
        .order_by(_EXPORT.c.number, _PROOF.c.written_at)
    )
    departed: dict[int, tuple[datetime, bool, bool, dict[str, Proof]]] = {}
    for number, made_at, reexport, state, *proof in found:
        _made, _again, confirmed, files = departed.get(number, (made_at, reexport, False, {}))
        if state is not None:
            files |= {proof[1]: Proof(*proof)}
        departed[number] = (made_at, reexport, confirmed or state == "confirmed", files)
    return [
        Departure(number, made_at, reexport, confirmed, list(files.values()))
        for number, (made_at, reexport, confirmed, files) in departed.items()
    ]
