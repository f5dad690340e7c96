"""A list does what its preview said, or nothing: what colleagues did since is told, and stays as they made it."""

import asyncio
import io
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import xlsxwriter

from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import changes, creation, dossiers, folders
from portal.features.imports.models import DossierImport
from portal.features.imports.service import acceptance, previews
from portal.features.parties.models import Company, Firm
from portal.kernel.actor import Actor
from portal.kernel.numbers import shown_number
from tests.slices.imports.test_importing import upload
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.locks import somebody_waits
from tests.support.world import World


def listed(*rows: dict[str, str]) -> bytes:
    """A list with the columns that its rows name."""
    titles = list(dict.fromkeys(name for row in rows for name in row))
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Klanten")
    for line, row in enumerate([dict(zip(titles, titles, strict=True)), *rows]):
        for position, title in enumerate(titles):
            sheet.write_string(line, position, row.get(title, ""))
    book.close()
    return out.getvalue()


async def dossiers_of(world: World, firm: Firm) -> dict[str, Dossier]:
    async with world.as_system() as session:
        rows = await session.scalars(sa.select(Dossier).where(Dossier.firm_id == firm.id))
        return {one.name: one for one in rows}


async def an_office(world: World) -> tuple[Firm, Actor, Actor]:
    firm = await a_firm(world)
    return firm, await a_staff_member(world, firm), await a_staff_member(world, firm, name="Els Colleague")


async def previewed(client: httpx.AsyncClient, *rows: dict[str, str]) -> str:
    return (await upload(client, listed(*rows))).headers["location"]


async def carried_out(world: World, client: httpx.AsyncClient, where: str, **answers: str) -> str:
    assert (await client.post(f"{where}/accept", data=answers)).status_code == 303
    await world.run_jobs()
    return (await client.get(f"{where}?show=overtaken")).text


async def by_hand(world: World, actor: Actor, **values: Any) -> Dossier:
    async with world.as_scope(firm_id=actor.firm_id, host_firm_id=actor.firm_id) as session:
        return await creation.create(
            session, world.tools, actor, **{"number": None, "name": "Theirs", **values}
        )


@pytest.mark.parametrize(
    "theirs",
    [{"number": True}, {"code": "a12"}, {"code": "\uff21\uff11\uff12"}, {"name": "mine b.v."}],
    ids=["number", "code", "full width", "name"],
)
async def test_a_dossier_that_a_colleague_made_meanwhile_stays_as_it_is(
    world: World, theirs: dict[str, Any]
) -> None:
    firm, mine, els = await an_office(world)
    number = a_number()
    given = {"name": "Mine", "code": "A12", "contact": "From the list"}
    if "name" not in theirs:
        given["number"] = number
    async with sign_in(world, mine) as client:
        where = await previewed(client, given)
        assert 'data-status="create"' in (await client.get(where)).text
        made = await by_hand(world, els, **{**theirs, **({"number": number} if "number" in theirs else {})})
        page = await carried_out(world, client, where)
    assert "changed since you looked" in page
    assert "By now there is a dossier like this" in page
    assert "Els Colleague" in page
    there = await dossiers_of(world, firm)
    assert [(one.name, one.code, one.contact_name) for one in there.values()] == [
        (made.name, made.code, None)
    ]


async def test_a_field_that_a_colleague_changed_since_is_not_overwritten(world: World) -> None:
    firm, mine, els = await an_office(world)
    await a_dossier(world, firm, code="7", name="Bakkerij", contact_name="X")
    await a_dossier(world, firm, code="8", name="Garage", contact_name="Y")
    rows = [
        {"name": "Bakkerij", "code": "7", "contact": "Y"},
        {"name": "Garage", "code": "8", "contact": "Y"},
    ]
    async with sign_in(world, mine) as client:
        where = await previewed(client, *rows)
        there = await dossiers_of(world, firm)
        async with world.as_scope(firm_id=firm.id) as session:
            for name in ("Bakkerij", "Garage"):
                card = (await dossiers.cards(session, els, [there[name].id]))[there[name].id]
                await changes.change(session, els, card, {"contact_name": "Z"})
        page = await carried_out(world, client, where)
        whole = (await client.get(where)).text
    assert page.count("this was changed from") == 2
    assert "from X to Z" in page
    assert "from Y to Z" in page
    assert "Els Colleague" in page
    assert "2 rows have changed since you looked" in whole
    assert {one.contact_name for one in (await dossiers_of(world, firm)).values()} == {"Z"}


