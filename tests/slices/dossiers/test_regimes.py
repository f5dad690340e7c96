"""The VAT regime of a dossier: chosen with a day in the form, by a list, and what becomes of the others."""

import io
import re
from datetime import date, timedelta

import httpx
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier, DossierVatRegime
from portal.features.dossiers.service import changes, dossiers
from portal.features.imports.service import previews, workbooks
from portal.features.onboarding.service import activation
from portal.kernel.clock import local_date
from tests.support.builders import a_company, a_dossier, a_firm, a_staff_member, sign_in
from tests.support.world import World

QUARTERLY, MONTHLY, UNIT = VatRegime.QUARTERLY, VatRegime.MONTHLY, VatRegime.UNIT_MEMBER


async def rows(world: World, dossier: Dossier) -> list[tuple[date, VatRegime]]:
    async with world.as_system() as session:
        found = await session.scalars(
            sa.select(DossierVatRegime)
            .where(DossierVatRegime.dossier_id == dossier.id)
            .order_by(DossierVatRegime.valid_from)
        )
        return [(row.valid_from, row.regime) for row in found]


def fields_of(page: httpx.Response) -> dict[str, str]:
    """What a browser would send of the form, unchanged."""
    hidden = dict(re.findall(r'type="hidden" name="((?:seen|vat)_\w+)" value="([^"]*)"', page.text))
    day = re.search(r'name="vat_regime_from" type="text" data-day[^>]* value="([^"]*)"', page.text)
    assert day is not None
    shown = {name.removeprefix("seen_"): value for name, value in hidden.items() if name.startswith("seen_")}
    return {**shown, **hidden, "vat_regime_from": day[1]}


