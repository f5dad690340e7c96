"""What people see of a document beside its data: how far it is on its way to the bookkeeping, step by step."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.features.items.domain import REJECTED, ApprovalState, ItemState, is_held_for_attachments

FROM_BEGINNING_TO_END = (
    ItemState.SUPERSEDED,
    ItemState.ASIDE,
    ItemState.NEW,
    ItemState.WAITING,
    ItemState.HELD,
    ItemState.READY,
    ItemState.RESERVED,
    ItemState.BUNDLED,
    ItemState.DELIVERED,
)
"""States of items in the order of their way; what does not count stands before all others."""
LEFT = frozenset({ItemState.BUNDLED, ItemState.DELIVERED})
NOT_ON_ITS_WAY = LEFT | {ItemState.SUPERSEDED, ItemState.ASIDE}
MOVABLE = frozenset({ItemState.NEW, ItemState.WAITING, ItemState.HELD, ItemState.READY})


@dataclass(frozen=True, slots=True)
class DocumentTrail:
    """How far a document is on its way to the bookkeeping, in one dossier (or, for members, in one of the firm's)."""

    item_id: UUID
    state: ItemState
    state_reason: str | None
    approval: ApprovalState
    approval_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    bundle: int | None
    locked: bool
    reexports: int

    @property
    def movable(self) -> bool:
        """Whether it may go to another dossier: it never left, and no export holds it."""
        return self.bundle is None and self.state in MOVABLE

    @property
    def held_for_attachments(self) -> bool:
        """Whether it waits for somebody of the office who has looked at what is attached."""
        return is_held_for_attachments(self.state, self.state_reason)


def furthest(trails: Sequence[DocumentTrail]) -> DocumentTrail | None:
    """The item that is furthest on its way; None where there is none."""
    return max(trails, key=lambda trail: FROM_BEGINNING_TO_END.index(trail.state), default=None)


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


class StepName(enum.StrEnum):
    """What happens to a document on its way."""

    RECEIVED = "received"
    APPROVAL = "approval"
    APPROVED = "approved"
    DISPUTED = "disputed"
    NOT_OURS = "not_ours"
    HELD = "held"
    ASIDE = "aside"
    IN_BUNDLE = "in_bundle"
    WRITTEN = "written"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"


class Progress(enum.StrEnum):
    """Whether a step was taken; the names are those of `ui.chain`."""

    DONE = "done"
    CURRENT = "current"
    NEXT = "next"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. What is known of it is there: a moment, who did it, why, which bundle, which file.

    Attributes:
        reason: why, as somebody wrote it: shown as it is, never looked up in a catalogue.
        why: why, in a text of ours, translated where it is shown.
        state: of a step that was not taken, where the item is; it says why the step is the current one.
    """

    name: StepName
    progress: Progress
    at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    why: str | None = None
    bundle: int | None = None
    reexport: bool = False
    proof: Proof | None = None
    state: ItemState | None = None


_ANSWERED = {
    ApprovalState.APPROVED: (StepName.APPROVED, Progress.DONE),
    ApprovalState.DISPUTED: (StepName.DISPUTED, Progress.FAILED),
    ApprovalState.NOT_OURS: (StepName.NOT_OURS, Progress.FAILED),
}


def steps(
    *,
    received_at: datetime,
    aside_reason: str | None,
    trail: DocumentTrail | None,
    departures: Sequence[Departure],
    for_staff: bool,
) -> list[Step]:
    """The way of a document from its arrival to the bookkeeping, those steps included that are still to come.

    Args:
        received_at: when it came in.
        aside_reason: why it is put aside, if it is.
        trail: its item; None where it has none (yet).
        departures: the bundles it left in, oldest first; members are given none.
        for_staff: whether deliveries to the package are told; members are told that it was confirmed.
    """
    received = Step(name=StepName.RECEIVED, progress=Progress.DONE, at=received_at)
    if trail is None:
        return [received]
    return [
        received,
        *_decided(trail),
        *_stopped(trail),
        *_left(trail, departures),
        *_put_aside(trail, aside_reason),
        *_to_come(trail, departures, for_staff=for_staff),
    ]


def _decided(trail: DocumentTrail) -> list[Step]:
    if trail.approval is ApprovalState.WAITING:
        now = trail.state is ItemState.WAITING
        return [Step(name=StepName.APPROVAL, progress=Progress.CURRENT if now else Progress.NEXT)]
    if trail.approval not in _ANSWERED:
        return []
    name, progress = _ANSWERED[trail.approval]
    reason = trail.approval_reason if trail.approval in REJECTED else None
    at = None if trail.approval in REJECTED else trail.decided_at
    return [Step(name=name, progress=progress, by=trail.decided_by, at=at, reason=reason)]


def _stopped(trail: DocumentTrail) -> list[Step]:
    """What keeps it, or kept it out of a bundle that it had been chosen for."""
    if trail.state is ItemState.HELD and trail.approval not in REJECTED:
        return [Step(name=StepName.HELD, progress=Progress.CURRENT, why=trail.state_reason)]
    if trail.state in LEFT and trail.state_reason:
        return [Step(name=StepName.ASIDE, progress=Progress.FAILED, why=trail.state_reason)]
    return []


def _left(trail: DocumentTrail, departures: Sequence[Departure]) -> list[Step]:
    if not departures:
        if trail.bundle is None:
            return []
        return [Step(name=StepName.IN_BUNDLE, progress=Progress.DONE, bundle=trail.bundle)]
    found: list[Step] = []
    for left in departures:
        found.append(
            Step(
                name=StepName.IN_BUNDLE,
                progress=Progress.DONE,
                bundle=left.bundle,
                at=left.made_at,
                reexport=left.reexport,
            )
        )
        found += [Step(name=StepName.WRITTEN, progress=Progress.DONE, proof=one) for one in left.proofs]
        if left.confirmed_at is not None:
            found.append(Step(name=StepName.CONFIRMED, progress=Progress.DONE, at=left.confirmed_at))
    return found


def _put_aside(trail: DocumentTrail, reason: str | None) -> list[Step]:
    if trail.state is not ItemState.ASIDE:
        return []
    return [Step(name=StepName.ASIDE, progress=Progress.FAILED, reason=reason)]


def _to_come(trail: DocumentTrail, departures: Sequence[Departure], *, for_staff: bool) -> list[Step]:
    if trail.state not in NOT_ON_ITS_WAY:
        now = trail.state in (ItemState.READY, ItemState.RESERVED)
        bundle = Step(
            name=StepName.IN_BUNDLE, progress=Progress.CURRENT if now else Progress.NEXT, state=trail.state
        )
        return [bundle, Step(name=StepName.DELIVERED, progress=Progress.NEXT)] if for_staff else [bundle]
    if departures:
        if departures[-1].confirmed_at is not None or not for_staff:
            return []
        return [Step(name=StepName.DELIVERED, progress=Progress.CURRENT)]
    if trail.state is ItemState.ASIDE:
        return []
    arrived = trail.state is ItemState.DELIVERED
    return [Step(name=StepName.CONFIRMED, progress=Progress.DONE if arrived else Progress.NEXT)]