async def test_what_a_colleague_has_done_already_is_no_contradiction(world: World) -> None:
    firm, mine, els = await an_office(world)
    one = await a_dossier(world, firm, code="7", name="Bakkerij", contact_name="X", contact_phone="1")
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "Bakkerij", "code": "7", "contact": "Y", "phone": "2"})
        async with world.as_scope(firm_id=firm.id) as session:
            card = (await dossiers.cards(session, els, [one.id]))[one.id]
            await changes.change(session, els, card, {"contact_name": "Y"})
        await carried_out(world, client, where)
        assert "1 dossier changed" in (await client.get(where)).text
    found = (await dossiers_of(world, firm))["Bakkerij"]
    assert (found.contact_name, found.contact_phone) == ("Y", "2")


@pytest.mark.parametrize("contact", ["X", "Y"], ids=["unchanged", "changes"])
async def test_an_access_that_ended_since_keeps_the_row_out(world: World, contact: str) -> None:
    firm, mine, _els = await an_office(world)
    await a_dossier(world, firm, code="7", name="Bakkerij", contact_name="X")
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "Bakkerij", "code": "7", "contact": contact})
        async with world.as_system() as session:
            await session.execute(sa.update(Dossier).values(access=Access.ENDED))
        page = await carried_out(world, client, where)
        assert "your access to this company has ended" in page
    assert (await dossiers_of(world, firm))["Bakkerij"].contact_name == "X"


async def test_a_company_that_got_an_account_since_is_not_asked_without_a_word(world: World) -> None:
    firm, mine, _els = await an_office(world)
    number = a_number()
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "Bakkerij", "number": number})
        await a_company(world, None, number=number, claimed=True)
        assert "has got an account" in await carried_out(world, client, where)
        assert await dossiers_of(world, firm) == {}
        again = await client.post(f"{where}/again")
        assert 'data-status="request"' in (await client.get(again.headers["location"])).text


async def test_an_answer_holds_for_what_was_shown_of_the_dossier_that_was_chosen(world: World) -> None:
    firm, mine, els = await an_office(world)
    one = await a_dossier(world, firm, code="7", name="De Smet", contact_name="X")
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "de smet", "contact": "Y"})
        page = (await client.get(where)).text
        assert "As the same, it changes" in page
        async with world.as_scope(firm_id=firm.id) as session:
            card = (await dossiers.cards(session, els, [one.id]))[one.id]
            await changes.change(session, els, card, {"contact_name": "Z"})
        assert "from X to Z" in await carried_out(world, client, where, answer_2=str(one.id))
        again = (await client.post(f"{where}/again")).headers["location"]
        await carried_out(world, client, again, answer_2=str(one.id))
    found = await dossiers_of(world, firm)
    assert [(one.name, one.contact_name) for one in found.values()] == [("de smet", "Y")]


async def test_rows_left_out_are_looked_at_again_once_and_nobody_elses(world: World) -> None:
    _firm, mine, els = await an_office(world)
    number = a_number()
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "Mine", "number": number}, {"name": "Other", "number": ""})
        assert (await client.post(f"{where}/again")).headers["location"] == where
        await by_hand(world, els, number=number, name="Theirs")
        await carried_out(world, client, where)
        page = (await client.get(where)).text
        assert "Look at 1 row again" in page
        answers = [await client.post(f"{where}/again") for _ in range(2)]
        (again,) = {answer.headers["location"] for answer in answers}
        page = (await client.get(again)).text
        assert "Theirs</del> → Mine" in page
        assert 'data-status="update"' in page
        assert "Other" not in page
        errors = await client.get(f"{where}/errors")
        assert errors.status_code == 200
    stranger = await a_staff_member(world, await a_firm(world, "other", "Other"))
    async with sign_in(world, stranger, "other.localhost") as client:
        assert (await client.post(f"{where}/again")).status_code == 404


async def accept_rows(world: World, kept: DossierImport, actor: Actor, position: int = 0) -> None:
    async with world.as_scope(firm_id=actor.firm_id, host_firm_id=actor.firm_id) as session:
        job = acceptance.AcceptRows(import_id=kept.id, position=position)
        await acceptance.accept_rows(session, world.tools, actor, job)


async def kept_imports(world: World) -> list[DossierImport]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(DossierImport).order_by(DossierImport.id)))


async def test_two_acceptances_at_once_do_each_row_once_and_tell_the_other(world: World) -> None:
    firm, mine, els = await an_office(world)
    number = a_number()
    for actor, contact in ((mine, "A"), (els, "B")):
        async with sign_in(world, actor) as client:
            rows = [{"name": "By number", "number": number, "contact": contact}]
            rows += [{"name": "By code", "code": "12", "number": a_number(), "contact": contact}]
            where = await previewed(client, *rows)
            assert (await client.post(f"{where}/accept")).status_code == 303
    kept = await kept_imports(world)
    await asyncio.gather(*[accept_rows(world, one, who) for one, who in zip(kept, (mine, els), strict=True)])
    results = [dict(one.result or {}) for one in await kept_imports(world)]
    assert sorted((one["created"], one["overtaken"]) for one in results) == [(0, 2), (2, 0)]
    winner = "A" if results[0]["created"] else "B"
    found = await dossiers_of(world, firm)
    assert {name: one.contact_name for name, one in found.items()} == {"By number": winner, "By code": winner}


