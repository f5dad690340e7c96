"""An archive that is missing or damaged: said at once, made again to the same bytes, and the other deliveries go on."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from portal.features.accounts.service import people
from portal.features.audit.models import AuditEvent
from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import Delivery, Export
from portal.features.bundles.service import repairs
from portal.kernel.actor import Role
from portal.kernel.language import Language
from portal.storage import StorageUnavailable
from tests.support.builders import a_person, a_staff_member, sign_in
from tests.support.builders_agents import Waiting, is_problem, paired, with_waiting
from tests.support.builders_dossiers import mails, text_of
from tests.support.builders_exports import an_invoice, an_office, exports_of, press_export
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"


def stored(world: World, sha256: str) -> Path:
    (file,) = [path for path in (world.folder / "store").rglob(sha256) if path.is_file()]
    return file


def delete(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-7])


def flip(file: Path) -> None:
    file.chmod(0o600)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


DAMAGES = [delete, cut, flip]


async def the_export(world: World) -> Export:
    async with world.as_system() as session:
        return (await session.scalars(sa.select(Export).order_by(Export.id))).all()[-1]


async def deliveries(world: World) -> list[Delivery]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Delivery).order_by(Delivery.created_at, Delivery.id)))


async def told(world: World) -> list[str]:
    async with world.as_system() as session:
        found = await session.scalars(
            sa.select(AuditEvent.action).where(AuditEvent.action.like("bundles.archive_%"))
        )
        return sorted(found)


async def ask(agent: httpx.AsyncClient, waiting: Waiting) -> httpx.Response:
    """As an agent asks: what is cut on the way is asked for again."""
    try:
        answer = await agent.get(f"{waiting.path}/bundle")
    except Exception:  # noqa: BLE001 - whatever a cut line is to this client
        return await agent.get(f"{waiting.path}/bundle")
    if answer.status_code == 200 and len(answer.content) != waiting.delivery["size"]:
        return await agent.get(f"{waiting.path}/bundle")
    return answer


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_broken_archive_is_told_made_again_and_offered_again(
    world: World, damage: Callable[[Path], None]
) -> None:
    async with with_waiting(world) as (agent, waiting):
        export = await the_export(world)
        assert export.sha256 is not None
        whole = stored(world, export.sha256).read_bytes()
        damage(stored(world, export.sha256))
        is_problem(await ask(agent, waiting), 409, "archive_damaged")
        (refused,) = await deliveries(world)
        assert (refused.state, refused.reason) == (DeliveryState.REFUSED, "archive_damaged")
        assert (await agent.get(FEED)).json()["deliveries"] == []
        office = waiting.office
        async with sign_in(world, office.owner, office.host) as client:
            for path in ("/agents", f"{office.export_path}/{export.id}"):
                assert "missing or damaged in the store" in (await client.get(path)).text
            assert "delivery failed" in (await client.get("/")).text
        await world.run_jobs()
        assert stored(world, export.sha256).read_bytes() == whole
        (again,) = (await agent.get(FEED)).json()["deliveries"]
        assert again["id"] != waiting.delivery["id"]
        assert again["sha256"] == waiting.delivery["sha256"]
        answer = await agent.get(f"{FEED}/{again['id']}/bundle")
        assert answer.content == whole
        async with sign_in(world, office.owner, office.host) as client:
            assert "delivery failed" not in (await client.get("/")).text
    assert await told(world) == ["bundles.archive_damaged", "bundles.archive_mended"]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_it_is_made_again_without_its_manifest_too(
    world: World, damage: Callable[[Path], None]
) -> None:
    async with with_waiting(world) as (agent, waiting):
        export = await the_export(world)
        assert export.sha256 is not None
        assert export.manifest_sha256 is not None
        whole = stored(world, export.sha256).read_bytes()
        manifest = stored(world, export.manifest_sha256).read_bytes()
        delete(stored(world, export.sha256))
        damage(stored(world, export.manifest_sha256))
        is_problem(await ask(agent, waiting), 409, "archive_damaged")
        await world.run_jobs()
        assert stored(world, export.sha256).read_bytes() == whole
        assert stored(world, export.manifest_sha256).read_bytes() == manifest
        assert len((await agent.get(FEED)).json()["deliveries"]) == 1


async def test_one_whose_parts_are_gone_stays_refused_names_the_part_and_holds_no_other_up(
    world: World,
) -> None:
    office = await an_office(world)
    await an_invoice(world, office, "F-1")
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        await an_invoice(world, office, "F-2")
        await press_export(client, office)
        await world.run_jobs()
        first, second = await exports_of(world, office.dossier)
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["bundle_number"] for one in feed] == [1, 2]
        assert first.sha256 is not None
        delete(stored(world, first.sha256))
        part = feed[0]["files"][0]["sha256"]
        data = stored(world, part).read_bytes()
        delete(stored(world, part))
        is_problem(await agent.get(f"{FEED}/{feed[0]['id']}/bundle"), 409, "archive_damaged")
        answer = await agent.get(f"{FEED}/{feed[1]['id']}/bundle")
        assert (answer.status_code, len(answer.content)) == (200, second.size)
        await world.run_jobs()
        assert [one["bundle_number"] for one in (await agent.get(FEED)).json()["deliveries"]] == [2]
        here = f"{office.export_path}/{first.id}"
        page = await client.get(here)
        assert "cannot be made again: F-1" in page.text
        assert "Have the file restored" in (await client.get("/agents")).text
        # somebody restores the file and presses Deliver again
        await world.tools.store.put(office.dossier.company_id, data, media_type="application/xml")
        await client.post(f"{here}/deliver-again")
        await world.run_jobs()
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["bundle_number"] for one in feed] == [1, 2]
        assert (await agent.get(f"{FEED}/{feed[0]['id']}/bundle")).status_code == 200
    assert await told(world) == [
        "bundles.archive_damaged",
        "bundles.archive_lost",
        "bundles.archive_mended",
    ]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_who_downloads_a_broken_archive_is_told_in_words_and_gets_it_the_next_time(
    world: World, damage: Callable[[Path], None]
) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        (export,) = await exports_of(world, office.dossier)
        assert export.sha256 is not None
        damage(stored(world, export.sha256))
        here = f"{office.export_path}/{export.id}"
        answer = await client.get(f"{here}/download")
        assert answer.status_code == 303
        page = await client.get(here)
        assert "It is being made again from its parts; try again in a minute." in page.text
        assert "Downloaded by" not in page.text
        await world.run_jobs()
        answer = await client.get(f"{here}/download")
        assert (answer.status_code, len(answer.content)) == (200, export.size)
    assert (await deliveries(world))[-1].state is DeliveryState.BY_HAND


async def test_a_store_that_is_away_refuses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_waiting(world) as (agent, waiting):

        async def away(*_: object) -> None:
            raise StorageUnavailable

        with monkeypatch.context() as gone:
            gone.setattr(world.tools.store, "size", away)
            is_problem(await agent.get(f"{waiting.path}/bundle"), 503, "storage_unavailable")
        (delivery,) = await deliveries(world)
        assert delivery.state is DeliveryState.PENDING
        assert (await agent.get(f"{waiting.path}/bundle")).status_code == 200


async def test_an_agent_that_finds_a_bundle_damaged_makes_the_portal_look(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        export = await the_export(world)
        assert export.sha256 is not None
        flip(stored(world, export.sha256))
        body = {"reason": "damaged_bundle", "detail": "its SHA-256 is not the announced one"}
        assert (await agent.post(f"{waiting.path}/refuse", json=body)).status_code == 200
        await world.run_jobs()
        (again,) = (await agent.get(FEED)).json()["deliveries"]  # it was the archive: offered again
        answer = await agent.get(f"{FEED}/{again['id']}/bundle")
        assert len(answer.content) == export.size
    (mail,) = mails(world, waiting.office.firm.id)
    assert "offered to your agent again" in text_of(mail)


async def test_a_store_that_loses_it_each_time_is_not_fed_for_ever(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        export = await the_export(world)
        assert export.sha256 is not None
        offered: set[str] = set()
        for _ in range(repairs.MOST_MENDED + 2):
            for one in (await agent.get(FEED)).json()["deliveries"]:
                offered.add(one["id"])
                delete(stored(world, export.sha256))
                is_problem(await agent.get(f"{FEED}/{one['id']}/bundle"), 409, "archive_damaged")
            await world.run_jobs()
        assert len(offered) == repairs.MOST_MENDED + 1
        assert waiting.delivery["id"] in offered
    subjects = [str(mail["Subject"]) for mail in mails(world, waiting.office.firm.id)]
    assert len(subjects) == repairs.MOST_MENDED + 1, "one each time it was lost"
    assert "cannot be delivered" in subjects[-1]
    assert "cannot be delivered" not in subjects[-2]


async def test_the_office_is_told_by_mail_once_in_its_language_when_a_damaged_archive_is_whole_again(
    world: World,
) -> None:
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        manager = await a_person(world, "mia@noordzee.example", "Mia Manager", Language.NL)
        async with world.as_system() as session:
            await people.add_staff(session, office.firm.id, manager.id, Role.MANAGER)
        await a_staff_member(world, office.firm, Role.ACCOUNTANT)
        export = await the_export(world)
        assert export.sha256 is not None
        delete(stored(world, export.sha256))
        for _ in range(3):  # asked again meanwhile
            is_problem(await agent.get(f"{waiting.path}/bundle"), 409, "archive_damaged")
        await world.run_jobs()
        await world.run_jobs()
    made = mails(world, office.firm.id)
    assert len(made) == 2, "the owner and the manager, once"
    (dutch,) = [mail for mail in made if manager.email in str(mail["To"])]
    assert str(dutch["Subject"]) == f"Zending 1 van {office.dossier.title} was beschadigd en is weer in orde"
    assert "wordt opnieuw aan uw agent aangeboden" in text_of(dutch)
    assert f"{office.export_path}/{export.id}" in text_of(dutch)


async def test_the_office_is_told_by_mail_once_that_an_archive_is_lost(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        export = await the_export(world)
        assert export.sha256 is not None
        delete(stored(world, export.sha256))
        delete(stored(world, waiting.delivery["files"][0]["sha256"]))
        is_problem(await agent.get(f"{waiting.path}/bundle"), 409, "archive_damaged")
        await world.run_jobs()
        async with sign_in(world, office.owner, office.host) as client:
            for _ in range(2):  # whoever tries again reads it on the page
                await client.get(f"{office.export_path}/{export.id}/download")
                await world.run_jobs()
    (mail,) = mails(world, office.firm.id)
    assert "cannot be delivered" in str(mail["Subject"])
    assert "cannot be made again" in text_of(mail)
