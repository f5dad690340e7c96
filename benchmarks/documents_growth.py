"""The pages of an office with 5,000 dossiers, at ten thousand documents and at a million: how much slower the larger one is.

Both stand in databases of their own and are asked in turns in one run, so that a busy machine slows both. The ratio is of medians, of
whole requests through the application. The client with most documents grows with the office, from 300 to 3,000.
"""

import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import Row
from benchmarks._load import rows as load
from benchmarks._office import LargeOffice, a_large_office
from tests.support.builders import sign_in
from tests.support.servers import Servers, running_servers
from tests.support.world import World, new_world

DOSSIERS = 5_000
SMALL, LARGE = (10_000, 300), (int(os.environ.get("PORTAL_BENCH_DOCUMENTS", "1000000")), 3_000)
"""Documents of the office, and of its largest client."""
ROUNDS = 15
GOAL = "≤ 1.3"


@dataclass(frozen=True, slots=True)
class Side:
    """An office with its two signed-in readers."""

    world: World
    office: LargeOffice
    staff: httpx.AsyncClient
    member: httpx.AsyncClient

    async def page(self, path: str, *, member: bool = False) -> str:
        """The page at a path; `{big}` in it is the largest client.

        Raises:
            AssertionError: it does not answer with 200.
        """
        client = self.member if member else self.staff
        answer = await client.get(path.replace("{big}", f"/dossiers/{self.office.big}"))
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.text


STAFF = {
    "work list": "/",
    "dossiers by name": "/dossiers",
    "dossiers by activity": "/dossiers?sort=-activity",
    "dossiers, search a name": "/dossiers?q=company+4321",
    "dossier": "{big}",
    "search everything, hit": "/search?q=supplier+17",
    "search everything, none": "/search?q=nowhere",
    "search everything, number": "/search?q=2026/1234567",
    "documents by date": "{big}/documents",
    "documents by amount": "{big}/documents?sort=-amount",
    "documents by counterparty": "{big}/documents?sort=counterparty",
    "documents in one state": "{big}/documents?status=approved",
    "documents, search": "{big}/documents?q=supplier+4001",
    "export page with rehearsal": "{big}/export",
    "exports": "/exports",
    "exports, failed only": "/exports?state=failed",
    "history": "/history",
    "history of a dossier": "{big}/history",
}
MEMBER = {
    "member: home": "/",
    "member: documents": "/documents",
    "member: documents in one state": "/documents?status=waiting",
    "member: approve, one": "/approve",
    "member: approve, list": "/approve/list",
}


async def _last_page(side: Side) -> str:
    """The address of the page a tenth of the way from the end of the largest client's documents, by amount."""
    path = "{big}/documents?sort=-amount"
    for _page in range(side.office.documents_of_big // 55):
        following = re.search(r'href="[^"]*[?&;]after=([\w-]+)', await side.page(path))
        if following is None:
            break
        path = "{big}/documents?sort=-amount&after=" + following[1]
    return path


async def _one_document(side: Side) -> str:
    found = re.search(r"/dossiers/[0-9a-f-]{36}/documents/[0-9a-f-]{36}", await side.page("{big}/documents"))
    if found is None:
        raise AssertionError("the list shows no document")
    return found[0]


async def _approve(side: Side) -> None:
    """Approve the document that waits longest: the page names its version, the answer is the way to the next."""
    page = await side.page("/approve", member=True)
    form = re.search(r'action="(/approve/[0-9a-f-]{36})"', page)
    if form is None:
        raise AssertionError("nothing waits")
    answer = await side.member.post(form[1], data={"version": "1", "decision": "approved"})
    if answer.status_code != 303:
        raise AssertionError(answer.text[:500])


async def _measured(
    sides: tuple[Side, Side], calls: dict[str, tuple[Callable[[], Awaitable[object]], ...]]
) -> list[Row]:
    rows: list[Row] = []
    for name, (small, large) in calls.items():
        times: tuple[list[float], list[float]] = ([], [])
        for round_ in range(ROUNDS + 2):
            for side, call in enumerate((small, large)):
                began = time.perf_counter()
                await call()
                if round_ > 1:
                    times[side].append(time.perf_counter() - began)
        mine, least = (statistics.median(one) * 1000 for one in reversed(times))
        rows.append(
            Row(
                f"{name}, {sides[1].office.documents:,} documents: {mine:.1f} ms",
                f"{sides[0].office.documents:,}: {least:.1f} ms",
                mine / least,
                GOAL,
            )
        )
    return rows


async def growth(sides: tuple[Side, Side]) -> list[Row]:
    """Every page of the table, in turns on both."""
    calls: dict[str, tuple[Callable[[], Awaitable[object]], ...]] = {}
    for paths, member in ((STAFF, False), (MEMBER, True)):
        for name, path in paths.items():
            calls[name] = tuple(_asking(side, path, member=member) for side in sides)
    one = [await _one_document(side) for side in sides]
    calls["one document"] = tuple(_asking(side, path) for side, path in zip(sides, one, strict=True))
    far = [await _last_page(side) for side in sides]
    calls["documents by amount, near the end"] = tuple(
        _asking(side, path) for side, path in zip(sides, far, strict=True)
    )
    rows = await _measured(sides, calls)
    return rows + await _measured(sides, {"member: approving": tuple(_approving(side) for side in sides)})


def _asking(side: Side, path: str, *, member: bool = False) -> Callable[[], Awaitable[object]]:
    return lambda: side.page(path, member=member)


def _approving(side: Side) -> Callable[[], Awaitable[object]]:
    return lambda: _approve(side)


async def measure(servers: Servers) -> list[Row]:
    """The table, on two databases of one server."""
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for documents, big in (SMALL, LARGE):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            world = await stack.enter_async_context(new_world(servers, folder))
            office = await a_large_office(
                world, servers.admin_url, dossiers=DOSSIERS, documents=documents, big=big
            )
            await a_large_office(
                world,
                servers.admin_url,
                dossiers=DOSSIERS // 10,
                documents=documents // 10,
                big=big,
                slug="ardennes",
                first_number=DOSSIERS,
            )
            sides.append(await opened(stack, world, office))
        return [*await growth((sides[0], sides[1])), *await load(sides[1].world, sides[1].office)]


async def opened(stack: AsyncExitStack, world: World, office: LargeOffice) -> Side:
    """An office with its readers signed in."""
    staff = await stack.enter_async_context(sign_in(world, office.owner))
    member = await stack.enter_async_context(sign_in(world, office.member))
    return Side(world, office, staff, member)


def run() -> list[Row]:
    """All rows of this table."""
    with running_servers() as servers:
        return asyncio.run(measure(servers))
