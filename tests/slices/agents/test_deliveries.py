"""Deliveries when things happen at once: revoked meanwhile, taken by another agent, changed since, more than one answer holds."""

from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal.features.agents import service as agents
from portal.features.agents.domain import AgentState
from portal.features.agents.models import Agent
from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import Delivery
from portal.features.bundles.service import deliveries as bundles_deliveries
from portal.features.documents.models import Document
from portal.features.documents.service import changes
from portal.features.items.domain import ItemState
from portal.kernel.actor import Actor
from portal.kernel.errors import Unauthorised
from tests.support.builders import a_dossier, opened, sign_in
from tests.support.builders_agents import Waiting, is_problem, paired, with_waiting
from tests.support.builders_exports import (
    Office,
    a_typed_paper,
    again,
    an_entry,
    an_invoice,
    an_office,
    press_export,
)
from tests.support.locks import somebody_waits
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"
BEAT: dict[str, Any] = {
    "version": "0.1.0",
    "platform": "Windows 11",
    "queue": 0,
    "free_bytes": 1,
    "root_writable": True,
    "problems": [],
}
REFUSAL = {"reason": "disk_full", "detail": "The disk is full."}


async def beat(world: World, actor: Actor) -> None:
    """A heartbeat in a transaction of its own."""
    async with world.as_scope(firm_id=actor.firm_id) as session:
        await agents.heartbeat(session, actor, BEAT)


async def deliveries(world: World) -> list[Delivery]:
    """Every delivery, oldest first."""
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Delivery).order_by(Delivery.created_at, Delivery.id)))


# ── names of somebody else's disk ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "folder", ["C:\\BOB\u200b", "/mnt/boek\uf02a", "/srv/boek\u00ading", "/Users/Zoe\u0308"]
)
async def test_what_was_written_is_taken_whatever_signs_the_folder_there_has(
    world: World, folder: str
) -> None:
    """Who writes a program can do without hidden signs; whose disk it is cannot, and the files stand there."""
    async with with_waiting(world) as (client, waiting):
        proofs = waiting.proofs(world)
        for proof in proofs:
            proof["path"] = proof["path"].replace("C:\\BOB", folder)
        said = await client.post(f"{waiting.path}/confirm", json={"files": proofs})
        assert said.status_code == 200, said.text
        assert said.json()["state"] == "confirmed"
        beat = {**BEAT, "problems": [{"code": "disk_full", "detail": f"{folder} is full."}]}
        assert (await client.post("/api/v1/agent/heartbeat", json=beat)).status_code == 200


async def test_a_refusal_is_heard_whatever_signs_its_words_have(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        refusal = {**REFUSAL, "detail": "No room in C:\\BOB\u200b."}
        assert (await client.post(f"{waiting.path}/refuse", json=refusal)).status_code == 200
    (row,) = await deliveries(world)
    assert row.detail == "No room in C:\\BOB."


# ── a revoked agent ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("call", ["heartbeat", "feed"])
async def test_an_agent_revoked_between_its_key_and_its_word_stays_revoked(world: World, call: str) -> None:
    """The key was looked up while it still counted; the revocation was committed before the agent's word is written."""
    office = await an_office(world)
    async with paired(world, office):
        pass
    async with world.as_system() as session:
        (agent,) = await session.scalars(sa.select(Agent))
    actor = agents._actor(agent)  # pyright: ignore[reportPrivateUsage] - what the key gave, a moment ago
    async with world.as_scope(firm_id=office.firm.id) as session:
        await agents.revoke(session, office.owner, agent.id)
    said = agents.feed(world.tools, actor, wait=0, mark="") if call == "feed" else beat(world, actor)
    with pytest.raises(Unauthorised) as refused:
        await said
    assert refused.value.code == "revoked"
    now = await again(world, agent)
    assert (now.state, now.last_seen_at) == (AgentState.REVOKED, None)


async def test_a_revocation_that_is_committed_while_the_agent_speaks_wins(world: World) -> None:
    office = await an_office(world)
    answers: list[httpx.Response] = []
    async with paired(world, office) as client:
        async with world.as_system() as session:
            (agent,) = await session.scalars(sa.select(Agent))

        async def beat() -> None:
            answers.append(await client.post("/api/v1/agent/heartbeat", json=BEAT))

        async with anyio.create_task_group() as group, world.as_scope(firm_id=office.firm.id) as session:
            await agents.revoke(session, office.owner, agent.id)
            group.start_soon(beat)
            await somebody_waits(world)
        is_problem(answers[0], 401, "revoked")
        is_problem(await client.get(FEED), 401, "revoked")
    assert (await again(world, agent)).state is AgentState.REVOKED


async def test_a_key_with_a_moment_of_revocation_opens_nothing_whatever_its_state_says(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office) as client:
        async with world.as_system() as session:
            await session.execute(
                sa.update(Agent).values(state=AgentState.ONLINE, revoked_at=world.clock.now())
            )
        is_problem(await client.get(FEED), 401, "revoked")


# ── what was proved ──────────────────────────────────────────────────────────────────────────────────────────────


async def amended(world: World, office: Office, page: httpx.AsyncClient, document_id: Any) -> None:
    """Unlock a typed paper that has left, and change it."""
    path = f"/dossiers/{office.dossier.id}/documents/{document_id}/unlock"
    assert (await page.post(path, data={"reason": "wrong amount"})).status_code == 303
    await world.run_jobs()
    async with world.tools.database.transaction(opened(office.firm, office.dossier)) as session:
        document = await session.get(Document, document_id)
        assert document is not None
        entry = an_entry("B-1", "200.00")
        await changes.amend(session, office.owner, document, entry, us=f"BE:{office.dossier.number}")
    await world.run_jobs()


async def test_proof_of_an_older_bundle_says_nothing_of_the_version_that_left_since(world: World) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office)
    async with sign_in(world, office.owner, office.host) as page, paired(world, office) as client:
        await press_export(page, office)
        await world.run_jobs()
        (first,) = (await client.get(FEED)).json()["deliveries"]
        await amended(world, office, page, item.document_id)
        await press_export(page, office)
        await world.run_jobs()
        old, new = (Waiting(office, one) for one in (await client.get(FEED)).json()["deliveries"])
        assert old.delivery == first
        answer = await client.post(f"{old.path}/confirm", json={"files": old.proofs(world)})
        assert answer.json()["state"] == "confirmed"
        now = await again(world, item)
        assert (now.state, now.bundled_version) == (ItemState.BUNDLED, 2)
        await client.post(f"{new.path}/confirm", json={"files": new.proofs(world)})
    assert (await again(world, item)).state is ItemState.DELIVERED


