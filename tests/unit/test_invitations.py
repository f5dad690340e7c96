"""Who may invite whom, and how an invitation goes on."""

import pytest

from portal.features.onboarding.domain import (
    INVITATION,
    OPEN,
    ROLES,
    USABLE,
    InvitationKind,
    InvitationState,
    roles_to_give,
)
from portal.kernel.actor import RIGHTS, Right, Role

STAFF, MEMBER, CLAIM = InvitationKind.STAFF, InvitationKind.MEMBER, InvitationKind.CLAIM


def test_every_role_is_one_of_staff_or_one_of_members() -> None:
    assert sorted([*ROLES[STAFF], *ROLES[MEMBER]]) == sorted(Role)
    assert ROLES[CLAIM] == ()


def test_an_owner_invites_to_every_role_of_the_office_and_an_entrepreneur_to_every_one_of_the_company() -> (
    None
):
    assert roles_to_give(Role.OWNER, STAFF) == ROLES[STAFF]
    assert roles_to_give(Role.ENTREPRENEUR, MEMBER) == ROLES[MEMBER]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("kind", [STAFF, MEMBER])
def test_nobody_without_the_right_invites(role: Role, kind: InvitationKind) -> None:
    right = Right.FIRM_SETTINGS if kind is STAFF else Right.MEMBERS
    assert bool(roles_to_give(role, kind)) == (right in RIGHTS[role])


def test_whoever_is_nothing_there_any_more_gives_nothing() -> None:
    assert [roles_to_give(None, kind) for kind in InvitationKind] == [(), (), ()]


def test_only_an_owner_makes_owners_even_where_others_get_the_right_to_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(RIGHTS, Role.MANAGER, RIGHTS[Role.MANAGER] | {Right.FIRM_SETTINGS})
    assert roles_to_give(Role.MANAGER, STAFF) == (Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT)


def test_what_is_open_may_be_withdrawn_and_what_has_left_may_be_used() -> None:
    assert {InvitationState.NONE, InvitationState.SENT, InvitationState.OPENED} == OPEN
    assert {InvitationState.SENT, InvitationState.OPENED} == USABLE
    for state in (InvitationState.USED, InvitationState.EXPIRED, InvitationState.WITHDRAWN):
        assert INVITATION.moves[state] == frozenset(), "it has ended"
