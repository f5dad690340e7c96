"""How a state is shown: its word, its tone and its shape.

The word is what the chip says, in the reader's language; the tone picks a pair of colours that passes WCAG AA
in light and dark (``static/src/10-tokens.css``); the icon carries the meaning without the colour. Which states there
are is said by whoever makes the environment, by machine: two machines may have a state of one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """What a state asks of the reader."""

    NEUTRAL = "neutral"
    INFO = "info"
    ATTENTION = "attention"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    SETTLED = "settled"


class State(NamedTuple):
    """How one state is shown."""

    word: str
    tone: Tone
    icon: str


States = Mapping[str, Mapping[str, State]]
"""How the states of each machine are shown, by the name of the machine and the value of the state."""


class UnknownStateError(LookupError):
    """A template shows a state that nobody described."""


class Lookup:
    """Finds how a state is shown.

    Args:
        states: for every machine that has an enumeration, its members are the keys.
    """

    def __init__(self, states: States) -> None:
        self._by_name = {
            f"{machine}.{state}": shown for machine, its in states.items() for state, shown in its.items()
        }
        self._machines: dict[type[str], str] = {
            type(state): machine
            for machine, its in states.items()
            for state in its
            if isinstance(state, Enum)
        }

    def __call__(self, state: str) -> State:
        """How it is shown.

        Args:
            state: a member of a machine's enumeration, or ``machine.state`` where a template means one itself.

        Raises:
            UnknownStateError: no slice says how it is shown.
        """
        name = f"{self._machines.get(type(state))}.{state}" if isinstance(state, Enum) else state
        if name not in self._by_name:
            raise UnknownStateError(f"Nobody says how {name!r} ({type(state).__name__}) is shown")
        return self._by_name[name]