async def test_a_regime_begins_today_unless_another_day_is_said_and_the_others_stay(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    begin = local_date(world.clock.now())
    world.clock.at += timedelta(days=40)
    today = local_date(world.clock.now())
    to_come = date(today.year + 1, 1, 1)
    async with sign_in(world, owner) as client:
        edit = f"/dossiers/{dossier.id}/edit"
        form = fields_of(await client.get(edit))
        assert form["vat_regime_from"] == f"{today:%d/%m/%Y}"
        assert (await client.post(edit, data=form | {"name": "Only the name"})).status_code == 303
        assert await rows(world, dossier) == [(begin, QUARTERLY)]
        form = fields_of(await client.get(edit))
        assert (await client.post(edit, data=form | {"vat_regime": "monthly"})).status_code == 303
        assert await rows(world, dossier) == [(begin, QUARTERLY), (today, MONTHLY)]
        form = fields_of(await client.get(edit))
        assert form["vat_regime"] == "monthly"
        coming = form | {"vat_regime": "unit_member", "vat_regime_from": to_come.isoformat()}
        assert (await client.post(edit, data=coming)).status_code == 303
        assert await rows(world, dossier) == [(begin, QUARTERLY), (today, MONTHLY), (to_come, UNIT)]
        page = (await client.get(edit)).text
        assert "quarterly return, since" in page
        assert "member of a VAT unit, from" in page
        assert 'value="monthly" selected' in page
        shown = (await client.get(f"/dossiers/{dossier.id}")).text
        assert "monthly return" in shown
        assert "quarterly return" not in shown
        form = fields_of(await client.get(edit))
        back = form | {"vat_regime_from": to_come.isoformat()}
        assert (await client.post(edit, data=back)).status_code == 303
        assert await rows(world, dossier) == [(begin, QUARTERLY), (today, MONTHLY)]
        history = (await client.get(f"/dossiers/{dossier.id}/history")).text
    assert "quarterly return" in history
    assert "member of a VAT unit" in history
    async with world.as_system() as session:
        events = await session.scalars(
            sa.select(AuditEvent)
            .where(AuditEvent.action == "dossiers.updated")
            .order_by(AuditEvent.at, AuditEvent.id)
        )
        told = [event.data["fields"] for event in events if "vat_regime_from" in event.data["fields"]]
    assert told[0] == {"vat_regime": ["quarterly", "monthly"], "vat_regime_from": [None, today.isoformat()]}
    assert len(told) == 3


async def test_the_day_reached_the_coming_regime_is_the_present_one(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    soon = local_date(world.clock.now()) + timedelta(days=2)
    async with world.as_scope(firm_id=firm.id) as session:
        await changes.change(
            session,
            owner,
            await dossiers.look_up(session, owner, dossier.id),
            {"vat_regime": RegimeFrom(soon, MONTHLY)},
        )
    for expected in (QUARTERLY, MONTHLY):
        async with world.as_scope(firm_id=firm.id) as session:
            assert (await dossiers.vat_regimes(session, dossier)).now is expected
            assert [row["vat_regime"] for row in await previews.workbook_rows(session, owner)] == [expected]
        world.clock.at += timedelta(days=2)


async def test_two_people_who_plan_a_regime_are_asked(world: World) -> None:
    firm = await a_firm(world)
    an = await a_staff_member(world, firm, name="An Claes")
    tom = await a_staff_member(world, firm, name="Tom Wouters")
    dossier = await a_dossier(world, firm)
    edit = f"/dossiers/{dossier.id}/edit"
    to_come = date(local_date(world.clock.now()).year + 1, 1, 1).isoformat()
    async with sign_in(world, an) as first, sign_in(world, tom) as second:
        of_an, of_tom = fields_of(await first.get(edit)), fields_of(await second.get(edit))
        planned = {"vat_regime": "monthly", "vat_regime_from": to_come}
        assert (await first.post(edit, data=of_an | planned)).status_code == 303
        before = await rows(world, dossier)
        asked = await second.post(edit, data=of_tom | {"vat_regime": "mixed", "vat_regime_from": to_come})
        assert asked.status_code == 409
        assert "An Claes" in asked.text
        assert "monthly return" in asked.text
        assert await rows(world, dossier) == before
        again = fields_of(asked) | {"vat_regime": "mixed", "vat_regime_from": to_come}
        assert (await second.post(edit, data=again)).status_code == 303
    assert [regime for _day, regime in await rows(world, dossier)] == [QUARTERLY, VatRegime.MIXED]


async def test_a_new_dossier_may_say_since_when(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    form = {"name": "Bakkerij", "language": "nl", "country": "BE", "vat_regime": "exempt_small"}
    today = local_date(world.clock.now())
    async with sign_in(world, owner) as client:
        for said, expected in (("", today), ("2025-07-01", date(2025, 7, 1))):
            answer = await client.post("/dossiers", data=form | {"vat_regime_from": said})
            assert answer.status_code == 303, answer.text
            async with world.as_scope(firm_id=firm.id) as session:
                dossier_id = answer.headers["location"].rpartition("/")[2]
                dossier = next(
                    one for one in await dossiers.all_of(session, owner) if str(one.id) == dossier_id
                )
                found = await dossiers.vat_regimes(session, dossier)
            assert found.regimes == [RegimeFrom(expected, VatRegime.EXEMPT_SMALL)]
        wrong = await client.post("/dossiers", data=form | {"vat_regime_from": "soon"})
        assert wrong.status_code == 422


async def test_a_list_changes_the_regime_from_today(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    begin = local_date(world.clock.now())
    world.clock.at += timedelta(days=40)
    async with sign_in(world, owner) as client:
        present = CalamineWorkbook.from_filelike(
            io.BytesIO((await client.get("/dossiers/import/present")).content)
        )
        assert "quarterly" in present.get_sheet_by_index(0).to_python()[2]
        guide = [cell for row in present.get_sheet_by_index(1).to_python() for cell in row]
        assert all(regime.value in guide for regime in VatRegime)
        for word in ("Lid van een BTW-eenheid", "unit_member"):
            async with world.as_scope(firm_id=firm.id) as session:
                (row,) = await previews.workbook_rows(session, owner)
            data = workbooks.of_dossiers([row | {"vat_regime": word}])
            where = (await client.post("/dossiers/import", files={"files": ("list.xlsx", data)})).headers[
                "location"
            ]
            await client.post(f"{where}/accept")
            await world.run_jobs()
    assert await rows(world, dossier) == [(begin, QUARTERLY), (local_date(world.clock.now()), UNIT)]


async def test_a_second_dossier_on_a_claimed_company_has_the_regimes_of_the_first(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    mine = await a_company(world, firm, "Bakkerij")
    dossier = await a_dossier(world, firm, mine)
    year = [RegimeFrom(date(2026, 1, 1), MONTHLY), RegimeFrom(date(2027, 1, 1), UNIT)]
    async with world.as_scope(firm_id=firm.id) as session:
        for one in year:
            found = await dossiers.look_up(session, owner, dossier.id)
            await changes.change(session, owner, found, {"vat_regime": one})
    before = await rows(world, dossier)
    await a_company(world, None, "Bakkerij", claimed=True, number=mine.number)
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        await activation.ask_access(session, world.tools, owner, dossier.id)
    async with world.as_scope(firm_id=firm.id) as session:
        (other,) = [one for one in await dossiers.all_of(session, owner) if one.id != dossier.id]
    assert await rows(world, other) == before
