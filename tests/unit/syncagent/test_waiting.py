"""Waiting at the portal for news, where it offers that: no pause between what is offered and what is written, and no hurry without cause."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from portal.syncagent.stopping import Stop
from tests.unit.syncagent.simulator import Agent, Portal

FILES = {"CODA/a.cod": b"a" * 128}
PATIENCE = 30


class Stand:
    """Stands in for `Stop`: pauses are asked for and not slept, calls are made; it stops after so many of both."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.pauses: list[float] = []
        self.calls = 0

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return len(self.pauses) + self.calls >= self.steps

    def during(self, call: Callable[[], Any]) -> Any:
        self.calls += 1
        answer = call()
        return None if len(self.pauses) + self.calls >= self.steps else answer


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    made = Stand(1000)
    monkeypatch.setattr("portal.syncagent.cli._stopping", lambda: contextlib.nullcontext(made))
    return made


def clock(monkeypatch: pytest.MonkeyPatch, portal: Portal) -> None:
    """Each call that waits takes as long as it may, on the agent's clock."""
    seconds = [0.0]

    def waited() -> None:
        seconds[0] += 25

    portal.on_wait = [waited for _ in range(100)]
    monkeypatch.setattr("portal.syncagent.cli.time.monotonic", lambda: seconds[0])


def test_what_is_offered_while_the_agent_waits_is_written_without_a_pause(
    agent: Agent, portal: Portal, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.wait_seconds = 25
    clock(monkeypatch, portal)
    portal.on_wait.insert(2, lambda: (portal.on_wait[0](), portal.offer(FILES))[0])
    stand.steps = 5
    assert agent("run") == 0
    assert agent.files() == {"0815/CODA/a.cod": FILES["CODA/a.cod"]}
    assert stand.pauses == [], "it waits at the portal, nowhere else"
    assert {each["wait"] for each in portal.waits} == {"25"}
    marks = [each.get("mark") for each in portal.waits]
    assert marks[0] == marks[1] == marks[2] != marks[3], "each call names what the one before had seen"
    assert len(portal.confirmations) == 1


def test_the_list_that_came_while_waiting_is_not_fetched_a_second_time(
    agent: Agent, portal: Portal, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.wait_seconds = 25
    clock(monkeypatch, portal)
    stand.steps = 4
    assert agent("run") == 0
    lists = [path for _, path, _ in portal.requests if path.endswith("/deliveries")]
    assert len(lists) == 1 + len(portal.waits), (
        "one of the first round, then each round has the one that it waited for"
    )
    assert len(portal.heartbeats) == len(portal.waits), "and says how it is each time"


def test_a_portal_that_offers_no_waiting_is_asked_as_before(
    agent: Agent, portal: Portal, stand: Stand
) -> None:
    stand.steps = 4
    assert agent("run") == 0
    assert stand.calls == 0
    assert portal.waits == []
    assert len(stand.pauses) == 4
    assert all(0.9 <= pause <= 1.1 for pause in stand.pauses)


def test_who_is_answered_at_once_again_and_again_makes_pauses_that_grow(
    agent: Agent, portal: Portal, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room at the portal, a proxy that keeps no call, or something waits that cannot be written now."""
    portal.wait_seconds = 25
    monkeypatch.setattr("portal.syncagent.cli.time.monotonic", lambda: 0.0)
    stand.steps = 16
    assert agent("run") == 0
    assert 0.05 <= stand.pauses[0] <= 0.1 <= stand.pauses[1] <= 0.2 <= stand.pauses[2] <= 0.4
    assert all(0.5 <= pause <= 1 for pause in stand.pauses[4:]), "up to the portal's own rhythm"


def test_a_line_that_bears_no_waiting_is_used_as_before(agent: Agent, portal: Portal, stand: Stand) -> None:
    portal.wait_seconds = 25
    stand.steps = 3

    def cut() -> None:
        raise ConnectionResetError

    portal.on_wait = [cut]
    assert agent("run") == 0
    assert 0.9 <= stand.pauses[0] <= 1.1, "the usual pause, then another round"
    assert len(portal.heartbeats) >= 2


def test_an_agent_that_is_revoked_while_it_waits_ends(agent: Agent, portal: Portal, stand: Stand) -> None:
    portal.wait_seconds = 25

    def revoked() -> None:
        portal.revoked = True
        raise ConnectionResetError  # the next word is heard by a portal that knows it no more

    portal.on_wait = [revoked]
    assert agent("run") == 3


def test_asked_to_stop_a_call_that_waits_is_left_at_once() -> None:
    stop = Stop()
    inside, never = threading.Event(), threading.Event()

    def call() -> str:
        inside.set()
        never.wait(PATIENCE)
        return "too late"

    def ask() -> None:
        inside.wait(PATIENCE)
        stop.ask()

    threading.Thread(target=ask, daemon=True).start()
    assert stop.during(call) is None
    assert not never.is_set(), "nobody waited for the call to end"
    assert stop.wait(PATIENCE), "and whoever waits afterwards is told at once"
    never.set()


def test_what_a_call_gives_or_raises_comes_through() -> None:
    stop = Stop()
    assert stop.during(lambda: "news") == "news"

    def fail() -> str:
        raise KeyError("x")

    with pytest.raises(KeyError):
        stop.during(fail)
    assert not stop.wait(0)
