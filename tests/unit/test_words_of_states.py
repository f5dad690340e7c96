"""Every state that a chip may be asked to show has a word of its own, which is translated."""

import enum

import pytest

from portal.features.agents.domain import AgentState
from portal.features.bundles.domain import DeliveryState, ExportState
from portal.features.documents.domain.documents import LIST_STATES, DocumentState
from portal.features.dossiers.domain.dossiers import Access
from portal.features.imports.domain.state import ImportState
from portal.features.intake.domain.files import IntakeState
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.onboarding.domain import InvitationState
from themes.states import STATES

SHOWN: tuple[type[enum.StrEnum], ...] = (
    Access,
    AgentState,
    ApprovalState,
    DeliveryState,
    DocumentState,
    ExportState,
    ImportState,
    IntakeState,
    InvitationState,
    ItemState,
)


@pytest.mark.parametrize("states", SHOWN)
def test_every_state_has_a_word(states: type[enum.StrEnum]) -> None:
    assert {state.value for state in states} <= set(STATES)


def test_filters_of_documents_say_what_the_chips_of_their_rows_say() -> None:
    assert {name: STATES[name].word for name in LIST_STATES} == dict(LIST_STATES)
