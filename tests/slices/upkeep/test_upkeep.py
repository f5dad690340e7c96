"""Throwing away: what is old goes, what is needed stays, and nothing is lost to somebody who needs it just now."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.agents.models import PairingCode
from portal.features.approvals.domain import Said
from portal.features.approvals.models import ClientNotice
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport, ImportPart
from portal.features.intake.models import IntakeFile
from portal.features.onboarding.domain import InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.upkeep import service
from portal.features.upkeep.service import SweepObjects
from portal.jobs.ledger import enqueue
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Door, Role
from portal.kernel.ids import CompanyId, FirmId, first_id
from portal.kernel.language import Language
from tests.support.builders import a_company, a_dossier, sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    an_invoice,
    an_office,
    press_export,
)
from tests.support.builders_papers import a_pdf, a_ubl, hand_in
from tests.support.world import World

PDF = "application/pdf"
WEEK = timedelta(days=8)


@pytest.fixture
async def office(world: World) -> Office:
    """The store's clock is the machine's: so is the world's, here."""
    world.clock.at = datetime.now(UTC)
    return await an_office(world)


async def sweep(world: World, kind: Any, owner: UUID) -> None:
    actor = (
        Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(owner))
        if kind == "firm"
        else Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(owner))
    )
    async with world.as_system() as session:
        await enqueue(session, actor, SweepObjects(kind=kind, owner=owner))
    await world.run_jobs()
    async with world.as_system() as session:
        assert not list(await session.scalars(sa.select(JobRow).where(JobRow.done_at.is_(None))))


async def stored(world: World, owner: UUID) -> set[str]:
    return {one.sha256 async for one in world.tools.store.listing(owner)}


async def set_aside(world: World, owner: UUID) -> set[str]:
    return {one.sha256 async for one in world.tools.store.aside(owner)}


async def test_what_no_row_names_is_set_aside_after_a_week_and_goes_after_another(
    world: World, office: Office
) -> None:
    company = office.dossier.company_id
    orphan = (await world.tools.store.put(company, b"orphan", media_type=PDF)).sha256
    await sweep(world, "company", company)
    assert await stored(world, company) == {orphan}  # its row may still come
    world.clock.at += WEEK
    await sweep(world, "company", company)
    assert (await stored(world, company), await set_aside(world, company)) == (set(), {orphan})
    await sweep(world, "company", company)
    assert await set_aside(world, company) == {orphan}
    world.clock.at += WEEK
    await sweep(world, "company", company)
    assert (await stored(world, company), await set_aside(world, company)) == (set(), set())


async def test_everything_that_a_row_names_stays(world: World, office: Office) -> None:
    """Originals, the PDF inside a UBL also while it waits in quick entry, drawn PDFs, statements, bundles, manifests."""
    company = office.dossier.company_id
    await an_invoice(world, office, pdf=True)
    await a_statement(world, office)
    strange = a_ubl(customer="0417497106", supplier="0999888767", pdf=a_pdf("inside"))
    await hand_in(world, office.owner, {"waits.xml": strange}, office.dossier.id)
    async with sign_in(world, office.owner, office.host) as client:
        assert (await press_export(client, office)).status_code == 303
    await world.run_jobs()
    async with world.as_system() as session:
        hints = list(await session.scalars(sa.select(IntakeFile.hints)))
    assert any(hint.get("pdf_sha256") for hint in hints)
    before = await stored(world, company), await stored(world, office.firm.id)
    assert min(len(found) for found in before) >= 2
    world.clock.at += WEEK
    await sweep(world, "company", company)
    await sweep(world, "firm", office.firm.id)
    assert (await stored(world, company), await stored(world, office.firm.id)) == before


async def test_the_same_bytes_of_another_owner_are_anothers(world: World, office: Office) -> None:
    other = await a_dossier(world, office.firm, code="9")
    await an_invoice(world, office)
    world.clock.at += timedelta(minutes=1)
    await world.run_jobs()  # its PDF is drawn
    named = await stored(world, office.dossier.company_id)
    for sha256 in named:
        data = await world.tools.store.get(office.dossier.company_id, sha256)
        await world.tools.store.put(other.company_id, data, media_type=PDF)
    world.clock.at += WEEK
    for company in (office.dossier.company_id, other.company_id):
        await sweep(world, "company", company)
    assert await stored(world, office.dossier.company_id) == named
    assert await stored(world, other.company_id) == set()


