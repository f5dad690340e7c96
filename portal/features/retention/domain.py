"""What happens to received originals that are in the wrong place: the words, the rules and the events."""

import enum
from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event
from portal.kernel.language import N_
from portal.kernel.machine import machine
from portal.kernel.questions import Question


class PaperMoved(Event, frozen=True, kw_only=True):
    """A document or statement (`paper`: document, statement) was put aside, or brought back."""

    name: ClassVar[str] = "keeping.paper_moved"
    company_id: UUID
    paper: str
    paper_id: UUID
    aside: bool
    what: str
    reason: str
    dossier_id: UUID | None = None


class ErasureKind(enum.StrEnum):
    """Why something does not belong here at all."""

    PRIVATE = "private"
    ANOTHERS = "anothers"
    OTHER = "other"


KIND_WORDS: dict[ErasureKind, str] = {
    ErasureKind.PRIVATE: N_("It is private"),
    ErasureKind.ANOTHERS: N_("It belongs to somebody else"),
    ErasureKind.OTHER: N_("Another reason"),
}


class ErasureState(enum.StrEnum):
    """What became of a proposal to erase."""

    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"  # by whoever proposed it
    REFUSED = "refused"  # by a second person, with a reason
    CONFIRMED = "confirmed"  # by a second person: erased
    ENDED = "ended"  # the paper was brought back, or another office has erased it


ERASURE = machine(
    ErasureState.PROPOSED,
    {
        ErasureState.PROPOSED: {
            ErasureState.WITHDRAWN,
            ErasureState.REFUSED,
            ErasureState.CONFIRMED,
            ErasureState.ENDED,
        }
    },
)


class ErasureMoved(Event, frozen=True, kw_only=True):
    """An erasure was proposed, refused or confirmed: people are told. Nothing of the paper stands in it."""

    name: ClassVar[str] = "keeping.erasure_moved"
    erasure_id: UUID
    state: ErasureState


def is_second(proposed_by: UUID, person_id: UUID | None) -> bool:
    """Whether somebody may answer a proposal: anybody of the office but whoever proposed it. The database says the same."""
    return person_id is not None and person_id != proposed_by


class ArchivesWith(Question[int], frozen=True, kw_only=True):
    """In how many archives a paper was handed in.

    Attributes:
        paper: its table: document or statement.
    """

    paper: str
    paper_id: UUID
