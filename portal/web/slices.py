"""What a slice says of itself, in its `slice.py`: besides the directories of the gate, the composition root reads nothing else of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from portal.jobs.contract import Answerer
from portal.jobs.upkeep import NamesObjects, OldRows
from portal.kernel.questions import Question
from portal.web.navigation import MenuEntry
from portal.web.session import Given
from themes.states import State, States


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice, as the application is put together from it.

    Attributes:
        pages: route handlers that answer people.
        api: route handlers that answer programs.
        given: what handlers of any slice may ask for by name; the transaction of their request begins with it.
        jobs: the module with its job handlers, listeners and sweeps.
        answers: the questions of lower slices that it answers.
        old_rows: what of its tables is thrown away after a time.
        objects: which columns of its tables name stored objects.
        states: how people see the states of its machines (and of what else has states), by name of the machine.
        sentences: what history says of each action that the slice records, and an icon.
        menu: what of it stands in the main menu.
    """

    name: str
    pages: Sequence[Any] = ()
    api: Sequence[Any] = ()
    given: Mapping[str, Given] = field(default_factory=dict)
    jobs: ModuleType | None = None
    answers: Mapping[type[Question[Any]], Answerer] = field(default_factory=dict)
    old_rows: Sequence[OldRows] = ()
    objects: Sequence[NamesObjects] = ()
    states: States = field(default_factory=dict)
    sentences: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    menu: Sequence[MenuEntry] = ()


def menu_of(slices: Iterable[Slice]) -> tuple[MenuEntry, ...]:
    """The main menu: what the slices put there, in the order that they say."""
    return tuple(sorted((entry for one in slices for entry in one.menu), key=lambda entry: entry.place))


def states_of(slices: Iterable[Slice]) -> States:
    """How every state is shown.

    Raises:
        ValueError: two slices have a machine of one name.
    """
    found: dict[str, Mapping[str, State]] = {}
    for one in slices:
        if twice := found.keys() & one.states.keys():
            raise ValueError(f"{one.name} says again what another slice has said: {twice}")
        found.update(one.states)
    return found
