"""Who reaches which dossiers, and who decides about one."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.staff import assigned_only, is_own, may_set_manager
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import changes, creation, dossiers
from portal.features.parties.models import Firm
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden, NotFound
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.world import World

FORM = {"name": "Bakkerij", "language": "nl", "vat_regime": "quarterly"}


async def create(world: World, firm: Firm, actor: Actor, number: str | None, **values: Any) -> Dossier:
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        return await creation.create(session, world.tools, actor, name="Mine", number=number, **values)


async def seen_by(world: World, firm: Firm, actor: Actor) -> set[UUID]:
    async with world.as_scope(firm_id=firm.id) as session:
        return {one.id for one in await dossiers.all_of(session, actor)}


async def again(world: World, dossier: Dossier) -> Dossier:
    async with world.as_system() as session:
        found = await session.get(Dossier, dossier.id)
    assert found is not None
    return found


async def test_assistants_see_what_they_manage_and_the_others_see_all_even_without_a_manager(
    world: World,
) -> None:
    firm = await a_firm(world)
    staff = {role: await a_staff_member(world, firm, role) for role in (Role.OWNER, Role.MANAGER)}
    staff[Role.ACCOUNTANT] = await a_staff_member(world, firm, Role.ACCOUNTANT)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    nobodys = await a_dossier(world, firm, code="1")
    theirs = await a_dossier(world, firm, code="2", manager_id=staff[Role.OWNER].person_id)
    mine = await a_dossier(world, firm, code="3", manager_id=assistant.person_id)
    assert await seen_by(world, firm, assistant) == {mine.id}
    for actor in staff.values():
        assert await seen_by(world, firm, actor) == {nobodys.id, theirs.id, mine.id}
    async with sign_in(world, assistant) as client:
        assert (await client.get(f"/dossiers/{mine.id}")).status_code == 200
        for hidden in (nobodys, theirs):
            assert (await client.get(f"/dossiers/{hidden.id}")).status_code == 404


async def test_an_assistant_does_not_reach_a_company_of_the_office_by_its_number(world: World) -> None:
    firm = await a_firm(world)
    managed = await a_dossier(world, firm)
    claimed = await a_company(world, None, "Brouwerij", claimed=True)
    granted = await a_dossier(world, firm, claimed, code="2", access=Access.GRANTED)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    for hidden in (managed, granted):
        with pytest.raises(Conflict) as refused:
            await create(world, firm, assistant, hidden.number)
        assert refused.value.code == "kept_already"
    async with sign_in(world, assistant) as client:
        answer = await client.post("/dossiers", data={**FORM, "number": managed.number, "country": "BE"})
        assert answer.status_code == 422
        assert "Your office keeps this company already" in answer.text.partition('id="number-error"')[2]
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    made = await create(world, firm, accountant, managed.number, activity="Transport", second=True)
    assert made.company_id == managed.company_id


async def test_an_assistant_makes_a_second_dossier_on_a_company_in_sight(world: World) -> None:
    firm = await a_firm(world)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    first = await create(world, firm, assistant, a_number())
    second = await create(world, firm, assistant, first.number, activity="Transport", second=True)
    assert second.company_id == first.company_id
    assert await seen_by(world, firm, assistant) == {first.id, second.id}


async def test_what_an_assistant_makes_is_the_assistants_own(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    async with sign_in(world, assistant) as client:
        assert 'name="manager_id"' not in (await client.get("/dossiers/new")).text
        answer = await client.post("/dossiers", data={**FORM, "number": "", "country": "BE"})
        assert answer.status_code == 303
        assert (await client.get(answer.headers["location"])).status_code == 200
        for other in ("", str(owner.person_id)):
            data = {**FORM, "number": "", "country": "BE", "manager_id": other}
            answer = await client.post("/dossiers", data=data)
            assert answer.status_code == (403 if other else 303)


@pytest.mark.parametrize(
    ("role", "own", "free", "other"),
    [
        (Role.OWNER, True, True, True),
        (Role.MANAGER, True, True, True),
        (Role.ACCOUNTANT, True, True, False),
        (Role.ASSISTANT, False, False, False),
        (Role.ENTREPRENEUR, False, False, False),
    ],
)
async def test_the_file_manager_decides(
    world: World, role: Role, *, own: bool, free: bool, other: bool
) -> None:
    firm = await a_firm(world)
    actor = await a_staff_member(world, firm, role)
    somebody = (await a_staff_member(world, firm)).person_id
    assert (is_own(actor, actor.person_id), is_own(actor, None), is_own(actor, somebody)) == (
        own,
        free,
        other,
    )
    assert assigned_only(actor) == (actor.person_id if role is Role.ASSISTANT else None)
    master = role in (Role.OWNER, Role.MANAGER)
    assert may_set_manager(actor, somebody, actor.person_id) is master
    assert may_set_manager(actor, actor.person_id, somebody) is master
    assert may_set_manager(actor, None, somebody) is master
    assert may_set_manager(actor, None, actor.person_id) is free


async def test_nobody_makes_a_dossier_their_own_but_one_that_nobody_manages(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    theirs = await a_dossier(world, firm, manager_id=owner.person_id)
    free = await a_dossier(world, firm, code="2")
    async with sign_in(world, accountant) as client:
        page = await client.get(f"/dossiers/{theirs.id}/edit")
        assert 'name="manager_id"' not in page.text
        mine = {**FORM, "manager_id": str(accountant.person_id)}
        assert (await client.post(f"/dossiers/{theirs.id}/edit", data=mine)).status_code == 403
        assert (await client.post(f"/dossiers/{theirs.id}/edit", data=FORM)).status_code == 303
        page = await client.get(f"/dossiers/{free.id}/edit")
        assert f'value="{accountant.person_id}"' in page.text
        assert str(owner.person_id) not in page.text
        colleague = {**FORM, "manager_id": str(owner.person_id)}
        assert (await client.post(f"/dossiers/{free.id}/edit", data=colleague)).status_code == 403
        assert (await client.post(f"/dossiers/{free.id}/edit", data=mine)).status_code == 303
        away = {**FORM, "manager_id": ""}
        assert (await client.post(f"/dossiers/{free.id}/edit", data=away)).status_code == 403
    assert (await again(world, theirs)).manager_id == owner.person_id
    assert (await again(world, theirs)).name == FORM["name"]
    assert (await again(world, free)).manager_id == accountant.person_id
    async with sign_in(world, owner) as client:
        assert (await client.post(f"/dossiers/{free.id}/edit", data=colleague)).status_code == 303
    assert (await again(world, free)).manager_id == owner.person_id


async def test_an_assistant_cannot_give_a_dossier_away(world: World) -> None:
    firm = await a_firm(world)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    dossier = await a_dossier(world, firm, manager_id=assistant.person_id)
    async with world.as_scope(firm_id=firm.id) as session:
        with pytest.raises(Forbidden):
            await changes.change(session, assistant, dossier, {"manager_id": None})


async def test_the_books_are_closed_by_the_file_manager_and_it_is_in_the_audit_log(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    dossier = await a_dossier(world, firm, manager_id=owner.person_id)
    closed = {**FORM, "closed_until": "2025-12-31"}
    async with sign_in(world, accountant) as client:
        assert 'name="closed_until"' not in (await client.get(f"/dossiers/{dossier.id}/edit")).text
        assert (await client.post(f"/dossiers/{dossier.id}/edit", data=closed)).status_code == 403
    async with sign_in(world, owner) as client:
        wrong = await client.post(f"/dossiers/{dossier.id}/edit", data={**FORM, "closed_until": "31 dec"})
        assert wrong.status_code == 422
        assert "This is not a date." in wrong.text
        assert (await client.post(f"/dossiers/{dossier.id}/edit", data=closed)).status_code == 303
        assert "31 Dec 2025" in (await client.get(f"/dossiers/{dossier.id}")).text
        assert 'value="2025-12-31"' in (await client.get(f"/dossiers/{dossier.id}/edit")).text
    assert (await again(world, dossier)).closed_until == date(2025, 12, 31)
    async with world.as_system() as session:
        event = await session.scalar(sa.select(AuditEvent).where(AuditEvent.action == "dossiers.updated"))
    assert event is not None
    assert event.data["fields"]["closed_until"] == [None, "2025-12-31"]


async def test_the_period_in_which_the_office_keeps_the_books(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = f"/dossiers/{dossier.id}/edit"
    async with sign_in(world, owner) as client:
        backwards = {**FORM, "books_from": "2026-07-01", "books_until": "2026-06-30"}
        wrong = await client.post(path, data=backwards)
        assert wrong.status_code == 422
        assert "before it begins" in wrong.text
        period = {**FORM, "books_from": "2026-07-01", "books_until": "2027-06-30"}
        assert (await client.post(path, data=period)).status_code == 303
        page = await client.get(f"/dossiers/{dossier.id}")
        assert "1 Jul 2026" in page.text
        assert "30 Jun 2027" in page.text
    changed = await again(world, dossier)
    assert (changed.books_from, changed.books_until) == (date(2026, 7, 1), date(2027, 6, 30))


async def test_another_firms_dossier_stays_unknown(world: World) -> None:
    firm, other = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    dossier = await a_dossier(world, other)
    owner = await a_staff_member(world, firm)
    async with world.as_scope(firm_id=firm.id) as session:
        with pytest.raises(NotFound):
            await dossiers.look_up(session, owner, dossier.id)
    made = await create(world, firm, owner, dossier.number)
    assert made.company_id != dossier.company_id


async def test_a_form_opened_before_the_books_were_closed_does_not_open_them_again(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = f"/dossiers/{dossier.id}/edit"
    async with sign_in(world, owner) as client:
        page = (await client.get(path)).text
        seen = dict(re.findall(r'type="hidden" name="(seen_\w+)" value="([^"]*)"', page))
        typed = {name.removeprefix("seen_"): value for name, value in seen.items()} | {"name": "Renamed"}
        closed = await client.post(path, data={"name": dossier.name, "closed_until": "2026-09-30"})
        assert closed.status_code == 303
        assert (await client.post(path, data=seen | typed)).status_code == 303
    async with world.as_system() as session:
        now = await session.get(Dossier, dossier.id)
    assert now is not None
    assert (now.name, now.closed_until) == ("Renamed", date(2026, 9, 30))
