"""Parts that are away: the page says so in words, reading goes on, readiness names them, and the log tells each change once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from portal.app import create_app
from portal.db.engine import create_database
from portal.kernel.errors import Unavailable
from portal.kernel.parts import PARTS, READERS, Parts
from portal.storage import StorageUnavailable
from tests.support.builders import sign_in
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office, an_office
from tests.support.world import World


@pytest.fixture(autouse=True)
def nothing_is_away() -> Iterator[None]:
    """What this process thinks of its parts is of this test alone."""
    for name in PARTS.missing():
        PARTS.back(name)
    yield
    for name in PARTS.missing():
        PARTS.back(name)


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def ready(world: World) -> tuple[int, dict[str, Any]]:
    async with world.client() as client:
        answer = await client.get("/health/ready")
    return answer.status_code, answer.json()


def full(store: Path) -> None:
    """A store whose files can be read and that takes none: where new folders would be, there are files."""
    for number in range(256):
        name = f"{number:02x}"
        for folder in [store, *store.glob("*/sha256"), *store.glob("*/sha256/*")]:
            if folder.is_dir() and not (folder / name).exists():
                (folder / name).touch()
    for path in store.glob("*/sha256/*/*/"):
        if path.is_dir():
            path.chmod(0o500)
    (store / "health").touch()


async def test_readers_that_do_not_start_are_named(world: World) -> None:
    assert (await ready(world))[1]["missing"] == []
    PARTS.away(READERS, "no launcher")
    status, said = await ready(world)
    assert (status, said["status"], said["missing"]) == (200, "degraded", [READERS])


async def test_while_the_store_takes_nothing_what_is_there_can_be_read(office: Office) -> None:
    document = await office.purchase()
    full(office.world.folder / "store")
    async with sign_in(office.world, office.accountant) as client:
        with capture_logs() as told:
            for _ in range(3):
                answer = await client.post(
                    f"{office.base}/quick-entry",
                    files=[("files", ("a.pdf", a_pdf("new"), "application/pdf"))],
                )
                assert answer.status_code == 503
                assert answer.headers["Retry-After"] == "60"
                assert "try again in a minute" in answer.text
            for path in ("", "/quick-entry", f"/documents/{document.id}"):
                assert (await client.get(f"{office.base}{path}")).status_code == 200
            original = await client.get(f"{office.base}/documents/{document.id}/files/original")
            assert original.status_code == 200
            assert b"7205519" in original.content
            assert await ready(office.world) == (
                200,
                {"status": "degraded", "missing": ["store_writing"], "malware": "not scanned"},
            )
    assert [one["part"] for one in told if one["event"] == "part.away"] == ["store_writing"]


async def test_readiness_names_valkey_and_the_portal_works_without(world: World, office: Office) -> None:
    settings = replace(world.settings, redis_url="redis://127.0.0.1:1")
    app = create_app(settings, tools=replace(world.tools, settings=settings))
    transport = httpx.ASGITransport(app)  # pyright: ignore[reportArgumentType] - Litestar types ASGI more narrowly
    async with httpx.AsyncClient(transport=transport, base_url="http://noordzee.localhost:8000") as client:
        with capture_logs() as told:
            for _ in range(3):
                answer = await client.get("/health/ready")
                assert (answer.status_code, answer.json()) == (
                    200,
                    {"status": "degraded", "missing": ["valkey"], "malware": "not scanned"},
                )
            assert (await client.get("/sign-in")).status_code == 200
    assert [one["part"] for one in told if one["event"] == "part.away"] == ["valkey"]


async def test_a_database_that_is_away_is_one_error_and_told_once(world: World) -> None:
    gone = "postgresql+asyncpg://a:b@127.0.0.1:1/x"
    database = create_database(gone, gone, name="test")
    try:
        with capture_logs() as told:
            for _ in range(3):
                for opened in (database.system_scope, lambda: database.transaction(_nobody())):
                    with pytest.raises(Unavailable):
                        await _touch(opened())
        assert [(one["event"], one.get("part")) for one in told] == [("part.away", "database")]
        with capture_logs() as told:
            async with world.as_system() as session:
                await session.connection()
        assert [(one["event"], one.get("part")) for one in told] == [("part.back", "database")]
        app = create_app(world.settings, tools=replace(world.tools, database=database))
        transport = httpx.ASGITransport(app)  # pyright: ignore[reportArgumentType] - as above
        async with httpx.AsyncClient(
            transport=transport, base_url="http://noordzee.localhost:8000"
        ) as client:
            answer = await client.get("/health/ready")
            assert answer.status_code == 503
            assert answer.json()["missing"] == ["database"]
            page = await client.get("/")
            assert page.status_code == 503
            assert "retry-after" in page.headers
    finally:
        await database.close()


def _nobody() -> Any:
    from portal.db.session import NOBODY

    return NOBODY


async def _touch(opened: Any) -> None:
    async with opened as session:
        await session.connection()


async def test_a_sweep_during_an_outage_tells_nothing_of_its_own(world: World) -> None:
    gone = "postgresql+asyncpg://a:b@127.0.0.1:1/x"
    database = create_database(gone, gone, name="test")
    runner = type(world.runner)(replace(world.tools, database=database), world.runner.registry)
    try:
        with capture_logs() as told:
            for second in range(0, 7200, 3600):
                await runner.sweep(second)
        assert [one["event"] for one in told] == ["part.away"]
    finally:
        await database.close()


def test_each_change_of_a_part_is_told_once() -> None:
    parts = Parts()
    with capture_logs() as told:
        for _ in range(100):
            parts.away("mail", OSError())
        assert parts.missing() == ["mail"]
        for _ in range(100):
            parts.back("mail")
        parts.away("mail", "gone again")
    assert [(one["event"], one["part"]) for one in told] == [
        ("part.away", "mail"),
        ("part.back", "mail"),
        ("part.away", "mail"),
    ]


async def test_bytes_that_are_aside_can_be_read_while_the_store_takes_nothing(
    world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime, timedelta

    from portal.storage import aside

    store, owner = world.tools.store, office.company.id
    stored = await store.put(owner, b"precious", media_type="text/plain")
    later = datetime.now(UTC) + timedelta(days=30)
    assert await store.set_aside(owner, stored.sha256, put_before=later, now=later)

    def refuse(*_arguments: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(aside.obstore, "copy", refuse)
    assert await store.get(owner, stored.sha256) == b"precious"
    assert store.open(owner, stored.sha256).read() == b"precious"
    full(world.folder / "store")
    with pytest.raises(StorageUnavailable):
        await store.put(owner, b"more", media_type="text/plain")
