"""What people see of a document beside its data: how it is listed, and its way to the bookkeeping."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


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
