"""Cut lines, proxies, broken bytes, a portal that is away: late is allowed, wrong is not."""

import contextlib
import hashlib
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.syncagent.client import GONE
from portal.syncagent.download import TRIES
from portal.syncagent.runner import Backoff
from portal.syncagent.texts import TEXTS
from tests.unit.syncagent.simulator import Agent, Portal

BIG = {"CODA/a.cod": random.Random(7).randbytes(200_000)}


class Pauses:
    """Stands in for the stop event: pauses are asked for, not slept; after `rounds` of them it is time to stop."""

    def __init__(self, rounds: int) -> None:
        self.asked: list[float] = []
        self.rounds = rounds

    def wait(self, seconds: float) -> bool:
        self.asked.append(seconds)
        return len(self.asked) >= self.rounds

    def during(self, call: Callable[[], Any]) -> Any:
        return call()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    event = Pauses(1000)
    monkeypatch.setattr("portal.syncagent.cli._stopping", lambda: contextlib.nullcontext(event))
    return event


def ranges(portal: Portal) -> list[str | None]:
    return [headers.get("Range") for _, path, headers in portal.requests if path.endswith("/bundle")]


def test_a_cut_download_goes_on_where_it_was_cut(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.cut_bundle_after = [50_000, 1, 100_000]
    assert agent.once() == 0
    assert agent.files() == {"0815/CODA/a.cod": BIG["CODA/a.cod"]}
    assert ranges(portal) == [None, "bytes=50000-", "bytes=50001-", "bytes=150001-"]


@pytest.mark.parametrize("fraction", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_wherever_the_line_is_cut_the_files_are_whole(agent: Agent, portal: Portal, fraction: int) -> None:
    portal.offer(BIG)
    portal.cut_bundle_after = [portal.deliveries["d1"]["size"] * fraction // 10]
    assert agent.once() == 0
    assert agent.files() == {"0815/CODA/a.cod": BIG["CODA/a.cod"]}


def test_a_download_begun_in_an_earlier_run_is_used(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.cut_bundle_after = [70_000] + [0] * TRIES
    assert agent.once() == 1
    assert portal.refusals == [], "a bad line is no reason to refuse"
    assert agent.once() == 0
    assert ranges(portal)[-1] == "bytes=70000-"


def test_a_portal_that_does_not_resume_is_asked_from_the_beginning(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.ignore_range = True
    portal.cut_bundle_after = [50_000]
    assert agent.once() == 0
    assert len(ranges(portal)) == 2
    assert agent.files() == {"0815/CODA/a.cod": BIG["CODA/a.cod"]}


def test_a_proxys_page_is_not_taken_for_the_bundle(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.html_bundles = 1
    assert agent.once() == 1
    assert agent.files() == {}
    assert portal.refusals == []
    assert "text/html came instead of the bundle" in agent.said
    assert agent.once() == 0


def test_bytes_that_changed_on_the_way_once_are_fetched_again(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.corrupt_bundles = 1
    assert agent.once() == 0
    assert portal.refusals == []


def test_a_bundle_whose_hash_stays_wrong_is_refused_as_damaged(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.corrupt_bundles = 2
    assert agent.once() == 1
    assert agent.files() == {}
    assert [notice["reason"] for _, notice in portal.refusals] == ["damaged_bundle"]


def test_an_answer_longer_than_announced_does_not_fill_the_disk(agent: Agent, portal: Portal) -> None:
    portal.offer(BIG)
    portal.deliveries["d1"]["size"] = 1000
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["damaged_bundle"]
    assert sum(path.stat().st_size for path in (agent.config / "downloads").iterdir()) == 0 or not list(
        (agent.config / "downloads").iterdir()
    )


def hashed(portal: Portal, delivery_id: str, data: bytes) -> None:
    portal.bundles[delivery_id] = data
    portal.deliveries[delivery_id] |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


@pytest.mark.parametrize(
    "data", [b"", b"no zip at all", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"\xff" * 500]
)
def test_what_is_no_zip_or_lacks_a_file_is_refused_as_damaged(
    agent: Agent, portal: Portal, data: bytes
) -> None:
    portal.offer({"CODA/a.cod": b"a"})
    hashed(portal, "d1", data)
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["damaged_bundle"]
    assert agent.files() == {}


def test_a_member_whose_bytes_are_not_the_announced_ones_is_refused(agent: Agent, portal: Portal) -> None:
    portal.offer(
        {"CODA/a.cod": b"abc", "CODA/b.cod": b"b"}, members={"CODA/a.cod": b"abX", "CODA/b.cod": b"b"}
    )
    assert agent.once() == 1
    [(_, notice)] = portal.refusals
    assert (notice["reason"], notice["item_id"]) == ("damaged_bundle", "item-CODA-a-cod")
    assert agent.files() == {}


def test_a_member_that_unpacks_to_more_than_announced_is_refused(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"abc"}, members={"CODA/a.cod": bytes(5_000_000)})
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["damaged_bundle"]


def test_a_zip_that_lies_about_a_members_size_is_refused(agent: Agent, portal: Portal) -> None:
    """The directory says 3 bytes, the data unpacks to five million: zipfile stops, or the hash tells."""
    portal.offer({"CODA/a.cod": b"abc"}, members={"CODA/a.cod": bytes(5_000_000)})
    data = bytearray(portal.bundles["d1"])
    size = (5_000_000).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (3).to_bytes(4, "little")
    hashed(portal, "d1", bytes(data))
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["damaged_bundle"]
    assert agent.files() == {}


@pytest.mark.parametrize("path", ["../evil.xml", "/evil.xml", "C:/evil.xml", "a\\..\\evil.xml", "CODA/NUL"])
def test_unsafe_names_from_the_portal_are_refused_and_nothing_is_written(
    agent: Agent, portal: Portal, path: str
) -> None:
    portal.offer({path: b"evil", "CODA/good.cod": b"good"}, members={"CODA/good.cod": b"good"})
    assert agent.once() == 1
    [(_, notice)] = portal.refusals
    assert notice["reason"] == "unsafe_path"
    assert agent.files() == {}
    assert not (agent.root.parent / "evil.xml").exists()


@pytest.mark.parametrize("member", ["../evil.xml", "a\\..\\evil.xml", "CON"])
def test_unsafe_members_are_refused_even_if_nobody_announced_them(
    agent: Agent, portal: Portal, member: str
) -> None:
    portal.offer({"CODA/a.cod": b"a"}, members={"CODA/a.cod": b"a", member: b"evil"})
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["unsafe_path"]
    assert agent.files() == {}


def test_a_link_in_the_zip_is_refused(agent: Agent, portal: Portal, tmp_path: Path) -> None:
    portal.offer({"CODA/a.cod": b"/etc/passwd"})
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("CODA/a.cod")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, b"/etc/passwd")
    hashed(portal, "d1", path.read_bytes())
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["unsafe_path"]


def test_two_names_that_windows_holds_for_one_are_refused(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"a", "coda/A.COD": b"b"})
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["unsafe_path"]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_portal_in_trouble_is_left_alone_until_later(agent: Agent, portal: Portal, status: int) -> None:
    portal.offer(BIG)
    portal.fail("/deliveries", status, problem=False)
    assert agent.once() == 5
    assert "tries again later" in agent.said
    assert agent.once() == 0


def test_a_bundle_the_portal_cannot_serve_does_not_hold_up_other_dossiers(
    agent: Agent, portal: Portal
) -> None:
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="first")
    portal.offer({"CODA/b.cod": b"b"}, delivery_id="other", code="0816")
    portal.fail("first/bundle", 500, "internal")
    assert agent.once() == 1
    assert list(portal.confirmed) == ["other"]
    assert agent.once() == 0


@pytest.mark.parametrize("call", ["/heartbeat", "/deliveries"])
def test_a_page_instead_of_json_is_said_to_be_no_portal(agent: Agent, portal: Portal, call: str) -> None:
    portal.answers[call] = [(200, "text/html", b"<html>Welcome to Hotel WLAN</html>", {})]
    assert agent.once() == 5
    assert "not as a portal" in agent.said


def test_a_redirect_is_not_followed_as_it_would_give_the_token_away(agent: Agent, portal: Portal) -> None:
    portal.fail("/heartbeat", 302, problem=False, headers={"Location": "https://elsewhere.example/login"})
    assert agent.once() == 5
    assert "elsewhere.example" in agent.said
    assert len([path for _, path, _ in portal.requests if path.endswith("/heartbeat")]) == 1


def test_the_portal_can_be_away_and_come_back(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = agent.config / "config.json"
    right = url.read_text()
    url.write_text(right.replace(portal.url, "noordzee.localhost:1"))
    assert agent.once() == 5
    assert "cannot be reached" in agent.said
    url.write_text(right)
    assert agent.once() == 0


def test_pauses_grow_are_spread_and_begin_anew() -> None:
    backoff = Backoff(2, 60, spread=lambda: 1.0)
    assert [backoff.next() for _ in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next() == 2
    assert Backoff(2, 60, spread=lambda: 0.0).next() == 1


def test_running_on_waits_longer_while_the_portal_is_away_and_heeds_retry_after(
    agent: Agent, portal: Portal, pauses: Pauses
) -> None:
    for _ in range(2):
        portal.fail("/heartbeat", 500, problem=False)
    portal.fail("/heartbeat", 429, "slow_down", headers={"Retry-After": "77"})
    pauses.rounds = 4
    assert agent("run") == 0
    assert 0.5 <= pauses.asked[0] <= 1 <= pauses.asked[1] <= 2
    assert pauses.asked[2] == 77
    assert pauses.asked[3] <= 1.1, "back to the portal's own rhythm once it answers"


def test_running_on_leaves_a_delivery_that_failed_alone_for_a_while(
    agent: Agent, portal: Portal, pauses: Pauses
) -> None:
    portal.offer(BIG)
    portal.html_bundles = 100
    pauses.rounds = 5
    assert agent("run") == 0
    assert len(ranges(portal)) == 1


def test_asked_to_stop_while_a_line_keeps_breaking_it_stops(
    agent: Agent, portal: Portal, pauses: Pauses
) -> None:
    portal.offer(BIG)
    portal.cut_bundle_after = [0] * 100
    pauses.rounds = 1
    assert agent("run") == 0
    assert len(pauses.asked) == 2


def test_proxies_of_the_environment_are_not_asked_for_names_of_this_computer(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert agent.once() == 0


@pytest.mark.parametrize(
    ("path", "status", "code", "said"),
    [
        ("d/bundle", 409, "archive_damaged", "is damaged in the portal"),
        ("d/bundle", 409, "taken", "is with another agent"),
        ("d/bundle", 409, "confirmed", "has arrived already"),
        ("d/bundle", 409, "code_clash", "names the same folder"),
        ("d/bundle", 404, "not_found", "was taken back"),
        ("d/bundle", 409, "of_a_later_portal", "of_a_later_portal"),
        ("d/bundle", 409, "\u202e<b>", "no longer offers"),
        ("d/confirm", 400, "wrong_hash", "differs from the bundle's"),
        ("d/bundle", 500, "unexpected", "something went wrong in the portal"),
        ("/heartbeat", 403, "forbidden", "this agent may not"),
        ("/deliveries", 503, "unavailable", "a part of the portal is away"),
    ],
)
def test_what_the_portal_says_is_told_in_the_agents_own_words(
    agent: Agent,
    portal: Portal,
    caplog: pytest.LogCaptureFixture,
    path: str,
    status: int,
    code: str,
    said: str,
) -> None:
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="d")
    portal.fail(path, status, code)
    agent.once()
    everything = agent.said + caplog.text
    assert said in everything
    assert "archief" not in everything
    assert "Niet mogelijk" not in everything
    assert "\u202e" not in everything
    if code != "not_found":
        assert "took" not in everything
        assert "taken back" not in everything


def test_every_sentence_about_a_lost_delivery_is_in_the_table() -> None:
    assert set(TEXTS) >= GONE
