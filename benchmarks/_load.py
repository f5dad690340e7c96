"""A hundred people at once on a portal of real processes, while a bundle is made and a list is carried out; and how much it can answer.

Web and worker are processes of their own; people ask a page, read it for five seconds on average, and ask the next. Seven in ten share a
session of the office, the others one of a client: what the portal does for a request does not depend on how many sessions there are.
"""

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import httpx

from benchmarks import Row
from benchmarks._office import LargeOffice
from benchmarks.export_growth import dossiers
from portal.config import Settings
from portal.embedded.process import free_port
from portal.features.imports.service import workbooks
from tests.support.builders import a_number, sign_in
from tests.support.servers import ROOT
from tests.support.world import World

PEOPLE, THINKING = 100, 5.0
SECONDS = 30.0
AT_ONCE = 16
"""People who ask for one page after the other without reading, where it is measured how much can be answered."""
EXPORTED, IMPORTED = 2_000, 2_000
PATIENCE = 60.0
STAFF = {
    "/": 6,
    "/dossiers": 2,
    "{big}/documents": 4,
    "/search?q=supplier+4001": 2,
    "/exports": 1,
    "/history": 1,
    "{big}": 2,
}
MEMBER = {"/": 4, "/documents": 4, "/approve/list": 2}
SETTINGS = (
    "database_url",
    "database_system_url",
    "redis_url",
    "storage_url",
    "mail_url",
    "scheme",
    "port",
    "listen_port",
    "embedded",
    "max_upload_bytes",
)


class _Served(World):
    """A world whose pages another process answers."""

    port: int

    def client(self, host: str = "noordzee.localhost") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"host": f"{host}:{self.port}"},
            timeout=PATIENCE,
        )


def _environment(settings: Settings, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    values = {name: getattr(settings, name) for name in SETTINGS} | {"port": port, "listen_port": port}
    return kept | {
        f"PORTAL_{name.upper()}": str(value) for name, value in values.items() if value is not None
    }


@contextmanager
def _processes(environment: dict[str, str], *commands: list[str]) -> Generator[None]:
    children = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            child.wait(PATIENCE)


async def _answers(url: str) -> None:
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient() as client:
        while time.monotonic() < until:
            try:
                if (await client.get(url, timeout=2)).status_code < 500:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@asynccontextmanager
async def _served(world: World) -> AsyncGenerator[_Served]:
    port = free_port()
    with _processes(_environment(world.settings, port), ["portal", "web"], ["portal", "worker"]):
        await _answers(f"http://127.0.0.1:{port}/health/ready")
        served = _Served(
            world.settings, world.tools, world.clock, world.app, world.runner, world.urls, world.folder
        )
        served.port = port
        yield served


def _part(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000


async def _person(
    number: int,
    client: httpx.AsyncClient,
    paths: list[str],
    until: float,
    took: list[float],
    failed: list[str],
) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, THINKING))
    while time.monotonic() < until:
        path = chance.choice(paths)
        began = time.perf_counter()
        try:
            answer = await client.get(path)
            if answer.status_code != 200:
                failed.append(f"{path}: {answer.status_code}")
        except httpx.HTTPError as error:
            failed.append(f"{path}: {error!r}")
        took.append(time.perf_counter() - began)
        await asyncio.sleep(chance.uniform(0.5 * THINKING, 1.5 * THINKING))


async def _crowd(
    people: list[tuple[httpx.AsyncClient, list[str]]], seconds: float
) -> tuple[list[float], list[str]]:
    took: list[float] = []
    failed: list[str] = []
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(_person(n, client, paths, until, took, failed) for n, (client, paths) in enumerate(people))
    )
    return took, failed


async def _per_second(ask: Callable[[], Awaitable[object]], seconds: float = 6.0) -> float:
    until = time.monotonic() + seconds
    done = 0

    async def one() -> None:
        nonlocal done
        while time.monotonic() < until:
            await ask()
            done += 1

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return done / (time.monotonic() - began)


def _weighed(paths: dict[str, int], office: LargeOffice) -> list[str]:
    return [
        path.replace("{big}", f"/dossiers/{office.big}")
        for path, weight in paths.items()
        for _ in range(weight)
    ]


async def rows(world: World, office: LargeOffice) -> list[Row]:
    """The table of load, on an office that is there."""
    exporter, (exported,) = await dossiers(world, [EXPORTED])
    data = workbooks.of_dossiers(
        [
            {"code": f"N{n:05d}", "name": f"New company {n}", "number": a_number(500_000 + n)}
            for n in range(IMPORTED)
        ]
    )
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(_served(world))
        staff = await stack.enter_async_context(sign_in(served, office.owner))
        member = await stack.enter_async_context(sign_in(served, office.member))
        bundles = await stack.enter_async_context(sign_in(served, exporter, "bundles.localhost"))
        people = [(staff, _weighed(STAFF, office))] * (PEOPLE * 7 // 10)
        people += [(member, _weighed(MEMBER, office))] * (PEOPLE - len(people))
        alone, _none = await _crowd([people[0], people[-1]], SECONDS / 2)
        quiet, failed = await _crowd(people, SECONDS)
        assert (await bundles.post(f"/dossiers/{exported}/export", data={})).status_code == 303
        listed = await staff.post("/dossiers/import", files={"files": ("list.xlsx", data)})
        assert listed.status_code == 303, listed.text
        accepted = await staff.post(f"{listed.headers['location']}/accept")
        assert accepted.status_code == 303, accepted.text
        busy, failed_busy = await _crowd(people, SECONDS)
        made = await _per_second(lambda: staff.get("/"))
        port = free_port()
        bare = {
            "BARE_DATABASE": world.urls.system.replace("+asyncpg", ""),
            "BARE_FIRM": str(office.firm.id),
            "BARE_PORT": str(port),
        }
        with _processes({**os.environ, **bare}, ["benchmarks._bare"]):
            await _answers(f"http://127.0.0.1:{port}/")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                least = await _per_second(lambda: client.get("/"))
    if failed or failed_busy:
        print("\n".join([*failed, *failed_busy][:20]), file=sys.stderr)
    one = statistics.median(alone) * 1000
    return [
        *(
            _load(name, took, len(faults), one)
            for name, took, faults in (
                (f"{PEOPLE} people", quiet, failed),
                (f"{PEOPLE} people, an export and an import of {EXPORTED:,}", busy, failed_busy),
            )
        ),
        Row(
            f"work list, saturated: {made:.0f} pages/s",
            f"bare page: {least:.0f} pages/s",
            least / made,
            "≤ 2",
        ),
    ]


def _load(name: str, took: list[float], errors: int, one: float) -> Row:
    p50, p95, p99 = (_part(took, share) for share in (0.5, 0.95, 0.99))
    return Row(
        f"{name}: {len(took) / SECONDS:.0f}/s, p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms, {errors} errors",
        f"two people: p50 {one:.0f} ms",
        p50 / one,
        "measured",
    )
