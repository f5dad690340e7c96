"""Agents for tests: paired over HTTP, with a bundle that waits for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from portal.features.agents import service as agents
from portal.features.bundles.domain import Backlog
from portal.features.bundles.models import Export
from tests.support.builders import sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    an_invoice,
    an_office,
    exports_of,
    press_export,
)
from tests.support.world import World


async def a_code(world: World, office: Office, backlog: Backlog = Backlog.ALL) -> str:
    """A pairing code of the firm, for an agent that writes everything made so far too."""
    async with world.as_scope(firm_id=office.firm.id) as session:
        code, _ends = await agents.new_code(session, office.owner, "desk", backlog)
    return code


def a_pairing(code: str, **changes: Any) -> dict[str, Any]:
    """What a machine says when it is paired."""
    return {"code": code, "name": "PC-01", "platform": "Windows 11", "version": "0.1.0", **changes}


async def pair(world: World, office: Office, body: dict[str, Any]) -> httpx.Response:
    """The call that turns a code into a key."""
    async with world.client(office.host) as client:
        return await client.post("/api/v1/agent/pair", json=body)


@asynccontextmanager
async def paired(
    world: World, office: Office, backlog: Backlog = Backlog.ALL
) -> AsyncIterator[httpx.AsyncClient]:
    """An agent of this office with its key."""
    answer = await pair(world, office, a_pairing(await a_code(world, office, backlog)))
    assert answer.status_code == 201, answer.text
    async with world.client(office.host) as client:
        client.headers["authorization"] = f"Bearer {answer.json()['token']}"
        yield client


@dataclass
class Waiting:
    """A bundle that waits for an agent."""

    office: Office
    delivery: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/api/v1/agent/deliveries/{self.delivery['id']}"

    def proofs(self, world: World) -> list[dict[str, Any]]:
        return [
            {
                "item_id": file["item_id"],
                "role": file["role"],
                "path": f"C:\\BOB\\01204\\{file['path']}",
                "sha256": file["sha256"],
                "written_at": world.clock.now().isoformat(),
            }
            for file in self.delivery["files"]
        ]


async def bundled(world: World, office: Office) -> Export:
    """A finished bundle of an invoice with its PDF and a statement."""
    await an_invoice(world, office, pdf=True)
    await a_statement(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    await world.run_jobs()
    return (await exports_of(world, office.dossier))[-1]


@asynccontextmanager
async def with_waiting(world: World) -> AsyncIterator[tuple[httpx.AsyncClient, Waiting]]:
    """A paired agent, and the one bundle its feed names."""
    office = await an_office(world)
    await bundled(world, office)
    async with paired(world, office) as client:
        feed = await client.get("/api/v1/agent/deliveries")
        assert feed.status_code == 200, feed.text
        (delivery,) = feed.json()["deliveries"]
        yield client, Waiting(office, delivery)


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    """The answer is a problem of this status and code, said in words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
