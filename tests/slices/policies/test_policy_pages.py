"""The pages of policies, through HTTP."""

from datetime import date

import pytest

from portal.features.policies import service
from portal.features.policies.domain import Cadence
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Role
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.world import World

FORM = {
    "cadence": "after_delay",
    "delay": "20",
    "delay_unit": "seconds",
    "run_day": "5",
    "run_hour": "4",
    "needs_approval": "yes",
    "approval_kinds": ["purchase_invoice", "sales_invoice"],
    "lock_exported": "yes",
    "export_from": "2026-07-01",
}


async def test_a_policy_saved_on_the_page_is_in_force(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        page = await client.get(f"/dossiers/{dossier.id}/policy")
        assert page.status_code == 200
        assert "the office's default" in page.text
        saved = await client.post(f"/dossiers/{dossier.id}/policy", data=FORM)
        assert saved.status_code == 303
        page = await client.get(saved.headers["location"])
        assert "this dossier's own" in page.text
        assert "20 seconds" in page.text
    async with world.as_scope(firm_id=firm.id) as session:
        policy = await service.policy_for(session, firm.id, dossier.id)
    assert policy.cadence is Cadence.AFTER_DELAY
    assert policy.delay_seconds == 20
    assert (policy.run_day, policy.run_hour) == (5, 4)
    assert policy.needs_approval
    assert policy.approval_kinds == ["purchase_invoice", "sales_invoice"]
    assert policy.lock_exported
    assert not policy.include_statements
    assert policy.export_from == date(2026, 7, 1)


async def test_htmx_is_sent_to_the_page_again(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        saved = await client.post(f"/dossiers/{dossier.id}/policy", data=FORM, headers={"hx-request": "true"})
    assert saved.status_code == 204
    assert saved.headers["hx-redirect"] == f"/dossiers/{dossier.id}/policy"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"delay": "2"}, "Between 5 seconds and 7 days"),
        ({"delay": "soon"}, "not a whole number"),
        ({"delay": "99999999999999"}, "not a whole number"),
        ({"delay": "999999999", "delay_unit": "hours"}, "Between 5 seconds and 7 days"),
        ({"delay_unit": "weeks"}, "Choose one of the list"),
        ({"run_day": "31"}, "1 to 28"),
        ({"run_hour": "24"}, "0 to 23"),
        ({"cadence": "yearly"}, "Choose one of the list"),
        ({"cadence": ""}, "Choose one of the list"),
        ({"approval_kinds": []}, "at least one kind"),
        ({"approval_kinds": ["telex"]}, "Choose one of the list"),
        ({"export_from": "12/31/2026"}, "not a date"),
        ({"export_from": "01/01/1999"}, "between 2000 and 2100"),
    ],
)
async def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    world: World, change: dict[str, str], sentence: str
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        answer = await client.post(f"/dossiers/{dossier.id}/policy", data={**FORM, **change})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'value="01/07/2026"' in answer.text or "export_from" in change
    async with world.as_scope(firm_id=firm.id) as session:
        assert (await service.policy_for(session, firm.id, dossier.id)).dossier_id is None


async def test_back_to_the_default_by_its_button(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        await client.post(f"/dossiers/{dossier.id}/policy", data=FORM)
        answer = await client.post(f"/dossiers/{dossier.id}/policy/default")
        assert answer.status_code == 303
    async with world.as_scope(firm_id=firm.id) as session:
        assert (await service.policy_for(session, firm.id, dossier.id)).dossier_id is None


async def test_an_accountant_who_does_not_manage_the_dossier_reads_only(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    dossier = await a_dossier(world, firm, manager_id=owner.person_id)
    async with sign_in(world, accountant) as client:
        page = await client.get(f"/dossiers/{dossier.id}/policy")
        assert page.status_code == 200
        assert "Only the file manager" in page.text
        assert "Save for this dossier" not in page.text
        assert (await client.post(f"/dossiers/{dossier.id}/policy", data=FORM)).status_code == 403
        assert (await client.post(f"/dossiers/{dossier.id}/policy/default")).status_code == 403


async def test_the_default_of_the_firm(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        assert (await client.get("/settings/export")).status_code == 200
        form = {**FORM, "cadence": "last_full_month"}
        assert (await client.post("/settings/export", data=form)).status_code == 303
        page = await client.get("/settings/export")
        assert "5 December 2026" in page.text
        assert "30 November 2026" in page.text
        wrong = await client.post("/settings/export", data={**form, "run_day": "0"})
        assert wrong.status_code == 422
    async with world.as_scope(firm_id=firm.id) as session:
        policy = await service.policy_for(session, firm.id, dossier.id)
    assert policy.dossier_id is None
    assert policy.cadence is Cadence.LAST_FULL_MONTH
    assert policy.last_month_run == date(2026, 10, 31)


async def test_a_firm_without_a_default_yet_makes_one(world: World) -> None:
    import sqlalchemy as sa

    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with world.as_system() as session:
        await session.execute(sa.delete(ExportPolicy))
    async with sign_in(world, owner) as client:
        assert (await client.get("/settings/export")).status_code == 200
        assert (await client.post("/settings/export", data=FORM)).status_code == 303
    async with world.as_scope(firm_id=firm.id) as session:
        policy = await service.own_policy(session, firm.id, None)
    assert policy is not None
    assert policy.delay_seconds == 20


async def test_nobody_else_reaches_the_pages(world: World) -> None:
    firm = await a_firm(world)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    dossier = await a_dossier(world, firm)
    paths = [f"/dossiers/{dossier.id}/policy", "/settings/export"]
    async with world.client() as client:
        for path in paths:
            assert (await client.get(path)).status_code == 303
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    async with sign_in(world, assistant) as client:
        for path in paths:
            assert (await client.get(path)).status_code == 403
            assert (await client.post(path, data=FORM)).status_code == 403
    entrepreneur = await a_member(world, firm, dossier.company_id)
    async with sign_in(world, entrepreneur) as client:
        for path in paths:
            assert (await client.get(path)).status_code in (403, 404)
    stranger = await a_staff_member(world, other)
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        assert (await client.get(paths[0])).status_code == 404
        assert (await client.post(paths[0], data=FORM)).status_code == 404
        assert (await client.post(f"{paths[0]}/default")).status_code == 404


async def test_a_manager_has_no_say_in_the_default(world: World) -> None:
    firm = await a_firm(world)
    manager = await a_staff_member(world, firm, Role.MANAGER)
    async with sign_in(world, manager) as client:
        assert (await client.post("/settings/export", data=FORM)).status_code == 403
