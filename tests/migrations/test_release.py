"""The database of the release before, with data, becomes today's and goes on working.

`tests/data/release_0008.sql` is what the demo held after the whole story had been played on it: dossiers, documents, statements,
decisions, two bundles with an agent's proofs, invitations, mails, jobs and sealed audit events. Sessions and passwords are not in it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.features.accounts.models import Person
from portal.features.accounts.passwords import hash_password
from portal.features.audit import service as audit
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import PersonId
from tests.migrations.released import DOSSIER, MEMBER, OFFICE, all_answer, released
from tests.support.builders import PASSWORD, sign_in
from tests.support.names import wrong_keys
from tests.support.servers import Servers
from tests.support.world import World, world_on

RELEASE = "0008"
NAME = "portal_release"
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HISTORY = (
    "audit_event",
    "audit_seal",
    "bundle_item",
    "delivery_proof",
    "approval_decision",
    "bundle_download",
)


KEPT = (
    *HISTORY,
    "company",
    "dossier",
    "document",
    "statement",
    "export",
    "delivery",
    "person",
    "intake_file",
)
"""Records of what happened, and what people own."""


@pytest.fixture
async def migrated(servers: Servers, tmp_path: Path) -> AsyncIterator[World]:
    """A world on the migrated database."""
    async with released(servers, RELEASE, NAME, tmp_path) as made:
        before = await made.count(KEPT)
        managers = await made.admin.fetch("select id, manager_id from dossier where manager_id is not null")
        await made.to("head")
        assert await made.count(KEPT) == before
        now = await made.admin.fetch("select dossier_id, person_id from dossier_staff where until is null")
        assert managers
        assert {tuple(row) for row in now} == {tuple(row) for row in managers}
        await made.admin.execute("update person set password_hash = $1", await hash_password(PASSWORD))
        async with world_on(servers, made.urls, tmp_path) as world:
            world.clock.at = MONDAY
            yield world


async def test_the_people_of_before_see_their_pages_and_the_work_goes_on(migrated: World) -> None:
    world = migrated
    async with world.as_system() as session:
        people = {person.email: person.id for person in await session.scalars(sa.select(Person))}
        dossiers = list(
            await session.scalars(
                sa.text(
                    "select id from dossier where firm_id in (select firm_id from host where host like 'noordzee%')"
                )
            )
        )
        documents = list(
            await session.execute(
                sa.text("select dossier_id, document_id from dossier_item where document_id is not null")
            )
        )
        exports = list(await session.execute(sa.text("select id, dossier_id from export")))
        assert (await audit.verify(session)).faults == ()
        assert await wrong_keys(session) == []
    await world.sweep()
    async with world.as_system() as session:
        # A page that cannot be drawn here: the files of the story are not part of the data.
        dead = await session.execute(sa.text("select name, last_error from job where dead_at is not null"))
        assert [row.name for row in dead if "file" not in (row.last_error or "").lower()] == []
        assert (await audit.verify(session)).faults == ()
    staff = Actor(door=Door.PAGE, name="Sofie", person_id=PersonId(people["sofie@noordzee.example"]))
    async with sign_in(world, staff) as client:
        paths = [*OFFICE, "/search?q=molens"]
        paths += [f"/dossiers/{dossier}{rest}" for dossier in dossiers for rest in DOSSIER]
        paths += [f"/dossiers/{row.dossier_id}/documents/{row.document_id}" for row in documents]
        paths += [f"/dossiers/{row.dossier_id}/export/{row.id}" for row in exports]
        await all_answer(client, paths)
    member = Actor(door=Door.PAGE, name="Els", person_id=PersonId(people["els@bakkerij-peeters.example"]))
    async with sign_in(world, member) as client:
        await all_answer(client, MEMBER)