async def test_a_form_and_a_batch_at_one_dossier_wait_for_each_other(world: World) -> None:
    """The form is first: the batch sees what it saved."""
    firm, mine, els = await an_office(world)
    one = await a_dossier(world, firm, code="7", name="Bakkerij", contact_name="X")
    async with sign_in(world, mine) as client:
        where = await previewed(client, {"name": "Bakkerij", "code": "7", "contact": "Y"})
        await client.post(f"{where}/accept")
    (kept,) = await kept_imports(world)
    async with world.as_scope(firm_id=firm.id) as session:
        await folders.hold(session, els)
        card = (await dossiers.cards(session, els, [one.id]))[one.id]
        await changes.change(session, els, card, {"contact_name": "Z"})
        batch = asyncio.create_task(accept_rows(world, kept, mine))
        await somebody_waits(world)
    await batch
    assert (await dossiers_of(world, firm))["Bakkerij"].contact_name == "Z"
    assert (await kept_imports(world))[0].result is not None


async def test_a_worker_that_dies_between_two_batches_is_bound_as_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TURN", 2)
    firm, mine, els = await an_office(world)
    rows = [{"name": f"Company {n}", "code": str(n)} for n in range(4)]
    write, dies = acceptance.write, {"at": 2}

    async def dying(*given: Any) -> None:
        await write(*given)
        dies["at"] -= 1
        if dies["at"] == 0:
            raise RuntimeError("the worker dies")

    monkeypatch.setattr(acceptance, "write", dying)
    async with sign_in(world, mine) as client:
        where = await previewed(client, *rows)
        await client.post(f"{where}/accept")
        await world.run_jobs()
        assert sorted(await dossiers_of(world, firm)) == ["Company 0", "Company 1"]
        await by_hand(world, els, name="Theirs", code="3")
        world.clock.at = world.clock.now().replace(hour=11)
        await world.run_jobs()
        page = (await client.get(where)).text
    assert "3 dossiers made" in page
    assert "One row has changed since you looked" in page
    assert sorted(await dossiers_of(world, firm)) == ["Company 0", "Company 1", "Company 2", "Theirs"]


# ── a number for a dossier that has none ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by", ["dossier_id", "code"])
async def test_a_row_gives_a_dossier_in_formation_its_number(world: World, by: str) -> None:
    firm, mine, _els = await an_office(world)
    one = await by_hand(world, mine, code="7", name="In oprichting")
    number = a_number()
    row = {"name": "In oprichting", "number": number, by: {"dossier_id": str(one.id), "code": "7"}[by]}
    async with sign_in(world, mine) as client:
        where = await previewed(client, row)
        assert shown_number("BE", number) in (await client.get(f"{where}?show=update")).text
        await carried_out(world, client, where)
    assert (await dossiers_of(world, firm))["In oprichting"].number == number
    async with world.as_system() as session:
        kept = await session.get(Company, one.company_id)
        assert kept is not None
        assert kept.number == number


async def test_another_number_than_the_dossier_has_is_asked(world: World) -> None:
    firm, mine, _els = await an_office(world)
    one = await a_dossier(world, firm, code="7", name="Bakkerij")
    other = await a_dossier(world, firm, code="8", name="Garage")
    rows = [
        {"name": "Bakkerij", "code": "7", "number": a_number(), "contact": "Els"},
        {"name": "Garage", "number": one.number or "", "dossier_id": str(other.id)},
    ]
    async with sign_in(world, mine) as client:
        where = await previewed(client, *rows)
        page = (await client.get(where)).text
        assert page.count('data-status="ask"') == 2
        assert (await client.post(f"{where}/answers", data={"answer_2": "new"})).status_code == 422
        await carried_out(world, client, where, answer_2=str(one.id))
    there = await dossiers_of(world, firm)
    assert (there["Bakkerij"].number, there["Bakkerij"].contact_name) == (one.number, "Els")
    assert there["Garage"].number == other.number


async def test_a_number_of_a_claimed_company_or_of_another_country_is_refused_with_what_to_do(
    world: World,
) -> None:
    _firm, mine, _els = await an_office(world)
    for code, country in (("7", "BE"), ("8", "NL")):
        await by_hand(world, mine, code=code, name=f"Formation {code}", country=country)
    claimed = a_number()
    await a_company(world, None, number=claimed, claimed=True)
    rows = [
        {"name": "Formation 7", "code": "7", "number": claimed},
        {"name": "Formation 8", "code": "8", "number": a_number(), "country": "BE"},
    ]
    async with sign_in(world, mine) as client:
        page = (await client.get(await previewed(client, *rows))).text
    assert page.count('data-status="error"') == 2
    assert "has an account here already" in page
    assert "its number is one of that country" in page
