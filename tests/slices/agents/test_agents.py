"""Agents over HTTP: pairing, the feed, proofs, refusals, and what belongs to others."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import httpx
import pytest
import sqlalchemy as sa

from portal.features.agents.domain import AgentState
from portal.features.agents.models import Agent, PairingCode
from portal.features.audit.models import AuditEvent
from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import Delivery, DeliveryProof
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem
from portal.kernel.actor import Role
from portal.kernel.ids import token_hash
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_agents import a_code, a_pairing, is_problem, pair, paired, with_waiting
from tests.support.builders_exports import an_office
from tests.support.world import World

HASH = "0" * 64


# ── pairing ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_makes_one_agent_whose_key_is_kept_as_a_hash_only(world: World) -> None:
    office = await an_office(world)
    answer = await pair(world, office, a_pairing(await a_code(world, office)))
    assert answer.status_code == 201
    token = answer.json()["token"]
    async with world.as_system() as session:
        (agent,) = await session.scalars(sa.select(Agent))
        (code,) = await session.scalars(sa.select(PairingCode))
        actions = list(await session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))
    assert agent.token_hash == token_hash(token)
    assert (agent.name, agent.state) == ("desk", AgentState.PAIRED)
    assert code.used_at is not None
    assert actions == ["agents.code_made", "agents.paired"]


async def test_a_code_is_read_with_spaces_and_dashes_in_any_case(world: World) -> None:
    office = await an_office(world)
    code = await a_code(world, office)
    typed = f" {code.lower().replace('-', ' ')} "
    assert (await pair(world, office, a_pairing(typed))).status_code == 201


async def test_a_wrong_used_expired_or_other_firms_code_is_refused_alike(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    used, old, theirs = await a_code(world, office), await a_code(world, office), await a_code(world, other)
    assert (await pair(world, office, a_pairing(used))).status_code == 201
    world.clock.at += timedelta(minutes=11)
    answers = [await pair(world, office, a_pairing(code)) for code in ("AAAA-BBBB", used, old, theirs, "")]
    for answer in answers:
        is_problem(answer, 400, "wrong_code")
    assert len({answer.json()["detail"] for answer in answers}) == 1
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Agent)) == 1


async def test_a_code_used_by_two_at_once_makes_one_agent(world: World) -> None:
    office = await an_office(world)
    body = a_pairing(await a_code(world, office))
    found: list[int] = []

    async def one() -> None:
        found.append((await pair(world, office, body)).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(one)
    assert sorted(found) == [201, 400, 400, 400]


async def test_guessing_codes_is_stopped(world: World) -> None:
    office = await an_office(world)
    for _ in range(10):
        is_problem(await pair(world, office, a_pairing("AAAA-BBBB")), 400, "wrong_code")
    stopped = await pair(world, office, a_pairing(await a_code(world, office)))
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"code": 5, "name": "x", "platform": "x", "version": "x"}',
        b'{"code": "x"}',
        b'{"code": "x", "name": "x", "platform": "x", "version": "x", "firm_id": "more"}',
        b'{"code": "' + b"x" * 500 + b'", "name": "x", "platform": "x", "version": "x"}',
    ],
)
async def test_a_body_that_is_none_is_refused_as_a_problem(world: World, body: bytes) -> None:
    office = await an_office(world)
    async with world.client(office.host) as client:
        answer = await client.post(
            "/api/v1/agent/pair", content=body, headers={"content-type": "application/json"}
        )
    is_problem(answer, 400, "invalid")


async def test_characters_that_no_text_may_hold_are_refused_and_nothing_breaks(world: World) -> None:
    office = await an_office(world)
    answer = await pair(world, office, a_pairing(await a_code(world, office), platform="Win\x00dows"))
    is_problem(answer, 400, "invalid")
    async with paired(world, office) as client:
        beat = a_beat(problems=[{"code": "x", "detail": "a\x00b"}])
        is_problem(await client.post("/api/v1/agent/heartbeat", json=beat), 400, "invalid")


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_beat(**changes: Any) -> dict[str, Any]:
    beat = {
        "version": "0.1.0",
        "platform": "Windows 11",
        "queue": 0,
        "free_bytes": 10**12,
        "root_writable": True,
        "problems": [],
    }
    return {**beat, **changes}


async def test_without_a_living_key_of_this_firm_every_call_is_refused(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    calls = [
        ("POST", "/api/v1/agent/heartbeat"),
        ("GET", "/api/v1/agent/deliveries"),
        ("GET", f"/api/v1/agent/deliveries/{uuid4()}/bundle"),
        ("POST", f"/api/v1/agent/deliveries/{uuid4()}/confirm"),
        ("POST", f"/api/v1/agent/deliveries/{uuid4()}/refuse"),
    ]
    async with paired(world, office) as client:
        key = client.headers["authorization"]
    for host, header in (
        (office.host, None),
        (office.host, "Bearer nonsense"),
        (office.host, "Bearer "),
        (office.host, key.replace("Bearer", "Basic")),
        (other.host, key),
    ):
        async with world.client(host) as client:
            if header is not None:
                client.headers["authorization"] = header
            for method, path in calls:
                is_problem(await client.request(method, path, json={}), 401, "revoked")


async def test_a_revoked_agent_hears_so_at_its_next_call(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office) as client:
        assert (await client.post("/api/v1/agent/heartbeat", json=a_beat())).status_code == 200
        async with world.as_system() as session:
            (agent,) = await session.scalars(sa.select(Agent))
        async with sign_in(world, office.owner, office.host) as page:
            assert (await page.post(f"/agents/{agent.id}/revoke")).status_code == 303
            assert (await page.post(f"/agents/{agent.id}/revoke")).status_code == 404
        is_problem(await client.get("/api/v1/agent/deliveries"), 401, "revoked")


async def test_only_who_may_manages_agents_and_only_the_firms_own(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    async with paired(world, office):
        pass
    async with world.as_system() as session:
        (agent,) = await session.scalars(sa.select(Agent))
    async with sign_in(world, other.owner, other.host) as page:
        assert (await page.post(f"/agents/{agent.id}/revoke")).status_code == 404
        assert "desk" not in (await page.get("/agents")).text
    accountant = await a_staff_member(world, office.firm, Role.ACCOUNTANT)
    async with sign_in(world, accountant) as page:
        assert (await page.get("/agents")).status_code == 403
        assert (await page.post("/agents/code")).status_code == 403


async def test_the_agents_page_gives_a_code_once(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.owner, office.host) as page:
        shown = await page.post("/agents/code", data={"name": "desk"})
        assert shown.status_code == 200
        assert "fidero-agent pair noordzee.localhost:8000" in shown.text
        assert "fidero-agent pair noordzee" not in (await page.get("/agents")).text


async def test_an_agent_that_is_not_heard_falls_silent_and_comes_back(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office) as client:
        await client.post("/api/v1/agent/heartbeat", json=a_beat(queue=3))
        world.clock.at += timedelta(minutes=6)
        await world.sweep()
        async with world.as_system() as session:
            (agent,) = await session.scalars(sa.select(Agent))
        assert (agent.state, agent.queue) == (AgentState.SILENT, 3)
        await client.get("/api/v1/agent/deliveries")
    async with world.as_system() as session:
        (agent,) = await session.scalars(sa.select(Agent))
    assert agent.state is AgentState.ONLINE


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_feed_names_every_file_and_the_bundle_holds_them(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        delivery = waiting.delivery
        assert (delivery["bundle_number"], delivery["dossier_code"]) == (1, "01204")
        assert {file["role"] for file in delivery["files"]} == {"ubl", "pdf", "coda"}
        answer = await client.get(f"{waiting.path}/bundle")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == delivery["sha256"]
        assert len(answer.content) == delivery["size"] == int(answer.headers["content-length"])
        assert answer.headers["etag"] == f'"{delivery["sha256"]}"'
        again = await client.get("/api/v1/agent/deliveries")
        assert again.json()["deliveries"] == [delivery]


async def test_a_cut_download_goes_on_where_it_stopped(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        path, size = f"{waiting.path}/bundle", waiting.delivery["size"]
        whole = (await client.get(path)).content
        etag = f'"{waiting.delivery["sha256"]}"'
        rest = await client.get(path, headers={"range": "bytes=100-", "if-range": etag})
        assert rest.status_code == 206
        assert rest.content == whole[100:]
        assert rest.headers["content-range"] == f"bytes 100-{size - 1}/{size}"
        middle = await client.get(path, headers={"range": "bytes=10-19"})
        assert middle.content == whole[10:20]
        changed = await client.get(path, headers={"range": "bytes=100-", "if-range": '"other"'})
        assert (changed.status_code, changed.content) == (200, whole)
        beyond = await client.get(path, headers={"range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        for odd in ("bytes=x-y", "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-5"):
            assert (await client.get(path, headers={"range": odd})).status_code in (200, 416)


async def test_proof_of_every_file_delivers_the_items_and_saying_it_again_changes_nothing(
    world: World,
) -> None:
    async with with_waiting(world) as (client, waiting):
        body = {"files": waiting.proofs(world)}
        first = await client.post(f"{waiting.path}/confirm", json=body)
        assert first.json() == {"confirmed": 3, "state": "confirmed"}
        world.clock.at += timedelta(hours=1)
        second = await client.post(f"{waiting.path}/confirm", json=body)
        assert (second.status_code, second.json()) == (200, first.json())
        assert (await client.get("/api/v1/agent/deliveries")).json()["deliveries"] == []
    async with world.as_system() as session:
        proofs = list(await session.scalars(sa.select(DeliveryProof)))
        states = set(await session.scalars(sa.select(DossierItem.state)))
        told = list(
            await session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "bundles.confirmed"))
        )
    assert len(proofs) == 3
    assert {proof.confirmed_at for proof in proofs} == {world.clock.now() - timedelta(hours=1)}
    assert states == {ItemState.DELIVERED}
    assert len(told) == 1


async def test_proofs_may_come_in_parts(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        for count, proof in enumerate(waiting.proofs(world), 1):
            answer = await client.post(f"{waiting.path}/confirm", json={"files": [proof]})
            assert answer.json() == {"confirmed": count, "state": "written" if count < 3 else "confirmed"}
            async with world.as_system() as session:
                (row,) = await session.scalars(sa.select(Delivery))
            assert row.confirmed == count


async def test_proof_of_something_else_is_refused_and_nothing_of_it_is_kept(world: World) -> None:
    async with with_waiting(world) as (client, waiting):
        good, *rest = waiting.proofs(world)
        wrong_hash = await client.post(
            f"{waiting.path}/confirm", json={"files": [good, {**rest[0], "sha256": HASH}]}
        )
        is_problem(wrong_hash, 400, "wrong_hash")
        unknown = await client.post(
            f"{waiting.path}/confirm", json={"files": [good, {**rest[0], "item_id": str(uuid4())}]}
        )
        is_problem(unknown, 400, "unknown_file")
        nul = await client.post(f"{waiting.path}/confirm", json={"files": [{**good, "path": "a\x00b"}]})
        is_problem(nul, 400, "invalid")
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(DeliveryProof)) == 0
        (row,) = await session.scalars(sa.select(Delivery))
    assert row.state is DeliveryState.PENDING


async def test_a_refusal_is_shown_to_people_and_ends_when_the_files_are_written_after_all(
    world: World,
) -> None:
    async with with_waiting(world) as (client, waiting):
        body = {"reason": "disk_full", "detail": "The disk is full.", "item_id": None}
        answer = await client.post(f"{waiting.path}/refuse", json=body)
        assert answer.json() == {"state": "refused"}
        async with sign_in(world, waiting.office.owner, waiting.office.host) as page:
            shown = await page.get("/exports?state=failed")
            assert "01204" in shown.text
        late = await client.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        assert late.json()["state"] == "confirmed"
        after = await client.post(f"{waiting.path}/refuse", json=body)
        assert after.json() == {"state": "confirmed"}
        is_problem(
            await client.post(f"{waiting.path}/refuse", json={**body, "reason": "bored"}), 400, "invalid"
        )


async def test_another_firms_delivery_answers_exactly_like_an_unknown_one(world: World) -> None:
    async with with_waiting(world) as (_client, waiting):
        other = await an_office(world, "ardennes")
        async with paired(world, other) as stranger:
            assert (await stranger.get("/api/v1/agent/deliveries")).json()["deliveries"] == []
            proofs = {"files": waiting.proofs(world)}
            refusal = {"reason": "disk_full", "detail": "x"}
            for path in (waiting.path, f"/api/v1/agent/deliveries/{uuid4()}"):
                is_problem(await stranger.get(f"{path}/bundle"), 404, "not_found")
                is_problem(await stranger.post(f"{path}/confirm", json=proofs), 404, "not_found")
                is_problem(await stranger.post(f"{path}/refuse", json=refusal), 404, "not_found")
            assert (await stranger.get("/api/v1/agent/deliveries/nonsense/bundle")).status_code == 404
    async with world.as_system() as session:
        (row,) = await session.scalars(sa.select(Delivery))
    assert row.state is DeliveryState.PENDING


async def test_two_agents_of_one_firm_leave_one_proof_per_file(world: World) -> None:
    async with with_waiting(world) as (first, waiting), paired(world, waiting.office) as second:
        body = {"files": waiting.proofs(world)}
        answers: list[int] = []

        async def confirm(client: httpx.AsyncClient) -> None:
            answers.append((await client.post(f"{waiting.path}/confirm", json=body)).status_code)

        async with anyio.create_task_group() as group:
            group.start_soon(confirm, first)
            group.start_soon(confirm, second)
        assert answers == [200, 200]
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(DeliveryProof)) == 3


async def test_a_bundle_of_thousands_of_files_can_be_proved_in_one_call(world: World) -> None:
    """A statement has at most 32,767 parameters; eleven columns of 3,200 files are more."""
    async with with_waiting(world) as (client, waiting):
        proofs = waiting.proofs(world) * 1100
        answer = await client.post(f"{waiting.path}/confirm", json={"files": proofs})
        assert answer.json() == {"confirmed": 3, "state": "confirmed"}
