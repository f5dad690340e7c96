"""Exporting through the pages: what a person does, what leaves, what is locked afterwards."""

import hashlib
import json
import zipfile
from datetime import date
from io import BytesIO
from uuid import uuid4

import anyio
import httpx
import pytest
import sqlalchemy as sa

from exports import bundle
from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.features.audit.models import AuditEvent
from portal.features.bundles.domain import DeliveryState, ExportState
from portal.features.bundles.models import BundleDownload, BundleItem, Delivery, Export
from portal.features.documents.models import Document, DocumentLock
from portal.features.dossiers.domain.dossiers import Access, AccessEnded
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.jobs.ledger import publish
from portal.kernel.actor import Role
from tests.support.builders import a_dossier, a_member, a_staff_member, sign_in
from tests.support.builders_agents import paired
from tests.support.builders_exports import (
    Office,
    a_statement,
    again,
    an_invoice,
    an_office,
    exports_of,
    jobs,
    press_export,
    set_policy,
)
from tests.support.world import World


async def bundle_of(world: World, export: Export) -> tuple[bytes, bundle.Manifest]:
    assert export.sha256 is not None
    data = await world.tools.store.get(export.firm_id, export.sha256)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return data, bundle.read_manifest(archive.read("manifest.json"))


async def exported(world: World, office: Office, **form: str) -> Export:
    """Press the button, let the worker work; the newest run."""
    async with sign_in(world, office.owner, office.host) as client:
        answer = await press_export(client, office, **form)
        assert answer.status_code == 303, answer.text
    await world.run_jobs()
    return (await exports_of(world, office.dossier))[-1]


async def actions(world: World) -> list[str]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


async def test_an_export_carries_the_documents_and_locks_them(world: World) -> None:
    office = await an_office(world)
    purchase = await an_invoice(world, office, "F-1", pdf=True)
    sale = await an_invoice(world, office, "V-1", date(2026, 10, 9), sale=True)
    statement = await a_statement(world, office)
    export = await exported(world, office)
    assert (export.state, export.number, export.total, export.done) == (ExportState.FINISHED, 1, 3, 3)
    data, manifest = await bundle_of(world, export)
    assert not bundle.verify(BytesIO(data))
    assert {entry.id for entry in manifest.items} == {str(purchase.id), str(sale.id), str(statement.id)}
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"Demat", "CODA", "manifest.json"}
    for item in (purchase, sale, statement):
        now = await again(world, item)
        assert (now.state, now.bundle_number, now.bundled_version, now.locked) == (
            ItemState.BUNDLED,
            1,
            1,
            True,
        )
    async with world.as_system() as session:
        locks = list(await session.scalars(sa.select(DocumentLock)))
        deliveries = list(await session.scalars(sa.select(Delivery)))
    assert {lock.item_id for lock in locks} == {purchase.id, sale.id, statement.id}
    assert {lock.reason for lock in locks} == {"exported"}
    assert [(one.state, one.files) for one in deliveries] == [(DeliveryState.BY_HAND, len(names) - 1)]
    assert [one for one in await actions(world) if one.startswith("bundles.")] == [
        "bundles.requested",
        "bundles.exported",
    ]


async def test_a_policy_that_does_not_lock_leaves_no_lock_behind(world: World) -> None:
    office = await an_office(world)
    await set_policy(world, office, lock_exported=False)
    item = await an_invoice(world, office)
    assert (await exported(world, office)).state is ExportState.FINISHED
    assert not (await again(world, item)).locked
    async with world.as_system() as session:
        assert list(await session.scalars(sa.select(DocumentLock))) == []


