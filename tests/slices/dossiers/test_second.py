"""A second dossier on one company is a deliberate act in every door: it is said which one there is, and asked."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import creation
from portal.features.dossiers.service.numbers import SecondDossier
from portal.features.imports.domain.columns import Column
from portal.features.imports.domain.judgement import judge
from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.rows import RowStatus
from portal.features.parties.models import Company, Firm
from portal.kernel.actor import Actor
from tests.support.builders import (
    a_company,
    a_dossier,
    a_firm,
    a_number,
    a_staff_member,
    sign_in,
)
from tests.support.builders_dossiers import activate, an_invitation
from tests.support.world import World


async def dossiers_of(world: World, firm: Firm) -> list[tuple[str | None, str | None]]:
    async with world.as_system() as session:
        rows = await session.scalars(
            sa.select(Dossier).where(Dossier.firm_id == firm.id).order_by(Dossier.created_at, Dossier.id)
        )
        return [(row.number, row.activity) for row in rows]


async def create(world: World, firm: Firm, actor: Actor, number: str, **values: Any) -> Dossier:
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        return await creation.create(session, world.tools, actor, name="Bakkerij", number=number, **values)


@pytest.mark.parametrize(
    ("there", "values"),
    [
        (None, {}),
        (None, {"second": True}),
        (None, {"activity": "Transport"}),
        (None, {"activity": "  ", "second": True}),
        ("Transport", {"activity": "transport ", "second": True}),
        ("Transport", {"activity": "TRÁNSPORT", "second": True}),
    ],
)
async def test_without_a_yes_or_an_activity_of_its_own_it_is_refused_and_names_the_one_there_is(
    world: World, there: str | None, values: dict[str, Any]
) -> None:
    firm = await a_firm(world)
    first = await a_dossier(world, firm, activity=there)
    owner = await a_staff_member(world, firm)
    assert first.number is not None
    with pytest.raises(SecondDossier) as refused:
        await create(world, firm, owner, first.number, **values)
    assert [one.id for one in refused.value.there] == [first.id]
    assert first.title in refused.value.text()
    assert len(await dossiers_of(world, firm)) == 1


async def test_the_form_says_which_dossier_there_is_and_makes_another_one_on_a_yes(world: World) -> None:
    firm = await a_firm(world)
    first = await a_dossier(world, firm)
    assert first.number is not None
    shown = f"BE {first.number[:4]}.{first.number[4:7]}.{first.number[7:]}"
    form = {"name": "Bakkerij", "number": shown, "language": "nl", "vat_regime": "quarterly"}
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        answer = await client.post("/dossiers", data=form)
        assert answer.status_code == 422
        assert f'href="/dossiers/{first.id}"' in answer.text
        assert 'name="second"' in answer.text
        assert "Say in a word or two" in answer.text
        answer = await client.post("/dossiers", data={**form, "activity": "Transport"})
        assert answer.status_code == 422
        made = await client.post("/dossiers", data={**form, "activity": "Transport", "second": "yes"})
        assert made.status_code == 303, made.text
        page = await client.get(made.headers["location"])
        assert "Bakkerij · Transport" in page.text
        for path in ("/dossiers", "/?only=all", "/search?q=transport"):
            assert "Transport" in (await client.get(path)).text, path
    assert await dossiers_of(world, firm) == [(first.number, None), (first.number, "Transport")]


async def test_two_at_once_make_one(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    number = a_number()
    made = await asyncio.gather(
        *(create(world, firm, owner, number) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, Dossier) for one in made) == 1
    assert sum(isinstance(one, SecondDossier) for one in made) == 3
    assert len(await dossiers_of(world, firm)) == 1


@pytest.mark.parametrize("other_company", [False, True])
async def test_the_database_holds_it_too(world: World, other_company: bool) -> None:
    firm = await a_firm(world)
    first = await a_dossier(world, firm, activity="Transport")
    company = await a_company(world, firm, number=first.number, claimed=True) if other_company else None
    values = {
        column.key: getattr(first, column.key) for column in Dossier.__table__.columns if column.key != "id"
    }
    async with world.as_system() as session:
        changes: dict[str, Any] = {"activity": " transport ", "code": None, "code_key": None}
        if company is not None:
            changes["company_id"] = company.id
        session.add(Dossier(**values | changes))
        with pytest.raises(IntegrityError, match="uq_dossier_"):
            await session.flush()
        await session.rollback()


async def test_a_number_that_is_given_later_is_matched_like_any_other(world: World) -> None:
    firm = await a_firm(world)
    first = await a_dossier(world, firm)
    claimed = await a_company(world, None, claimed=True)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        form = {"name": "In oprichting", "language": "nl", "vat_regime": "quarterly"}
        made = await client.post("/dossiers", data=form)
        edit = f"{made.headers['location']}/edit"
        assert 'name="number"' in (await client.get(edit)).text
        taken = await client.post(edit, data={**form, "number": first.number})
        assert taken.status_code == 422
        assert f'href="/dossiers/{first.id}"' in taken.text
        answer = await client.post(edit, data={**form, "number": claimed.number})
        assert answer.status_code == 422
        assert "has an account here already" in answer.text
        assert (await client.post(edit, data={**form, "number": "12"})).status_code == 422
        number = a_number()
        assert (await client.post(edit, data={**form, "number": number})).status_code == 303
        assert 'name="number"' not in (await client.get(edit)).text
    assert (number, None) in await dossiers_of(world, firm)
    async with world.as_system() as session:
        company = await session.scalar(sa.select(Company).where(Company.number == number))
        assert company is not None
        assert company.vat_id == f"BE{number}"
        told = await session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "dossiers.updated"))
        assert any("number" in event.data.get("fields", {}) for event in told)


async def test_an_activity_never_makes_two_alike_when_it_is_changed(world: World) -> None:
    firm = await a_firm(world)
    first = await a_dossier(world, firm)
    owner = await a_staff_member(world, firm)
    assert first.number is not None
    second = await create(world, firm, owner, first.number, activity="Transport", second=True)
    form = {"name": "Bakkerij", "language": "nl", "vat_regime": "quarterly"}
    async with sign_in(world, owner) as client:
        answer = await client.post(f"/dossiers/{second.id}/edit", data={**form, "activity": ""})
        assert answer.status_code == 422
        assert "tell the two apart" in answer.text
        answer = await client.post(f"/dossiers/{first.id}/edit", data={**form, "activity": "TRANSPORT"})
        assert answer.status_code == 422
        assert (
            await client.post(f"/dossiers/{first.id}/edit", data={**form, "activity": "Winkel"})
        ).status_code == 303


async def test_a_company_that_turns_out_to_be_claimed_gets_a_dossier_that_says_so(world: World) -> None:
    firm, other = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    number = a_number()
    company = await a_company(world, firm, number=number)
    dossier = await a_dossier(world, firm, company)
    owner = await a_staff_member(world, firm)
    link = await an_invitation(world, owner, dossier)
    twin = await a_company(world, other, number=number, claimed=True)
    await a_dossier(world, other, twin, code="7", access=Access.GRANTED)
    async with world.client() as client:
        assert (await activate(client, link)).status_code in (409, 422)
    await world.run_jobs()
    assert await dossiers_of(world, firm) == [(number, None), (number, "account of the client")]


def listed(known: Known, *rows: tuple[str, str, str]) -> list[Any]:
    """Rows of number, name and activity, judged."""
    table = [["Nr", "Naam", "Activiteit"], *[list(row) for row in rows]]
    return judge(table, 0, {Column.NUMBER: 0, Column.NAME: 1, Column.ACTIVITY: 2}, known)


def test_a_row_that_would_make_a_second_dossier_says_which_one_there_is() -> None:
    number = a_number()
    known = Known([KnownDossier("1", "A1", "BE", number, "Winkel", {"name": "Bakkerij", "code": "A1"})])
    without, apart, same = listed(
        known, (number, "Bakkerij", ""), (number, "Bakkerij", "Transport"), (number, "Bakkerij", "WINKEL")
    )
    assert (without.status, without.dossier_id) == (RowStatus.UNCHANGED, "1")
    assert apart.status is RowStatus.ASK
    assert [one.name for one in apart.candidates] == ["Bakkerij"]
    assert same.status is RowStatus.DUPLICATE