async def test_an_upload_that_meets_the_sweeper_loses_nothing(world: World, office: Office) -> None:
    """The worst moment: the bytes were stored again just before the sweeper moved them, and their row is written after."""
    company = office.dossier.company_id
    file = await world.tools.store.put(company, b"again", media_type=PDF)
    world.clock.at += WEEK
    await sweep(world, "company", company)
    assert await set_aside(world, company) == {file.sha256}
    async with world.as_system() as session:
        await session.execute(sa.insert(IntakeFile).values(an_intake_row(world, company, file.sha256)))
    world.clock.at += WEEK
    await sweep(world, "company", company)
    assert (await stored(world, company), await set_aside(world, company)) == ({file.sha256}, set())
    assert await world.tools.store.get(company, file.sha256) == b"again"


def an_intake_row(world: World, company: UUID, sha256: str) -> dict[str, Any]:
    return {
        "company_id": company,
        "upload_id": first_id(world.clock.now()),
        "name": "again.pdf",
        "media_type": PDF,
        "size": 5,
        "sha256": sha256,
        "state": "to_process",
        "channel": "office",
        "received_at": world.clock.now(),
    }


async def test_every_owner_is_looked_at_once_in_a_week_also_after_being_away(
    world: World, office: Office
) -> None:
    await a_company(world, office.firm, "Another", claimed=True)

    async def looked_at() -> list[str]:
        async with world.as_system() as session:
            jobs = await session.scalars(sa.select(JobRow.payload).where(JobRow.name == SweepObjects.name))
            return sorted(job["owner"] for job in jobs)

    async with world.as_system() as session:
        owners = set(await session.scalars(sa.text("select id from company union select id from firm")))
    everybody = sorted(str(owner) for owner in owners)
    for away in (timedelta(0), timedelta(hours=1), timedelta(days=6)):
        world.clock.at += away
        async with world.as_system() as session:
            await service.ask_for_upkeep(session, world.clock.now())
        await world.run_jobs()
        assert await looked_at() == everybody
    world.clock.at += timedelta(days=10)
    async with world.as_system() as session:
        await service.ask_for_upkeep(session, world.clock.now())
    assert await looked_at() == sorted(everybody * 2)