async def test_the_progress_page_ends_with_the_bundle_and_a_download(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        (export,) = await exports_of(world, office.dossier)
        path = f"{office.export_path}/{export.id}/progress"
        waiting = await client.get(path, headers={"hx-request": "true"})
        assert waiting.status_code == 200
        assert "<html" not in waiting.text
        assert (await client.get(path)).status_code == 303
        await world.run_jobs()
        done = await client.get(path, headers={"hx-request": "true"})
        assert done.headers["hx-redirect"] == office.export_path
        page = await client.get(office.export_path)
        assert "Bundle 1 is ready." in page.text
        contents = await client.get(f"{office.export_path}/{export.id}")
        assert "F-1" in contents.text


async def test_a_double_click_makes_one_export(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    answers: list[httpx.Response] = []
    async with sign_in(world, office.owner, office.host) as client:

        async def press() -> None:
            answers.append(await press_export(client, office))

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(press)
    assert {answer.status_code for answer in answers} == {303}
    assert len(await exports_of(world, office.dossier)) == 1
    assert len(await jobs(world, "bundles.build")) == 1
    await world.run_jobs()
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(BundleItem)) == 1


async def test_two_dossiers_export_independently_with_numbers_of_their_own(world: World) -> None:
    office = await an_office(world)
    second = Office(office.firm, office.owner, await a_dossier(world, office.firm, code="01205"))
    for place in (office, second):
        await an_invoice(world, place)
        async with sign_in(world, office.owner) as client:
            await press_export(client, place)
    await world.run_jobs()
    assert [(await exports_of(world, place.dossier))[0].number for place in (office, second)] == [1, 1]


async def test_when_nothing_is_new_a_toast_says_so_and_nothing_is_kept(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.owner, office.host) as client:
        answer = await press_export(client, office)
        assert answer.status_code == 303
        page = await client.get(office.export_path)
    assert "There is nothing new to export." in page.text
    assert await exports_of(world, office.dossier) == []
    assert not [one for one in await actions(world) if one.startswith("bundles.")]


async def test_including_what_was_exported_makes_bundle_two_as_re_exports_in_the_same_chain(
    world: World,
) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    first = await exported(world, office)
    second = await exported(world, office, include_exported="1")
    assert (second.number, second.counts["reexports"]) == (2, 1)
    _data, manifest = await bundle_of(world, second)
    assert manifest.previous_sha256 == first.manifest_sha256
    assert [(entry.reexport, entry.first_exported_in) for entry in manifest.items] == [(True, 1)]
    now = await again(world, item)
    assert (now.state, now.bundle_number, now.locked) == (ItemState.BUNDLED, 1, True)


async def test_what_waits_for_approval_stays_unless_it_is_asked_for_and_that_is_recorded(
    world: World,
) -> None:
    office = await an_office(world)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    item = await an_invoice(world, office)
    assert item.state is ItemState.WAITING
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(office.export_path)
        assert "Waiting for approval: <strong>1</strong>" in page.text
        await press_export(client, office)
    assert await exports_of(world, office.dossier) == []
    assert (await exported(world, office, include_unapproved="1")).state is ExportState.FINISHED
    assert (await again(world, item)).approval is ApprovalState.WAITING
    async with world.as_system() as session:
        event = await session.scalar(sa.select(AuditEvent).where(AuditEvent.action == "bundles.requested"))
    assert event is not None
    assert (event.data["include_unapproved"], event.data["unapproved"]) == (True, 1)


async def test_statements_stay_where_the_policy_says_so_and_the_rehearsal_knows(world: World) -> None:
    office = await an_office(world)
    await set_policy(world, office, include_statements=False)
    statement = await a_statement(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(office.export_path)
    assert "of a kind that was not chosen" in page.text
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    assert await exports_of(world, office.dossier) == []
    assert (await again(world, statement)).state is ItemState.READY


@pytest.mark.parametrize("damage", ["delete", "flip"])
async def test_a_damaged_original_is_named_and_the_rest_leaves(world: World, damage: str) -> None:
    office = await an_office(world)
    good, bad = await an_invoice(world, office, "F-1"), await an_invoice(world, office, "F-2")
    async with world.as_system() as session:
        document = await session.get(Document, bad.document_id)
    assert document is not None
    (file,) = [
        path
        for path in (world.folder / "store").rglob("*")
        if document.original_sha256 in path.as_posix() and path.is_file()
    ]
    if damage == "delete":
        file.unlink()
    else:
        data = bytearray(file.read_bytes())
        data[100] ^= 1
        file.chmod(0o600)
        file.write_bytes(data)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        (export,) = await exports_of(world, office.dossier)
        await world.run_jobs()
        path = f"{office.export_path}/{export.id}/progress"
        answer = await client.get(path, headers={"hx-request": "true"})
        assert answer.status_code == 204
        page = await client.get(office.export_path)
        contents = await client.get(f"{office.export_path}/{export.id}")
        work_list = await client.get("/")
        detail = await client.get(f"/dossiers/{office.dossier.id}")
    for shown in (page, contents, work_list):
        assert "1 item could not leave" in shown.text
        assert "F-2" in shown.text
        assert "missing or damaged" in shown.text
    assert "could not leave" in detail.text
    (export,) = await exports_of(world, office.dossier)
    assert (export.state, export.number, export.total) == (ExportState.FINISHED, 1, 1)
    # the good one left; the culprit waits for a person, so that a standing policy does not meet it again at once
    for item, state, locked in ((good, ItemState.BUNDLED, True), (bad, ItemState.HELD, False)):
        now = await again(world, item)
        assert (now.state, now.locked) == (state, locked)
    async with world.as_system() as session:
        assert [lock.item_id for lock in await session.scalars(sa.select(DocumentLock))] == [good.id]


async def test_a_store_that_is_away_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.storage.contract import StorageUnavailable

    office = await an_office(world)
    await an_invoice(world, office)
    with monkeypatch.context() as away:

        def refuse(*_: object, **_options: object) -> None:
            raise StorageUnavailable

        away.setattr(world.tools.store, "open", refuse)
        assert (await exported(world, office)).state is ExportState.BUILDING
    (row,) = await jobs(world, "bundles.build")
    assert row.dead_at is None
    world.clock.at = row.due_at
    await world.run_jobs()
    assert (await exports_of(world, office.dossier))[0].state is ExportState.FINISHED


async def test_when_the_access_ends_meanwhile_nothing_leaves_and_no_lock_stays(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.ENDED))
        await publish(
            session,
            office.owner,
            AccessEnded(dossier_id=office.dossier.id, company_id=office.dossier.company_id),
        )
    await world.run_jobs()
    (export,) = await exports_of(world, office.dossier)
    assert export.state is ExportState.ABANDONED
    async with world.as_system() as session:
        assert list(await session.scalars(sa.select(DocumentLock))) == []
        assert await session.get(DossierItem, item.id) is None


async def test_a_build_that_nobody_works_on_any_more_is_given_up(world: World) -> None:
    from datetime import timedelta

    from portal.jobs.models import JobRow

    office = await an_office(world)
    item = await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    async with world.as_system() as session:
        await session.execute(sa.update(JobRow).values(dead_at=world.clock.now(), last_error="broken"))
    await world.sweep()
    assert (await exports_of(world, office.dossier))[0].state is ExportState.BUILDING
    world.clock.at += timedelta(minutes=3)
    await world.sweep()
    assert (await exports_of(world, office.dossier))[0].state is ExportState.ABANDONED
    assert (await again(world, item)).state is ItemState.READY
    assert (await exported(world, office)).number == 1


async def test_a_download_is_an_attachment_the_same_byte_for_byte_and_noted(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    export = await exported(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        answers = [await client.get(f"{office.export_path}/{export.id}/download") for _ in range(2)]
        manifest = await client.get(f"{office.export_path}/{export.id}/manifest")
    first, second = answers
    assert first.content == second.content
    assert hashlib.sha256(first.content).hexdigest() == export.sha256
    assert first.headers["content-disposition"].startswith('attachment; filename="01204-0001.zip"')
    assert first.headers["content-type"] == "application/zip"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in first.headers["cache-control"]
    assert int(first.headers["content-length"]) == len(first.content) == export.size
    assert hashlib.sha256(manifest.content).hexdigest() == export.manifest_sha256
    assert json.loads(manifest.content)["number"] == 1
    async with world.as_system() as session:
        assert len(list(await session.scalars(sa.select(BundleDownload)))) == 2


async def test_a_bundle_is_delivered_again_only_after_it_arrived_or_was_refused(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with paired(world, office):
        export = await exported(world, office)
    path = f"{office.export_path}/{export.id}/deliver-again"
    async with sign_in(world, office.owner, office.host) as client:
        assert (await client.post(path)).status_code == 409
        async with world.as_system() as session:
            await session.execute(sa.update(Delivery).values(state=DeliveryState.REFUSED, reason="disk_full"))
        assert (await client.post(path)).status_code == 303
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(Delivery).order_by(Delivery.id)))
    assert [row.state for row in rows] == [DeliveryState.REFUSED, DeliveryState.PENDING]
    assert "bundles.delivered_again" in await actions(world)


async def test_whoever_may_not_export_is_refused_and_others_find_nothing(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    export = await exported(world, office)
    paths = [
        office.export_path,
        f"{office.export_path}/{export.id}",
        f"{office.export_path}/{export.id}/download",
        f"{office.export_path}/{export.id}/manifest",
        f"{office.export_path}/{export.id}/progress",
    ]
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    async with sign_in(world, assistant) as client:
        assert (await press_export(client, office)).status_code == 403
    other = await an_office(world, "ardennes")
    member = await a_member(world, office.firm, office.dossier.company_id)
    unknown = uuid4()
    async with sign_in(world, other.owner, other.host) as client:
        for path in paths:
            theirs = await client.get(path)
            nobodys = await client.get(path.replace(str(office.dossier.id), str(unknown)))
            assert theirs.status_code == nobodys.status_code == 404
        assert (await press_export(client, office)).status_code == 404
        mine = f"{other.export_path}/{export.id}/download"  # their bundle under my own dossier
        assert (await client.get(mine)).status_code == 404
    async with sign_in(world, member) as client:
        for path in paths:
            assert (await client.get(path)).status_code == 404
    async with world.client(office.host) as client:
        for path in paths:
            assert (await client.get(path)).headers["location"].startswith("/sign-in")


async def test_bad_options_are_refused_with_a_sentence(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        answer = await press_export(client, office, until="2026-13-45")
        assert 400 <= answer.status_code < 500
        query = await client.get(f"{office.export_path}?until=yesterday")
        assert query.status_code == 200  # an address with a slip shows everything, which exports nothing
    assert await exports_of(world, office.dossier) == []


async def test_what_left_again_is_marked_in_every_list_and_nothing_else_is(world: World) -> None:
    office = await an_office(world)
    left = await an_invoice(world, office, "F-1")
    await a_statement(world, office)
    member = await a_member(world, office.firm, office.dossier.company_id)
    base = f"/dossiers/{office.dossier.id}"

    async def marked(client: httpx.AsyncClient, path: str, word: str = "Re-exported") -> int:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        return answer.text.count(f"<span>{word}</span>")

    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        lists = [f"{base}/documents", f"{base}/documents/{left.document_id}", f"{base}/bank", "/search?q=F-"]
        assert [await marked(client, path) for path in lists] == [0, 0, 0, 0]
        await press_export(client, office, include_exported="yes")
        await an_invoice(world, office, "F-2")
        await world.run_jobs()
        assert [await marked(client, path) for path in lists] == [1, 1, 1, 1]
        second = (await exports_of(world, office.dossier))[1]
        assert await marked(client, f"{office.export_path}/{second.id}") >= 2
        for path in ("/exports", office.export_path):
            assert await marked(client, path, "re-exported: 2") == 1
    async with world.as_scope(firm_id=office.firm.id) as session:
        key = await agents.new_key(session, office.owner, "Webshop", KeyScope.DOCUMENTS_READ)
    async with world.client(office.host) as program:
        answer = await program.get(f"/api/v1{base}/documents", headers={"Authorization": f"Bearer {key}"})
        found = {one["number"]: one["reexported"] for one in answer.json()["documents"]}
        assert found == {"F-1": True, "F-2": False}
    async with sign_in(world, member, office.host) as client:
        for path in ("/documents", f"/documents/{left.document_id}"):
            assert await marked(client, path) == 0, "the office's word"
            assert await marked(client, path, "sent again") == 1
