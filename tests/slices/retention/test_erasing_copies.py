"""Copies of what was erased: archives, files of several statements, the same file again, the store."""

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.features.banking.models import BankAccount, Statement
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.models import IntakeFile
from portal.features.upkeep.service import SweepObjects
from portal.jobs.ledger import enqueue
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import CompanyId, new_id
from tests.support.builders import a_company, a_dossier, sign_in
from tests.support.builders_papers import a_coda, a_pdf, a_ubl, hand_in
from tests.support.builders_scene import US, Office
from tests.support.erasing import (
    MINUTES,
    PROPOSAL,
    SECRET,
    erase,
    erasures,
    everything_written,
    finish,
    put_aside,
    second,
    stored,
)
from tests.support.world import World

# ── copies, and the store ────────────────────────────────────────────────────────────────────────────────────────


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


async def test_the_zip_it_came_in_goes_and_the_rest_of_it_stays(office: Office) -> None:
    world = office.world
    archive = zipped(
        {
            f"{SECRET}.xml": a_ubl(customer=US, number=f"{SECRET}-1"),
            "stays.xml": a_ubl(customer=US, number="stays-1"),
        }
    )
    upload = await office.hand_in({"all.zip": archive})
    await hand_in(world, office.entrepreneur, {"again.zip": archive}, None)
    members = upload.outcomes[0].members
    by_number = {one.document.number: one.document for one in members if one.document}
    await erase(office, f"{office.base}/documents/{by_number[f'{SECRET}-1'].id}")
    await finish(world)
    async with world.as_system() as session:
        archives = (
            await session.scalars(sa.select(IntakeFile).where(IntakeFile.media_type == "application/zip"))
        ).all()
    assert len(archives) == 2
    assert all(one.erased_at is not None for one in archives)
    left = await stored(office)
    assert not {one.sha256 for one in archives} & left
    assert by_number["stays-1"].original_sha256 in left
    assert SECRET not in await everything_written(world)
    async with sign_in(world, office.accountant) as client:
        page = await client.get(f"{office.base}/quick-entry/uploads/{upload.id}")
        assert page.status_code == 200
        assert "stays-1" in page.text
        assert (await client.get(f"{office.base}/quick-entry/{archives[0].id}/file")).status_code == 404


async def test_of_a_coda_file_of_several_statements_the_others_stay_by_themselves(office: Office) -> None:
    world = office.world
    await office.hand_in({"week.cod": a_coda(days=3)})
    async with world.as_system() as session:
        rows = (await session.scalars(sa.select(Statement).order_by(Statement.coda_number))).all()
        file = await session.scalar(sa.select(IntakeFile))
    assert file is not None
    path = f"{office.base}/bank/{rows[1].id}"
    await put_aside(office, path)
    async with sign_in(world, office.accountant) as client:
        assert "2 other statements are kept" in (await client.get(f"{path}/erase")).text
        await client.post(f"{path}/erase", data=PROPOSAL)
    async with sign_in(world, await second(office)) as client:
        await client.post(f"{path}/erase/answer", data={"answer": "erase"})
    await finish(world)
    left = await stored(office)
    assert rows[1].file_sha256 not in left
    assert file.sha256 not in left
    assert {rows[0].file_sha256, rows[2].file_sha256} <= left
    async with sign_in(world, office.accountant) as client:
        assert (await client.get(path)).headers["location"] == f"{path}/erasure"
        assert (await client.get(f"{path}/file")).status_code == 404
        assert (await client.get(f"{office.base}/bank/{rows[0].id}/file")).status_code == 200
        assert (await client.get(f"{office.base}/bank/{rows[0].id}")).status_code == 200
        listed = await client.get(f"{office.base}/bank?aside=1")
        assert "Erased bank statement" in listed.text
        page = await client.get(f"{office.base}/quick-entry/{file.id}")
        assert "not kept any more" in page.text
        # The same file again: who hands it in is asked, and may take the erased one after all.
        upload = await office.hand_in({"again.cod": a_coda(days=3)})
        waits = upload.outcomes[0].file
        assert (waits.state.value, waits.reason) == ("to_process", "erased_before")
        assert PROPOSAL["reason"] in (await client.get(f"{office.base}/quick-entry/{waits.id}")).text
        assert (await client.post(f"{office.base}/quick-entry/{waits.id}", data={})).status_code == 303
    async with world.as_system() as session:
        live = await session.scalar(
            sa.select(sa.func.count()).select_from(Statement).where(Statement.erased_at.is_(None))
        )
    assert live == 3


async def test_an_account_of_which_everything_is_erased_is_nobodys_any_more(office: Office) -> None:
    world = office.world
    await office.hand_in({"private.cod": a_coda()})
    async with world.as_system() as session:
        row = await session.scalar(sa.select(Statement))
        before = await session.scalar(sa.select(BankAccount))
    assert row is not None
    assert before is not None
    await erase(office, f"{office.base}/bank/{row.id}")
    async with world.as_system() as session:
        account = await session.get_one(BankAccount, before.id)
    assert (account.iban, account.holder) == (None, "")
    assert before.number not in await everything_written(world)
    async with sign_in(world, office.entrepreneur) as client:
        page = await client.get("/bank")
        assert page.status_code == 200
        assert str(account.id) not in page.text
    upload = await office.hand_in({"private.cod": a_coda()})
    assert upload.outcomes[0].file.reason in ("erased_before", "coda.other_company")


