"""Whatever a reader does, only its child suffers, and it can reach nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.kernel.parts import PARTS, READERS
from portal.sandbox import Limits, Sandbox, SandboxUnavailable, TooComplex, Unreadable, pool

FORBIDDEN = Path("/var/tmp/probe-reader")  # noqa: S108 - it must not come to be

START = (
    "import sys; sys.path[:0] = [{root!r}, " + repr(str(Path(__file__).parent)) + "]; "
    "import portal.sandbox.readers as readers; readers.READERS += ('probe_reader',); "
    "from portal.sandbox.launcher import main; main()"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    patch = pytest.MonkeyPatch()
    patch.setattr(pool, "_START", START)
    patch.setenv("PORTAL_DATABASE_URL", "postgresql://secret")
    box = Sandbox()
    box.warm_up()
    yield box
    box.close()
    patch.undo()


async def probe(box: Sandbox, do: str, data: bytes = b"", **limits: Any) -> Any:
    values = await box.run("probe_reader", data, limits=Limits(**limits), do=do)
    return values[0] if len(values) == 1 else values


async def test_bytes_go_in_and_values_come_out(sandbox: Sandbox) -> None:
    data = os.urandom(3_000_000)
    assert await probe(sandbox, "echo", data) == data
    assert await probe(sandbox, "many") == list(range(1000))


@pytest.mark.parametrize(
    ("do", "cause", "limits"),
    [
        ("memory", "memory", {"memory": 200_000_000}),
        ("cpu", "cpu", {"cpu": 1}),
        ("sleep", "time", {"wall": 0.2}),
        ("output", "output", {"output": 1_000_000}),
        ("abort", "memory", {}),
        ("kill", "memory", {}),
    ],
)
async def test_a_limit_that_is_hit_is_too_complex(
    sandbox: Sandbox, do: str, cause: str, limits: dict[str, Any]
) -> None:
    with pytest.raises(TooComplex) as caught:
        await probe(sandbox, do, **limits)
    assert caught.value.params == {"cause": cause}
    assert await probe(sandbox, "echo", b"still here") == b"still here"


@pytest.mark.parametrize("do", ["segv", "panic", "half", "exit", "no such thing"])
async def test_a_reader_that_crashes_means_a_damaged_file(sandbox: Sandbox, do: str) -> None:
    with pytest.raises(Unreadable) as caught:
        await probe(sandbox, do)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("do", ["open", "write", "socket"])
async def test_a_reader_can_open_neither_files_nor_connections(sandbox: Sandbox, do: str) -> None:
    with pytest.raises(Unreadable):
        await probe(sandbox, do)
    assert not FORBIDDEN.exists()  # noqa: ASYNC240 - a look


async def test_a_reader_cannot_start_processes(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable):
        await probe(sandbox, "fork")


async def test_a_reader_never_sees_secrets_or_what_else_is_open(sandbox: Sandbox) -> None:
    assert "secret" not in repr(await probe(sandbox, "environment"))
    # standard input, output and error, and the file for the result
    assert len(await probe(sandbox, "handles")) <= 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give away")
async def test_started_by_root_a_reader_is_nobody(sandbox: Sandbox) -> None:
    uid, gid, groups = await probe(sandbox, "who")
    assert uid != 0
    assert gid != 0
    assert groups == 0


async def test_only_listed_readers_run(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable):
        await sandbox.run("os", b"")


async def test_every_file_gets_a_child_of_its_own(sandbox: Sandbox) -> None:
    pids = await asyncio.gather(*(probe(sandbox, "pid") for _ in range(20)))
    assert len(set(pids)) == 20


async def test_bad_files_beside_good_ones_do_not_disturb_them(sandbox: Sandbox) -> None:
    deeds = ["echo", "segv", "memory", "echo", "kill", "panic", "echo", "output"] * 5
    answers = await asyncio.gather(
        *(probe(sandbox, do, b"good", memory=100_000_000, output=10_000) for do in deeds),
        return_exceptions=True,
    )
    for do, answer in zip(deeds, answers, strict=True):
        assert answer == b"good" if do == "echo" else isinstance(answer, TooComplex | Unreadable)


async def test_a_killed_launcher_is_replaced_without_the_caller_noticing(sandbox: Sandbox) -> None:
    before = sandbox._ready().process
    os.kill(before.pid, signal.SIGKILL)
    assert await probe(sandbox, "echo", b"again") == b"again"
    assert sandbox._ready().process.pid != before.pid


async def test_a_launcher_killed_while_reading_gives_an_answer_too(sandbox: Sandbox) -> None:
    reading = asyncio.create_task(probe(sandbox, "sleep", wall=1.0))
    await until(lambda: bool(children(sandbox._ready().process.pid)))
    running = children(sandbox._ready().process.pid)
    os.kill(sandbox._ready().process.pid, signal.SIGKILL)
    await until(lambda: not any(map(cmdline, running)))
    with pytest.raises((TooComplex, SandboxUnavailable)):  # read again by a new launcher, again too slow
        await reading


async def test_closing_ends_launcher_and_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_START", START)
    box = Sandbox()
    reading = asyncio.create_task(probe(box, "sleep", wall=60))
    await until(lambda: bool(children(box._ready().process.pid)))
    running = children(box._ready().process.pid)
    launcher = box._ready().process
    box.close()
    assert launcher.returncode is not None
    await until(lambda: not any(map(cmdline, running)))
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_launcher_that_cannot_start_is_an_error_of_the_portal_not_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_START", "raise SystemExit(3)")
    box = Sandbox()
    with pytest.raises(SandboxUnavailable):
        await box.run("probe_reader", b"", do="echo")
    assert READERS in PARTS.missing()
    monkeypatch.setattr(pool, "_START", START)
    assert await probe(box, "echo", b"again") == b"again"
    assert READERS not in PARTS.missing()
    box.close()


async def until(condition: Callable[[], bool], within: float = 20) -> None:
    """Other processes give no event to wait for: look again and again."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
