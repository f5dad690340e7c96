"""What differs between the stores: URLs, permissions, faults."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portal.storage import S3Credentials, StorageUnavailable, StorageUrlError, open_store
from portal.storage.contract import Aside
from portal.storage.stores import Store

OWNER = uuid4()
NOW = datetime.now(UTC) + timedelta(hours=1)
KEYS = S3Credentials("key", "word-that-must-not-show")
NOBODY = "s3://portal?endpoint=http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://x/y", "'ftp'"),
        ("/var/objects", "''"),
        ("file://host/path", "file:///absolute/path"),
        ("file:relative", "file:///absolute/path"),
        ("file:///proc/nowhere", "cannot be made"),
        ("s3:///prefix", "s3://bucket/prefix"),
        ("s3://key:word@bucket/prefix", "keys given apart"),
        ("s3://bucket?endpoint=host:9000", "endpoint"),
        ("s3://bucket?colour=red", "colour"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_is_expected(url: str, says: str) -> None:
    with pytest.raises(StorageUrlError, match=says):
        open_store(url, KEYS)


def test_s3_without_keys_names_the_settings_that_are_missing() -> None:
    with pytest.raises(StorageUrlError, match="PORTAL_STORAGE_KEY and PORTAL_STORAGE_SECRET"):
        open_store("s3://bucket/prefix")


def test_the_secret_never_shows() -> None:
    assert "must-not-show" not in repr(KEYS)


def test_the_local_store_is_closed_to_other_users(tmp_path: Path) -> None:
    open_store((tmp_path / "new folder" / "objects").as_uri())
    assert stat.S_IMODE((tmp_path / "new folder" / "objects").stat().st_mode) == 0o700


async def test_a_server_that_is_away_is_unavailable_and_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(NOBODY, KEYS)
    assert await store.healthy() is False
    with pytest.raises(StorageUnavailable):
        await store.put(uuid4(), b"x", media_type="text/plain")


async def test_wrong_keys_are_unavailable_not_missing(s3_endpoint: str) -> None:
    store = open_store(f"s3://portal?endpoint={s3_endpoint}", S3Credentials("someone", "else"))
    with pytest.raises(StorageUnavailable):
        await store.get(uuid4(), "0" * 64)
    assert await store.healthy() is False


async def test_s3_keeps_the_media_type(s3_endpoint: str) -> None:
    import obstore

    store = open_store(
        f"s3://portal?endpoint={s3_endpoint}", S3Credentials("test-key", "test-secret-not-secret")
    )
    owner = uuid4()
    put = await store.put(owner, b"%PDF-1.7", media_type="application/pdf")
    found = await obstore.get_async(
        store._store, f"{owner}/sha256/{put.sha256[:2]}/{put.sha256[2:4]}/{put.sha256}"
    )
    assert found.attributes["Content-Type"] == "application/pdf"


FULL = """
import asyncio, resource, signal, sys, uuid
from portal.storage import StorageUnavailable, open_store
store = open_store(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails like one on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for size in (200_000, 20_000_000):
    try:
        asyncio.run(store.put(uuid.uuid4(), b"x" * size, media_type="text/plain"))
    except StorageUnavailable:
        print("unavailable")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
print(asyncio.run(store.put(uuid.uuid4(), b"x" * 50_000, media_type="text/plain")).size)
"""


def test_a_full_disk_leaves_no_half_file_and_the_store_goes_on_when_there_is_room(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    said = [line for line in done.stdout.splitlines() if " " not in line]  # the log has words
    assert said == ["unavailable", "unavailable", "50000"], done.stderr
    assert [path.stat().st_size for path in files_in(tmp_path)] == [50_000]


def files_in(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


async def test_what_was_made_on_the_disk_of_a_local_store_is_not_written_once_more(tmp_path: Path) -> None:
    store = open_store(tmp_path.as_uri())
    owner = uuid4()
    with store.scratch() as made:
        made.write(b"bundle" * 1000)
        assert files_in(tmp_path) == []  # whatever happens now, nothing of it stays behind
        stored = await store.put(owner, made, media_type="application/zip")
        (path,) = files_in(tmp_path)
        assert path.name == stored.sha256
        assert os.fstat(made.fileno()).st_ino == path.stat().st_ino
    assert await store.get(owner, stored.sha256) == b"bundle" * 1000


async def of_a_listing(found: AsyncIterator[object]) -> list[object]:
    return [one async for one in found]


USES: dict[str, Callable[[Store, str], Any]] = {
    "put": lambda store, _sha256: store.put(OWNER, b"x", media_type="text/plain"),
    "scratch": lambda store, _sha256: asyncio.to_thread(store.scratch),
    "get": lambda store, sha256: store.get(OWNER, sha256),
    "stream": lambda store, sha256: of_a_listing(store.stream(OWNER, sha256)),
    "open": lambda store, sha256: asyncio.to_thread(store.open, OWNER, sha256),
    "open unverified": lambda store, sha256: asyncio.to_thread(store.open, OWNER, sha256, verified=False),
    "exists": lambda store, sha256: store.exists(OWNER, sha256),
    "size": lambda store, sha256: store.size(OWNER, sha256),
    "listing": lambda store, _sha256: of_a_listing(store.listing(OWNER)),
    "aside": lambda store, _sha256: of_a_listing(store.aside(OWNER)),
    "set aside": lambda store, sha256: store.set_aside(OWNER, sha256, put_before=NOW, now=NOW),
    "forget": lambda store, sha256: store.forget(Aside(OWNER, sha256, NOW)),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
@pytest.mark.parametrize("instead", ["nothing", "a file"])
async def test_a_folder_that_is_away_is_unavailable_and_nothing_of_it_missing(
    tmp_path: Path, use: Callable[[Store, str], Any], instead: str
) -> None:
    folder, elsewhere = tmp_path / "objects", tmp_path / "elsewhere"
    store = open_store(folder.as_uri())
    stored = await store.put(OWNER, b"kept", media_type="text/plain")
    folder.rename(elsewhere)
    if instead == "a file":
        folder.touch()
    with pytest.raises(StorageUnavailable):
        await use(store, stored.sha256)
    assert await store.healthy() is False
    assert not folder.is_dir(), "no empty one is made in its place"
    folder.unlink(missing_ok=True)
    elsewhere.rename(folder)
    assert await store.get(OWNER, stored.sha256) == b"kept"


async def test_what_was_made_in_a_folder_that_went_away_is_an_outage(tmp_path: Path) -> None:
    """It would be named there by a hard link."""
    store = open_store((tmp_path / "objects").as_uri())
    with store.scratch() as made:
        made.write(b"long work")
        (tmp_path / "objects").rename(tmp_path / "elsewhere")
        with pytest.raises(StorageUnavailable):
            await store.put(OWNER, made, media_type="text/plain")
    assert not (tmp_path / "objects").exists()