async def test_a_full_batch_of_old_rows_asks_for_the_next(
    world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    async with world.as_system() as session:
        for number in range(3):
            session.add(
                PairingCode(
                    firm_id=office.firm.id,
                    code_hash=bytes([number]),
                    name=str(number),
                    created_by=None,
                    created_at=world.clock.now(),
                    expires_at=world.clock.now() - timedelta(days=2),
                    used_at=None,
                )
            )
        await service.ask_for_upkeep(session, world.clock.now())
    await world.run_jobs()
    async with world.as_system() as session:
        assert list(await session.scalars(sa.select(PairingCode.name))) == []


async def test_finished_jobs_go_after_a_month_and_dead_ones_wait_for_a_person(
    world: World, office: Office
) -> None:
    now = world.clock.now()
    old, young = now - timedelta(days=31), now - timedelta(days=29)

    def row(enqueued: datetime, **ended: datetime) -> dict[str, Any]:
        serial = first_id(enqueued).int + len(rows) + 1
        return {
            "id": UUID(int=serial),
            "name": "test.note",
            "payload": {},
            "actor": {},
            "language": "en",
            "enqueued_at": enqueued,
            "due_at": enqueued,
            "done_at": None,
            "dead_at": None,
            **ended,
        }

    rows: list[dict[str, Any]] = []
    rows.append(row(old, done_at=old))
    rows.append(row(old, done_at=young))
    rows.append(row(young, done_at=young))
    rows.append(row(old, dead_at=old))
    rows.append(row(old))
    async with world.as_system() as session:
        await session.execute(sa.insert(JobRow), rows)
        await service.drop_old_rows(session, now)
        left = set(await session.scalars(sa.select(JobRow.id)))
    assert left == {one["id"] for one in rows[1:]}


async def test_old_lists_lose_their_rows(world: World, office: Office) -> None:
    now = world.clock.now()
    old, young = now - timedelta(days=91), now - timedelta(days=89)

    def a_list(name: str, at: datetime, state: ImportState) -> DossierImport:
        return DossierImport(
            firm_id=office.firm.id,
            file_name=name,
            sha256="",
            sheet="1",
            mapping={},
            counts={"new": 1},
            state=state,
            created_by=None,
            created_at=at,
            accepted_at=None,
            result={},
        )

    async with world.as_system() as session:
        lists = [
            a_list("never", old, ImportState.PREVIEWED),
            a_list("old", old, ImportState.ACCEPTED),
            a_list("young", young, ImportState.PREVIEWED),
        ]
        session.add_all(lists)
        await session.flush()
        for one in lists:
            session.add(
                ImportPart(
                    firm_id=one.firm_id,
                    import_id=one.id,
                    position=0,
                    rows=b'[{"line":2,"values":{"contact":"Bert Claes"},"status":"create","remarks":[]}]',
                    answers={},
                    outcomes=b"{}",
                    made=[],
                )
            )
    async with world.as_system() as session:
        await service.drop_old_rows(session, now)
    async with world.as_system() as session:
        found = {one.file_name: one for one in await session.scalars(sa.select(DossierImport))}
        parts = list(await session.scalars(sa.select(ImportPart.import_id)))
    assert found.keys() == {"old", "young"}
    assert parts == [found["young"].id]
    assert found["old"].counts == {"new": 1}
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(f"/dossiers/import/{found['old'].id}")
        assert page.status_code == 200
        assert "Bert Claes" not in page.text


async def test_what_clients_said_goes_when_it_was_handled_long_ago(world: World, office: Office) -> None:
    now = world.clock.now()
    handled = {"old": now - timedelta(days=91), "young": now - timedelta(days=89), "open": None}
    async with world.as_system() as session:
        for about, at in handled.items():
            session.add(
                ClientNotice(
                    firm_id=office.dossier.firm_id,
                    dossier_id=office.dossier.id,
                    company_id=office.dossier.company_id,
                    kind=Said.NOTE,
                    document_id=None,
                    file_id=None,
                    decision="",
                    about=about,
                    text="Greetings",
                    said_by_name="Bert Claes",
                    said_at=now - timedelta(days=200),
                    mailed_at=now,
                    handled_at=at,
                    handled_by_name=None,
                )
            )
    async with world.as_system() as session:
        await service.drop_old_rows(session, now)
        assert set(await session.scalars(sa.select(ClientNotice.about))) == {"young", "open"}


async def test_used_up_pairing_codes_go(world: World, office: Office) -> None:
    now = world.clock.now()
    async with world.as_system() as session:
        for number, ended in enumerate((timedelta(days=2), timedelta(hours=1))):
            session.add(
                PairingCode(
                    firm_id=office.firm.id,
                    code_hash=bytes([number]),
                    name=str(number),
                    created_by=None,
                    created_at=now,
                    expires_at=now - ended,
                    used_at=None,
                )
            )
    async with world.as_system() as session:
        await service.drop_old_rows(session, now)
        assert list(await session.scalars(sa.select(PairingCode.name))) == ["1"]


async def test_invitations_that_led_to_nothing_go(world: World, office: Office) -> None:
    now = world.clock.now()
    made = {
        "old": (InvitationState.EXPIRED, timedelta(days=91)),
        "withdrawn": (InvitationState.WITHDRAWN, timedelta(days=91)),
        "used": (InvitationState.USED, timedelta(days=400)),
        "young": (InvitationState.EXPIRED, timedelta(days=89)),
    }
    async with world.as_system() as session:
        for name, (state, ended) in made.items():
            session.add(
                Invitation(
                    firm_id=office.firm.id,
                    kind=InvitationKind.STAFF,
                    role=Role.ASSISTANT,
                    invited_by=office.owner.person_id,
                    email=f"{name}@noordzee.example",
                    name=name,
                    language=Language.NL,
                    state=state,
                    created_at=now - ended,
                    expires_at=now - ended,
                )
            )
    async with world.as_system() as session:
        await service.drop_old_rows(session, now)
        assert set(await session.scalars(sa.select(Invitation.name))) == {"used", "young"}
