"""What came through an office's inbox and is erased by two people is erased there too; what nobody needs any more is thrown away."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.intake.models import InboxFile
from portal.features.intake.service import inbox
from portal.features.upkeep import service
from portal.features.upkeep.service import SweepObjects
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import FirmId
from tests.support.builders import sign_in
from tests.support.builders_papers import a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, Office
from tests.support.erasing import SECRET, erase, everything_written, finish
from tests.support.inbox import dropped, inbox_rows
from tests.support.world import World


async def of_firm(office: Office) -> set[str]:
    """Everything that is stored for the firm, also what is aside."""
    store = office.world.tools.store
    found = {one.sha256 async for one in store.listing(office.firm.id)}
    return found | {one.sha256 async for one in store.aside(office.firm.id)}


async def secret_document(office: Office) -> UUID:
    async with office.world.as_system() as session:
        [document] = await session.scalars(sa.select(Document).where(Document.number == f"{SECRET}-1"))
    return document.id


@pytest.mark.parametrize("zipped", [False, True], ids=["alone", "in an archive"])
async def test_erasing_a_document_empties_what_the_inbox_had_of_it(office: Office, *, zipped: bool) -> None:
    world = office.world
    files = {
        f"{SECRET}.xml": a_ubl(customer=US, number=f"{SECRET}-1"),
        f"{SECRET}.pdf": a_pdf(SECRET),
        "stays.xml": a_ubl(customer=US, number="stays-1"),
        "waits.pdf": a_pdf("waits"),
    }
    await dropped(world, office.accountant, {f"{SECRET}.zip": a_zip(files)} if zipped else files)
    before = {one.name: one for one in await inbox_rows(world)}
    await erase(office, f"{office.base}/documents/{await secret_document(office)}")
    await finish(world)
    erased = {one.id for one in await inbox_rows(world) if one.erased_at is not None}
    assert erased == {one.id for name, one in before.items() if SECRET in name}
    gone = {one.sha256 for one in before.values() if one.id in erased}
    left = await of_firm(office)
    assert not gone & left, "at once, not when the sweeper comes by"
    assert before["waits.pdf"].sha256 in left
    assert SECRET not in await everything_written(world)
    async with sign_in(world, office.accountant) as client:
        for path in ("/inbox?status=routed", "/history", f"{office.base}/history"):
            page = await client.get(path)
            assert page.status_code == 200
            assert SECRET not in page.text, path
        for row in (one for one in before.values() if one.id in erased):
            assert (await client.get(f"/inbox/{row.id}")).status_code == 200
            assert (await client.get(f"/inbox/{row.id}/file")).status_code == 404


async def test_bytes_that_wait_for_another_owner_stay(office: Office) -> None:
    """What was misfiled at one client may be another one's: the copy that waits in the inbox is nobody's yet."""
    world = office.world
    paper = a_pdf("whose")
    await dropped(world, office.accountant, {"a.pdf": paper})
    [row] = await inbox_rows(world)
    await inbox.assign(world.tools, office.accountant, row.id, office.dossier.id)
    await dropped(world, office.accountant, {"b.pdf": paper})
    await world.run_jobs()
    async with sign_in(world, office.accountant) as client:
        went = (await inbox_rows(world))[0].intake_file_id
        typed = {
            "kind": "purchase_invoice",
            "counterparty_name": "X",
            "number": "1",
            "issue_date": "2026-10-01",
        }
        typed |= {"total": "121,00", "vat": "21", "currency": "EUR"}
        answer = await client.post(f"{office.base}/quick-entry/{went}", data=typed)
        assert answer.status_code == 303, answer.text
    async with world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
    await erase(office, f"{office.base}/documents/{document.id}")
    await finish(world)
    first, waits = await inbox_rows(world)
    assert first.erased_at is not None
    assert (waits.state, waits.erased_at) == ("waiting", None)
    assert await world.tools.store.get(office.firm.id, waits.sha256) == paper


async def sweep_objects(office: Office) -> None:
    actor = Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(office.firm.id))
    async with office.world.as_system() as session:
        await enqueue(session, actor, SweepObjects(kind="firm", owner=office.firm.id))
    await office.world.run_jobs()


async def test_the_sweeper_keeps_what_waits_and_takes_what_was_handed_over(office: Office) -> None:
    world = office.world
    world.clock.at = datetime.now(UTC)  # the store's clock is the machine's
    await dropped(world, office.accountant, {"a.xml": a_ubl(customer=US), "b.pdf": a_pdf()})
    routed, waits = await inbox_rows(world)
    for _week in range(2):
        world.clock.at += timedelta(days=8)
        await sweep_objects(office)
    assert await of_firm(office) == {waits.sha256}
    assert await world.tools.store.exists(office.company.id, routed.sha256)


async def test_what_was_discarded_or_handed_over_is_thrown_away_after_three_months(
    office: Office, world: World
) -> None:
    await dropped(
        world, office.accountant, {"a.xml": a_ubl(customer=US), "b.pdf": a_pdf(), "c.pdf": a_pdf("c")}
    )
    _routed, thrown, waits = await inbox_rows(world)
    async with world.as_scope(firm_id=office.firm.id) as session:
        await inbox.discard(session, office.accountant, thrown, "spam")
    for days, left in ((89, 3), (2, 1)):
        world.clock.at += timedelta(days=days)
        async with world.as_system() as session:
            await service.drop_old_rows(session, world.clock.now())
        async with world.as_system() as session:
            ids = list(await session.scalars(sa.select(InboxFile.id)))
        assert len(ids) == left
    assert ids == [waits.id], "however long it waits"
