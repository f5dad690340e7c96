"""Exports, bundles and deliveries."""

import enum
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from portal.features.items.domain import REJECTED, ApprovalState, ItemState
from portal.kernel.kinds import Kind
from portal.kernel.machine import machine
from portal.kernel.questions import Question


class ExportState(enum.StrEnum):
    """An export is open while it chooses and builds; a finished bundle never changes."""

    CHOOSING = "choosing"
    BUILDING = "building"
    FINISHED = "finished"
    ABANDONED = "abandoned"


EXPORT = machine(
    ExportState.CHOOSING,
    {
        ExportState.CHOOSING: {ExportState.BUILDING, ExportState.ABANDONED},
        ExportState.BUILDING: {ExportState.FINISHED, ExportState.ABANDONED},
    },
)
OPEN = frozenset({ExportState.CHOOSING, ExportState.BUILDING})


class ProofChannel(enum.StrEnum):
    """Through what a proof of delivery came."""

    AGENT = "agent"


class DeliveryState(enum.StrEnum):
    """How far a bundle is on its way into the package."""

    BY_HAND = "by_hand"  # not for an agent: to be downloaded
    PENDING = "pending"
    DOWNLOADED = "downloaded"
    WRITTEN = "written"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


DELIVERY = machine(
    frozenset({DeliveryState.BY_HAND, DeliveryState.PENDING}),
    {
        # an agent is paired that takes it, or sent there by a person; its archive may be found damaged
        DeliveryState.BY_HAND: {DeliveryState.PENDING, DeliveryState.REFUSED},
        # the last agent ended: what it had not proved whole is nobody's way any more
        DeliveryState.PENDING: {
            DeliveryState.BY_HAND,
            DeliveryState.DOWNLOADED,
            DeliveryState.WRITTEN,
            DeliveryState.CONFIRMED,
            DeliveryState.REFUSED,
        },
        DeliveryState.DOWNLOADED: {
            DeliveryState.BY_HAND,
            DeliveryState.WRITTEN,
            DeliveryState.CONFIRMED,
            DeliveryState.REFUSED,
        },
        # written stays written while the proofs of its files come in one by one
        DeliveryState.WRITTEN: {
            DeliveryState.BY_HAND,
            DeliveryState.WRITTEN,
            DeliveryState.CONFIRMED,
            DeliveryState.REFUSED,
        },
        DeliveryState.REFUSED: {DeliveryState.DOWNLOADED, DeliveryState.WRITTEN, DeliveryState.CONFIRMED},
    },
)
ON_ITS_WAY = frozenset({DeliveryState.PENDING, DeliveryState.DOWNLOADED, DeliveryState.WRITTEN})
"""An agent is to write such a delivery, or is writing it."""


class Backlog(enum.StrEnum):
    """Which of the bundles that no agent has written a new agent writes."""

    FROM_NOW = "from_now"
    NEVER_DOWNLOADED = "never_downloaded"
    ALL = "all"


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one export is asked to take along.

    `until` is the last legal date taken (None: no bound); `kinds` are item kinds; statements never wait for approval.
    `final_before` leaves what became final, or was changed, later than that: under *after N minutes* every item waits its time.
    """

    since: date | None = None
    until: date | None = None
    final_before: datetime | None = None
    kinds: frozenset[Kind] = frozenset(Kind)
    include_exported: bool = False
    include_unapproved: bool = False


class RunsFilter(enum.StrEnum):
    """What a list of runs may be narrowed to; a value of an address."""

    FAILED = "failed"
    REFUSED = "refused"
    BY_HAND = "by_hand"
    OPEN = "open"
    UNDELIVERED = "undelivered"


class RunsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What the list of runs over all dossiers shows: a search for a dossier, when they were made, a filter (None: all), a sort, a place."""

    search: str = ""
    since: datetime | None = None
    before: datetime | None = None
    only: RunsFilter | None = None
    sort: str = "made"
    descending: bool = True
    cursor: str | None = None


class WhyNot(enum.StrEnum):
    """Why an item does not leave with an export."""

    WAITING = "waiting"
    REJECTED = "rejected"
    HELD = "held"
    EXPORTED = "exported"
    BEFORE_START = "before_start"
    AFTER_PERIOD = "after_period"
    BEFORE_PERIOD = "before_period"
    KIND = "kind"
    RESERVED = "reserved"
    RECENT = "recent"


class Candidate(Protocol):
    """What of a dossier item decides whether it leaves."""

    @property
    def kind(self) -> Kind:
        """Its kind, as `kernel.kinds` has them."""
        ...

    @property
    def state(self) -> ItemState:
        """Where it is on its way out."""
        ...

    @property
    def approval(self) -> ApprovalState:
        """What the entrepreneur said of the present version."""
        ...

    @property
    def state_reason(self) -> str | None:
        """Why it is held; of one that has left, why it is put aside."""
        ...

    @property
    def item_date(self) -> date:
        """Its legal date; None where it has none."""
        ...

    @property
    def final_at(self) -> datetime:
        """When it became final, or was changed last."""
        ...


def why_not(
    item: Candidate, options: ExportOptions, export_from: date | None, *, left: bool = False
) -> WhyNot | None:
    """The first reason why an item stays, or None when it leaves.

    Args:
        left: its present version is in a bundle of the firm already, by whatever item on the same document.

    The same function chooses and rehearses, so that a rehearsal cannot promise what the export does not keep.
    """
    if item.state is ItemState.RESERVED:
        return WhyNot.RESERVED
    if item.kind not in options.kinds:
        return WhyNot.KIND
    if export_from is not None and item.item_date < export_from:
        return WhyNot.BEFORE_START
    if options.until is not None and item.item_date > options.until:
        return WhyNot.AFTER_PERIOD
    if options.since is not None and item.item_date < options.since:
        return WhyNot.BEFORE_PERIOD
    if options.final_before is not None and item.final_at > options.final_before:
        return WhyNot.RECENT
    if left or item.state in (ItemState.BUNDLED, ItemState.DELIVERED):
        if not options.include_exported:
            return WhyNot.EXPORTED
        return WhyNot.HELD if item.state_reason else None
    if item.state is ItemState.READY:
        return None
    rejected = item.approval in REJECTED
    if item.state is ItemState.HELD and not rejected:
        return (
            WhyNot.HELD
        )  # put aside by us (a damaged file): it would spoil every bundle until somebody tries again
    if options.include_unapproved:
        return None
    return WhyNot.REJECTED if rejected else WhyNot.WAITING


class HasAgent(Question[bool], frozen=True, kw_only=True):
    """Whether an agent of a firm is paired and was not ended."""

    firm_id: UUID