async def test_the_same_file_again_is_asked_about_and_taken_when_somebody_says_so(office: Office) -> None:
    world = office.world
    data = a_ubl(customer=US, number=f"{SECRET}-1")
    first = (await office.hand_in({"a.xml": data})).outcomes[0].document
    assert first is not None
    await erase(office, f"{office.base}/documents/{first.id}")
    await finish(world)
    upload = await office.hand_in({"b.xml": data})
    file = upload.outcomes[0].file
    assert (file.state.value, file.reason) == ("to_process", "erased_before")
    async with sign_in(world, office.accountant) as client:
        page = await client.get(f"{office.base}/quick-entry/{file.id}")
        assert PROPOSAL["reason"] in page.text
        taken = await client.post(f"{office.base}/quick-entry/{file.id}", data={"decide": "keep"})
        assert taken.status_code == 303
    async with world.as_system() as session:
        rows = (await session.scalars(sa.select(Document).order_by(Document.id))).all()
    assert [(row.number, row.erased_at is None) for row in rows] == [("", False), (f"{SECRET}-1", True)]
    assert {row.original_sha256 for row in rows} == {first.original_sha256}
    assert await world.tools.store.get(office.company.id, first.original_sha256) == data
    # And once more, to the end.
    await erase(office, f"{office.base}/documents/{rows[1].id}")
    await finish(world)
    assert first.original_sha256 not in await stored(office)


async def test_a_photo_again_waits_with_the_reason(office: Office) -> None:
    """Also of a paper that a person typed."""
    data = a_pdf(SECRET)
    upload = await office.hand_in({"a.pdf": data})
    file = upload.outcomes[0].file
    form = {
        "kind": "expense_receipt",
        "number": f"{SECRET}-3",
        "issue_date": "2026-10-05",
        "counterparty_name": SECRET,
        "currency": "EUR",
        "total": "121.00",
        "vat": "21",
    }
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(f"{office.base}/quick-entry/{file.id}", data=form)
        assert answer.status_code == 303, answer.text
    async with office.world.as_system() as session:
        document = await session.scalar(sa.select(Document))
    assert document is not None
    await erase(office, f"{office.base}/documents/{document.id}")
    await finish(office.world)
    assert SECRET not in await everything_written(office.world)
    again = (await office.hand_in({"b.pdf": data})).outcomes[0].file
    assert (again.state.value, again.reason) == ("to_process", "erased_before")


async def test_the_same_bytes_of_another_company_stay_theirs(office: Office) -> None:
    world = office.world
    data = a_pdf(SECRET)
    other = await a_company(world, office.firm, "Another", claimed=True)
    await a_dossier(world, office.firm, other, access=Access.GRANTED, code="7")
    theirs = await world.tools.store.put(other.id, data, media_type="application/pdf")
    document = await office.purchase(f"{SECRET}-1", pdf=data)
    assert document.pdf_sha256 == theirs.sha256
    await erase(office, f"{office.base}/documents/{document.id}")
    await finish(world)
    assert await world.tools.store.get(other.id, theirs.sha256) == data
    assert theirs.sha256 not in await stored(office)


async def test_a_pdf_that_stands_beside_another_document_stays(office: Office) -> None:
    world = office.world
    shared = a_pdf("shared")
    first = await office.purchase(f"{SECRET}-1", pdf=shared)
    other = await office.purchase("other-1", pdf=shared)
    assert first.pdf_sha256 == other.pdf_sha256
    await erase(office, f"{office.base}/documents/{first.id}")
    await finish(world)
    left = await stored(office)
    assert {other.original_sha256, other.pdf_sha256} <= left
    assert first.original_sha256 not in left


async def test_a_worker_killed_before_the_objects_are_gone_goes_on_and_the_sweeper_spares_nothing_erased(
    office: Office,
) -> None:
    world = office.world
    data = a_pdf(SECRET)
    document = await office.purchase(f"{SECRET}-1", pdf=data)
    await erase(office, f"{office.base}/documents/{document.id}")
    async with world.as_system() as session:
        job = await session.scalar(sa.select(JobRow).where(JobRow.name == "keeping.remove_erased"))
        assert job is not None
        hashes = set(job.payload["hashes"])
        # Claimed by a worker that was killed: its lease runs out.
        job.attempts, job.token, job.lease_until = 1, new_id(), world.clock.now() - timedelta(seconds=1)
    assert document.original_sha256 in hashes
    assert hashes <= await stored(office)
    await finish(world)
    assert not hashes & await stored(office)
    assert (await erasures(world))[0].removed_at is not None
    # What the job never came to, such as after a store was away for days, the sweeper finds: no row names it.
    await world.tools.store.put(office.company.id, data, media_type="application/pdf")
    for _round in range(2):
        world.clock.at += timedelta(days=8)
        actor = Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(office.company.id))
        async with world.as_system() as session:
            await enqueue(session, actor, SweepObjects(kind="company", owner=office.company.id))
        await world.run_jobs()
    assert not hashes & await stored(office)


async def test_bytes_stored_again_while_they_go_are_not_lost(office: Office) -> None:
    """The worst moment: an upload has stored them, its row is written after the job has set them aside."""
    world = office.world
    data = a_pdf(SECRET)
    document = await office.purchase(f"{SECRET}-1", pdf=data)
    await erase(office, f"{office.base}/documents/{document.id}")
    again = await world.tools.store.put(office.company.id, data, media_type="application/pdf")
    await world.run_jobs()
    async with world.as_system() as session:
        await session.execute(
            sa.insert(IntakeFile).values(an_intake_row(world, office.company.id, again.sha256))
        )
    world.clock.at += MINUTES
    await world.run_jobs()
    assert await world.tools.store.get(office.company.id, again.sha256) == data
    assert document.original_sha256 not in await stored(office)


def an_intake_row(world: World, company: UUID, sha256: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "company_id": company,
        "upload_id": new_id(),
        "name": "again.pdf",
        "media_type": "application/pdf",
        "size": 5,
        "sha256": sha256,
        "state": "to_process",
        "channel": "office",
        "received_at": world.clock.now(),
    }
