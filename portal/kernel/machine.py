"""State machines as tables one can read aloud; the database decides races (`UPDATE … WHERE state IN sources`)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True)
class Machine(Generic[S]):
    """The whole life of one kind of thing.

    Attributes:
        initial: the states it may be born in.
        moves: from each state, where it may go next; final states map to the empty set.
    """

    initial: frozenset[S]
    moves: Mapping[S, frozenset[S]]

    def sources(self, to: S) -> frozenset[S]:
        """The states from which `to` may be reached in one move."""
        return frozenset(state for state, targets in self.moves.items() if to in targets)

    def allows(self, now: S, to: S) -> bool:
        """Whether `now` may become `to`."""
        return to in self.moves[now]


def machine(initial: S | frozenset[S], moves: Mapping[S, set[S]]) -> Machine[S]:
    """A Machine from a readable table; states without a row are final."""
    born = initial if isinstance(initial, frozenset) else frozenset({initial})
    states = type(next(iter(born)))
    return Machine(born, {state: frozenset(moves.get(state, set())) for state in states})