async def test_proofs_said_again_do_not_deliver_what_left_once_more_since(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        body = {"files": waiting.proofs(world)}
        await client.post(f"{waiting.path}/confirm", json=body)
        async with sign_in(world, waiting.office.owner, waiting.office.host) as page:
            await press_export(page, waiting.office, include_exported="1")
        await world.run_jobs()
        assert (await client.post(f"{waiting.path}/confirm", json=body)).status_code == 200
        (again_,) = (await client.get(FEED)).json()["deliveries"]
    async with world.as_system() as session:
        states = set(await session.scalars(sa.text("select distinct state from dossier_item")))
    assert (again_["bundle_number"], states) == (2, {"bundled"})


# ── two agents ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_one_agent_is_writing_another_cannot_refuse(world: World) -> None:
    async with with_waiting(world) as (first, waiting), paired(world, waiting.office) as second:
        assert (await first.get(f"{waiting.path}/bundle")).status_code == 200
        is_problem(await second.post(f"{waiting.path}/refuse", json=REFUSAL), 409, "taken")
        (row,) = await deliveries(world)
        assert (row.state, row.reason) == (DeliveryState.DOWNLOADED, None)
        world.clock.at += bundles_deliveries.TAKEN_FOR + timedelta(
            seconds=1
        )  # the first one is not coming back
        answer = await second.post(f"{waiting.path}/refuse", json=REFUSAL)
        assert answer.json() == {"state": "refused"}


async def test_late_proofs_of_another_agent_are_taken(world: World) -> None:
    async with with_waiting(world) as (first, waiting), paired(world, waiting.office) as second:
        assert (await first.get(f"{waiting.path}/bundle")).status_code == 200
        answer = await second.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        assert answer.json()["state"] == "confirmed"


async def test_a_delivery_that_arrived_is_nobodys_to_take_up(world: World) -> None:
    async with with_waiting(world) as (first, waiting), paired(world, waiting.office) as second:
        await first.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        (before,) = await deliveries(world)
        world.clock.at += bundles_deliveries.TAKEN_FOR + timedelta(seconds=1)
        for client in (first, second):
            is_problem(await client.get(f"{waiting.path}/bundle"), 409, "confirmed")
        (after,) = await deliveries(world)
        assert (after.agent_id, after.changed_at) == (before.agent_id, before.changed_at)


# ── the feed ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def several(world: World, office: Office, count: int, *, series: str = "F") -> None:
    """As many bundles of one invoice each."""
    async with sign_in(world, office.owner, office.host) as page:
        for number in range(count):
            await an_invoice(world, office, f"{series}-{number}")
            await press_export(page, office)
            await world.run_jobs()


async def test_the_feed_asks_the_database_as_often_for_five_bundles_as_for_one(world: World) -> None:
    office = await an_office(world)
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    async with paired(world, office) as client:
        counts: list[int] = []
        engine = world.tools.database.app_engine.sync_engine
        for bundles in (1, 4):
            await several(world, office, bundles, series=f"F{bundles}")
            asked.clear()
            event.listen(engine, "before_cursor_execute", listen)
            try:
                feed = await client.get(FEED)
            finally:
                event.remove(engine, "before_cursor_execute", listen)
            counts.append(len(asked))
    assert [len(one["files"]) for one in feed.json()["deliveries"]] == [1] * 5
    assert counts[0] == counts[1]


async def test_the_feed_holds_no_more_files_than_an_agent_reads_and_always_something(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    await several(world, office, 3)
    async with paired(world, office) as client:

        async def numbers() -> list[int]:
            return [one["bundle_number"] for one in (await client.get(FEED)).json()["deliveries"]]

        assert await numbers() == [1, 2, 3]
        monkeypatch.setattr(bundles_deliveries, "FEED_FILES", 2)
        assert await numbers() == [1, 2]
        monkeypatch.setattr(bundles_deliveries, "FEED_FILES", 0)
        assert await numbers() == [1]
        (first,) = (await client.get(FEED)).json()["deliveries"]
        waiting = Waiting(office, first)
        await client.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        assert await numbers() == [2]


async def test_a_new_delivery_never_pushes_an_older_one_out_of_the_feed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an agent has begun and does not find in the feed any more, it lets go of."""
    office = await an_office(world)
    others = [
        Office(office.firm, office.owner, await a_dossier(world, office.firm, code=f"0120{digit}"))
        for digit in range(5, 8)
    ]
    newest_first = sorted([office, *others], key=lambda one: one.dossier.id, reverse=True)
    monkeypatch.setattr(bundles_deliveries, "FEED_FILES", 1)
    async with paired(world, office) as client:
        for place in newest_first:
            await several(world, place, 1)
            world.clock.at += timedelta(minutes=1)
        (one,) = (await client.get(FEED)).json()["deliveries"]
    assert one["dossier_id"] == str(newest_first[0].dossier.id)
