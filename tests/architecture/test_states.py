"""Every state that a chip may be asked to show has a word, a tone and an icon, from the slice that has the machine."""

import enum
import re

import pytest

from portal.app import SLICES
from portal.features.documents.domain.documents import LIST_STATES
from portal.features.retention.domain import ErasureState
from portal.web.slices import Slice, states_of
from tests.support.servers import ROOT
from themes.icons import ICONS
from themes.states import Lookup, State, States, Tone, UnknownStateError

STATES = states_of(SLICES)
ONLY_SOME = {ErasureState: "pages show the end alone; what is proposed is told in sentences"}
"""Machines of which not every state is shown, each with the reason."""


def members(machine: str) -> type[enum.StrEnum]:
    (found,) = {type(state) for state in STATES[machine]}
    assert issubclass(found, enum.StrEnum)
    return found


@pytest.mark.parametrize("machine", STATES)
def test_every_state_of_a_machine_is_described(machine: str) -> None:
    states = members(machine)
    assert set(STATES[machine]) == set(states) or states in ONLY_SOME


def test_icons_of_states_are_in_the_sprite() -> None:
    assert {shown.icon for its in STATES.values() for shown in its.values()} <= set(ICONS)


def test_no_two_opposite_states_look_the_same_without_colour() -> None:
    opposite = ("item.waiting", "approval.approved", "approval.disputed", "item.held", "item.bundled")
    look_up = Lookup(STATES)
    assert len({look_up(name).icon for name in opposite}) == len(opposite)


def test_states_that_templates_name_are_described() -> None:
    templates = ROOT / "themes" / "templates"
    named = {
        name
        for folder in ("pages", "components", "base")
        for path in (templates / folder).rglob("*.html")
        for name in re.findall(r"\bchip\(\s*\"([^\"]+)\"", path.read_text(encoding="utf-8"))
        if not name.endswith(".")
    }
    assert named
    look_up = Lookup(STATES)
    for name in named:
        assert look_up(name)


def test_filters_of_documents_say_what_the_chips_of_their_rows_say() -> None:
    described = {state: shown.word for its in STATES.values() for state, shown in its.items()}
    described |= {"erased": Lookup(STATES)("erasure.confirmed").word}
    for machine in ("approval", "item"):
        described |= {state: shown.word for state, shown in STATES[machine].items()}
    assert {name: described[name] for name in LIST_STATES} == dict(LIST_STATES)


class Door(enum.StrEnum):
    """A machine of this test: it has a state of the same value as another one."""

    OPEN = "open"


class Shop(enum.StrEnum):
    """Another one."""

    OPEN = "open"


def test_states_of_one_value_are_told_apart_by_their_machine() -> None:
    door, shop = State("ajar", Tone.INFO, "view"), State("sells", Tone.POSITIVE, "check")
    look_up = Lookup({"door": {Door.OPEN: door}, "shop": {Shop.OPEN: shop}})
    assert (look_up(Door.OPEN), look_up(Shop.OPEN), look_up("shop.open")) == (door, shop, shop)


@pytest.mark.parametrize("state", ["open", "door.shut", Shop.OPEN])
def test_a_state_that_nobody_described_is_an_error(state: str) -> None:
    look_up = Lookup({"door": {Door.OPEN: State("ajar", Tone.INFO, "view")}})
    with pytest.raises(UnknownStateError):
        look_up(state)


def test_two_slices_cannot_describe_one_machine() -> None:
    shown: States = {"door": {Door.OPEN: State("ajar", Tone.INFO, "view")}}
    with pytest.raises(ValueError, match="says again"):
        states_of([Slice(name="a", states=shown), Slice(name="b", states=shown)])
