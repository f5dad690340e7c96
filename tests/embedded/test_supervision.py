"""`python -m portal run` keeps its parts running, whoever is killed; real processes, waited for by what they do."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from portal import supervisor
from portal.embedded.keeper import MARK, NOTE, Part, end_orphans, note_processes
from portal.embedded.process import command_line, free_port
from tests.support.requests_raw import BROKEN, MORE_THAN_A_READING, ODD, exchange
from tests.support.servers import ROOT

PATIENCE = 90
T = TypeVar("T")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


def until(look: Callable[[], T], what: str) -> T:
    """What `look` gives as soon as it is something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)  # polling other processes, not waiting for time to pass
    return found


class Portal:
    """A running `python -m portal run`."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port = var, port
        self.log = var.with_name(var.name + ".log")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal", "run", "--no-demo", "--var", str(var), "--port", str(port)],
                cwd=ROOT,
                env=CLEAN,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        until(
            lambda: self.said.count("Ready in") == starts(self.log) or self.process.poll() is not None,
            "start",
        )
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> dict[str, Any] | None:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5)
        except httpx.HTTPError:
            return None
        return {"code": answer.status_code, **answer.json()}

    def whole(self) -> bool:
        said = self.ready()
        return said is not None and (said["code"], said["status"], said["missing"]) == (200, "ok", [])

    def child(self, words: str) -> int:
        """The process of a part: a child of the supervisor with these words in its command line."""
        for pid in children(self.process.pid):
            if words in command_line(pid):
                return pid
        return 0

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)


def starts(log: Path) -> int:
    """How often a portal was started that writes here."""
    marker = log.with_suffix(".starts")
    return int(marker.read_text()) if marker.exists() else 1


def children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in path.read_text().split()]
    return found


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("supervised") / "var"
    made = Portal(folder, free_port())
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("PostgreSQL", "/postgres -D"),
        ("Valkey", "valkey-server"),
        ("web", "-m portal web"),
        ("worker", "-m portal worker"),
    ],
    ids=["postgres", "valkey", "web", "worker"],
)
def test_a_part_that_is_killed_is_started_again_on_its_port(portal: Portal, name: str, words: str) -> None:
    until(portal.whole, "the portal being whole")
    old = portal.child(words)
    family = [old, *children(old)]
    said = portal.said.count(f"part={name}")
    told = rf"part\.back +part={name}"
    back = len(re.findall(told, portal.said))
    os.kill(old, signal.SIGKILL)
    until(lambda: portal.child(words) not in (0, old), f"a new {name}")
    until(lambda: len(re.findall(told, portal.said)) > back, f"{name} being told to be back")
    assert name != "web" or portal.ready() is not None, "said to be back, and answers"
    until(portal.whole, "the portal being whole again")
    until(lambda: not any(state(pid) for pid in family), "the old ones being gone, and no zombies")
    assert portal.process.poll() is None
    assert portal.said.count(f"part={name}") - said <= 2, "one line when it went, one when it is back"


def test_a_part_that_dies_again_and_again_is_tried_with_growing_pauses_and_told_once() -> None:
    begun: list[float] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["/bin/false"], start_new_session=True)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return process

    part = Part("test", start, start())
    now = part.began
    for _ in range(2000):
        if part.look(now):
            begun.append(now)
        now += 0.05
    pauses = [later - sooner for sooner, later in pairwise(begun)]
    assert len(begun) < 12
    assert pauses == sorted(pauses)
    assert 29 < pauses[-1] < 31


def test_a_part_is_back_when_it_answers_and_neither_before_nor_twice() -> None:
    with capture_logs() as told:
        answering = False
        process = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
        part = Part("asked", lambda: process, process, answers=lambda: answering)
        try:
            part._wait(0.0, "gone")
            for now in range(100):  # it lives, and that is not enough
                part.look(part.began + now)
                assert [one["event"] for one in told] == ["part.away"]
            answering = True
            for now in range(100, 200):
                part.look(part.began + now)
        finally:
            process.kill()
            process.wait()
    assert [(one["event"], one["part"]) for one in told] == [("part.away", "asked"), ("part.back", "asked")]


def test_a_signal_whose_exception_is_dropped_stops_the_portal_too() -> None:
    """Python prints and forgets what a signal raises while a finalizer runs: the portal went on for ever."""

    class Dying:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    rounds = 0

    def pause() -> None:
        nonlocal rounds
        rounds += 1
        assert rounds < 3, "it goes on"
        Dying()

    stopping = supervisor._Stopping()
    before = signal.signal(signal.SIGTERM, stopping)
    try:
        with pytest.raises(supervisor.Stopped):
            supervisor._keep(Path(), [], [], pause, stopping)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopping.asked


def test_the_children_of_a_killed_portal_are_ended_at_the_next_start(tmp_path: Path) -> None:
    var, port = tmp_path / "var", free_port()
    first = Portal(var, port)
    web = first.child("-m portal web")
    family = [web, *children(web), first.child("-m portal worker")]
    for pid in family:  # frozen: they cannot end by themselves when their supervisor is gone
        os.kill(pid, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    assert all(state(pid) for pid in family)
    first.log.with_suffix(".starts").write_text("2")
    second = Portal(var, port)
    try:
        assert "Ended what a killed portal had left here: web, worker." in second.said
        until(lambda: not any(state(pid) in ("R", "S", "T", "D") for pid in family), "the old ones ending")
        until(second.whole, "the new one being whole")
    finally:
        second.stop()
    assert not (var / NOTE).exists()


def test_nobody_stays_on_the_port_of_a_web_process_that_is_killed(portal: Portal) -> None:
    """As in production, where nobody watches over it."""
    given = msgspec.json.decode((portal.var / "addresses.json").read_bytes(), type=dict[str, str])
    port = free_port()
    web = subprocess.Popen(
        [sys.executable, "-m", "portal", "web"],
        cwd=ROOT,
        env={**CLEAN, **given, "PORTAL_LISTEN_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(answers, "the web process answering")
        workers = children(web.pid)
        assert workers
        web.kill()
        web.wait()
        until(lambda: not answers(), "the port being free")
        until(lambda: not any(state(pid) in ("R", "S", "D") for pid in workers), "its workers ending")
    finally:
        for pid in [web.pid, *children(web.pid)]:
            if state(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("name", [*BROKEN, *ODD])
def test_no_answer_says_what_program_gave_it(portal: Portal, name: str) -> None:
    data, status = BROKEN.get(name, (ODD.get(name, b""), 0))
    answer = exchange(portal.port, data)
    early = name in MORE_THAN_A_READING and answer.status == 404  # there is no firm under this host
    assert answer.status == status or not status or early
    assert answer.status < 500 or answer.status in (501, 505)
    assert {"server", "x-powered-by", "via"}.isdisjoint(answer.headers)
    assert "uvicorn" not in str(answer)


def test_broken_requests_leave_no_trace_but_a_line(portal: Portal) -> None:
    before = portal.said
    early = 0
    for name, (data, _status) in BROKEN.items():
        early += exchange(portal.port, data).status == 404 and name in MORE_THAN_A_READING
    told = portal.said.removeprefix(before)
    assert "Traceback" not in told
    assert told.count("web.refused") == len(BROKEN) - early


def test_a_web_process_that_dies_is_replaced_and_the_other_goes_on(portal: Portal) -> None:
    until(portal.whole, "the portal being whole")
    web = portal.child("-m portal web")
    serving = {pid for pid in children(web) if "spawn_main" in command_line(pid)}
    assert len(serving) == 2
    said = portal.said.count("web.process_replaced")
    killed = min(serving)
    os.kill(killed, signal.SIGKILL)
    until(lambda: portal.said.count("web.process_replaced") > said, "its replacement")
    until(portal.whole, "the portal being whole again")
    now = {pid for pid in children(web) if "spawn_main" in command_line(pid)}
    assert len(now) == 2
    assert serving - {killed} < now
    assert portal.child("-m portal web") == web


def test_a_stranger_with_a_noted_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    mine = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, env={MARK: str(tmp_path)})
    try:
        note_processes(
            tmp_path, [Part("web", lambda: stranger, stranger), Part("worker", lambda: mine, mine)]
        )
        noted = msgspec.json.decode((tmp_path / NOTE).read_bytes())
        noted[0]["started"] = "another boot/1"
        noted[1]["started"] = "another boot/1"  # known by its mark
        (tmp_path / NOTE).write_bytes(msgspec.json.encode(noted))
        assert end_orphans(tmp_path) == ["worker"]
        assert stranger.poll() is None
        assert mine.wait(PATIENCE) == -signal.SIGTERM
    finally:
        stranger.kill()
        stranger.wait()
