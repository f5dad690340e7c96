"""What the table itself holds: which invitation names what, and who sees whose."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.features.dossiers.domain.dossiers import Access
from portal.features.onboarding.models import Invitation
from portal.kernel.actor import Actor, Role
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member
from tests.support.builders_joining import invited
from tests.support.world import World

CHECK, UNIQUE, WALL = "23514", "23505", "42501"


async def refusal(world: World, statement: sa.Executable, **scope: UUID | None) -> str | None:
    """The SQLSTATE of a refusal; None when the statement went through. Nothing of it stays."""
    opened = world.as_scope(**scope) if scope else world.as_system()
    try:
        async with opened as session:
            await session.execute(statement)
            await session.rollback()
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))
    return None


async def row(world: World) -> tuple[dict[str, Any], Actor, Actor]:
    """What all kinds have in common, an owner of the firm, and one of its client's company."""
    firm = await a_firm(world)
    company = await a_company(world, None, claimed=True)
    dossier = await a_dossier(world, firm, company, access=Access.GRANTED)
    staff, member = await a_staff_member(world, firm), await a_member(world, firm, company.id)
    now = world.clock.now()
    common = {
        "id": new_id(),
        "firm_id": firm.id,
        "email": "a@b.example",
        "name": "A",
        "language": "nl",
        "state": "sent",
        "created_at": now,
        "expires_at": now,
        "dossier_id": dossier.id,
        "company_id": company.id,
        "invited_by": staff.person_id,
    }
    return common, staff, member


async def test_each_kind_names_what_it_is_about_and_nothing_else(world: World) -> None:
    common, _staff, _member = await row(world)
    good: dict[str, dict[str, Any]] = {
        "claim": {"role": None},
        "staff": {"role": "manager", "dossier_id": None, "company_id": None},
        "member": {"role": "reader", "dossier_id": None},
    }
    wrong: list[dict[str, Any]] = [
        {"kind": "claim", "dossier_id": None},
        {"kind": "claim", "company_id": None},
        {"kind": "claim", "role": "entrepreneur"},
        {"kind": "staff", "role": None},
        {"kind": "staff", "role": "reader"},
        {"kind": "staff", "company_id": common["company_id"]},
        {"kind": "staff", "dossier_id": common["dossier_id"]},
        {"kind": "staff", "invited_by": None},
        {"kind": "member", "role": None},
        {"kind": "member", "role": "owner"},
        {"kind": "member", "company_id": None},
        {"kind": "member", "dossier_id": common["dossier_id"]},
        {"kind": "member", "invited_by": None},
    ]
    for kind, values in good.items():
        assert await refusal(world, sa.insert(Invitation).values({**common, "kind": kind, **values})) is None
    for values in wrong:
        whole = {**common, "kind": values["kind"], **good[values["kind"]], **values}
        assert await refusal(world, sa.insert(Invitation).values(whole)) == CHECK, values
    beyond = {**common, "kind": "claim", "company_id": (await a_company(world, None)).id}
    assert await refusal(world, sa.insert(Invitation).values(beyond)) == "23503", "another company's dossier"


@pytest.mark.parametrize("kind", ["staff", "member"])
async def test_an_address_has_one_open_invitation_to_a_place(world: World, kind: str) -> None:
    common, staff, member = await row(world)
    actor = staff if kind == "staff" else member
    made = await invited(world, actor, Role.ASSISTANT if kind == "staff" else Role.READER, "a@b.example")
    again = {
        **common,
        "kind": kind,
        "role": str(made.role),
        "dossier_id": None,
        "company_id": made.company_id,
        "invited_by": actor.person_id,
    }
    assert await refusal(world, sa.insert(Invitation).values(again)) == UNIQUE
    assert await refusal(world, sa.insert(Invitation).values({**again, "state": "used"})) is None


async def test_a_companys_invitation_is_seen_changed_and_made_by_that_company_alone(world: World) -> None:
    common, staff, member = await row(world)
    made = await invited(world, member, Role.READER)
    other = await a_company(world, None, "Brouwerij", claimed=True)
    firm_id, company_id = staff.firm_id, member.company_id
    strangers: list[dict[str, UUID | None]] = [
        {"firm_id": firm_id, "host_firm_id": firm_id, "opened_company_id": company_id},
        {"company_id": other.id, "host_firm_id": firm_id},
        {"host_firm_id": firm_id},
    ]
    row_of_member = {**common, "kind": "member", "role": "reader", "dossier_id": None}
    for scope in strangers:
        async with world.as_scope(**scope) as session:
            assert list(await session.scalars(sa.select(Invitation))) == []
            changed = await session.execute(sa.update(Invitation).values(state="expired"))
            assert changed.rowcount == 0  # type: ignore[attr-defined] - of an update
            gone = await session.execute(sa.delete(Invitation))
            assert gone.rowcount == 0  # type: ignore[attr-defined] - of a delete
        assert await refusal(world, sa.insert(Invitation).values(row_of_member), **scope) == WALL
    own: dict[str, UUID | None] = {"company_id": company_id, "host_firm_id": firm_id}
    assert await refusal(world, sa.insert(Invitation).values(row_of_member), **own) is None
    async with world.as_scope(**own) as session:
        assert [one.id for one in await session.scalars(sa.select(Invitation))] == [made.id]
        assert (await session.execute(sa.delete(Invitation))).rowcount == 0  # type: ignore[attr-defined] - of a delete
    elsewhere = {**own, "host_firm_id": (await a_firm(world, "ardennes", "Bureau Ardennes")).id}
    assert await refusal(world, sa.insert(Invitation).values(row_of_member), **elsewhere) == WALL
    for kind in ("claim", "staff"):
        assert await refusal(world, sa.update(Invitation).values(kind=kind), **own) == WALL
        staff_row = {**common, "kind": "staff", "role": "owner", "dossier_id": None, "company_id": None}
        assert await refusal(world, sa.insert(Invitation).values(staff_row), **own) == WALL


async def test_a_firms_invitation_never_becomes_a_companys(world: World) -> None:
    _common, staff, member = await row(world)
    await invited(world, staff, Role.ASSISTANT)
    scope = {"firm_id": staff.firm_id, "host_firm_id": staff.firm_id}
    values = {"kind": "member", "role": "entrepreneur", "company_id": member.company_id}
    assert await refusal(world, sa.update(Invitation).values(values), **scope) == WALL
