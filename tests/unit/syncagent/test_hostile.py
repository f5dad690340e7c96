"""Hostile archives and names: refused with a reason, told to the portal, and never tried for ever; the next delivery goes on."""

import io
import logging
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.syncagent import contract, logs
from portal.syncagent.deliver import Deliverer
from portal.syncagent.errors import RefusalError
from portal.syncagent.names import UnsafeNameError, check_component, check_relative
from portal.syncagent.runner import MOST_TRIES, MOST_UNAVAILABLE, MOST_UNSERVED
from portal.syncagent.texts import visible
from portal.syncagent.unpack import Bundle
from tests.unit.syncagent.simulator import Agent, Portal, sha

GOOD = {"CODA/a.cod": b"a"}


def archive(*names: str) -> bytes:
    """A ZIP with these names, whatever a library thinks of them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice is what we want
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name
            made.writestr(info, b"a")
    return out.getvalue()


def announced(data: bytes, *paths: str) -> contract.Delivery:
    files = [contract.DeliveryFile("i1", path, sha(b"a"), 1, "coda") for path in paths]
    return contract.Delivery("d1", "x", "0815", "Peeters", None, "b1", 1, sha(data), len(data), files)


def check_refusal(refused: RefusalError) -> None:
    """It has a reason that the portal knows, in words that act nowhere."""
    assert refused.reason in {"unsafe_path", "damaged_bundle"}
    assert visible(str(refused)) == str(refused)


HOSTILE = [
    "",
    "/",
    "../CODA/a.cod",
    "/CODA/b.cod",
    "other/place/a.cod",
    "0815/CODA/a.cod",
    "CODA/desktop.ini",
    "CODA/Desktop.INI",
    "CODA/thumbs.db",
    "CODA/-rf",
    "-rf",
    "~",
    "~/.bashrc",
    "CODA/~$a.cod",
    "CODA/LONGFI~1.XML",
    "CODA/nul",
    "CODA/com1.xml",
    "CODA/a.cod.",
    "CODA/a.cod ",
    "CODA/ a.cod",
    "CODA/a.cod:stream",
    "CODA/a.cod::$DATA",
    "CODA\\b.cod",
    "CODA/" + "a" * 300,
    "/".join("a" * 20),
    "CODA/\u202edoc.cod",
    "CODA/\x1b[2J.cod",
    "CODA/a\n.cod",
    "CODA/A.COD",
    "coda/a.cod",
    "CODA/a.exe",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_entry_refuses_its_delivery_and_the_next_goes_on(
    agent: Agent, portal: Portal, name: str
) -> None:
    delivery_id = portal.offer(GOOD)
    data = archive("manifest.json", "CODA/a.cod", name)
    portal.bundles[delivery_id] = data
    portal.deliveries[delivery_id] |= {"sha256": sha(data), "size": len(data)}
    portal.offer({"CODA/c.cod": b"c"}, delivery_id="next", code="0816")
    assert agent.once() == 1
    [(refused, notice)] = portal.refusals
    assert refused == delivery_id
    assert notice["reason"] in {"unsafe_path", "damaged_bundle"}
    assert set(agent.files()) == {"0816/CODA/c.cod"}
    for told in (agent.said, notice["detail"], agent_log(agent)):
        assert visible(told.replace("\n", "")) == told.replace("\n", "")


def agent_log(agent: Agent) -> str:
    return "".join(path.read_text() for path in agent.config.glob("*.log"))


@pytest.mark.parametrize(
    "name", ["-rf", "~", "~x", "desktop.ini", "Thumbs.db", "PROGRA~1", "a~12.xml", ".htaccess"]
)
def test_names_that_act_elsewhere_are_no_names(name: str) -> None:
    with pytest.raises(UnsafeNameError):
        check_component(name)


@pytest.mark.parametrize("name", ["a-rf", "a~b", "ini", "desktop.xml", "20261001_0001-000001_coda_1.cod"])
def test_names_that_only_look_like_them_are_taken(name: str) -> None:
    assert check_component(name) == name


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(max_size=30) | st.sampled_from(HOSTILE), max_size=4), cut=st.integers(0, 400))
def test_of_any_archive_only_what_was_announced_comes_out_or_it_is_refused(
    tmp_path: Path, names: list[str], cut: int
) -> None:
    try:
        data = archive("CODA/a.cod", *names)
    except (ValueError, UnicodeError, struct.error):
        return  # no ZIP can hold such a name
    data = data[: len(data) - cut] if cut < 50 else data
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    delivery = announced(data, "CODA/a.cod")
    try:
        with Bundle(path, delivery) as bundle:
            assert b"".join(bundle.chunks(delivery.files[0])) == b"a"
    except RefusalError as refused:
        check_refusal(refused)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), byte=st.integers(0, 255))
def test_of_an_archive_with_any_byte_changed_too(tmp_path: Path, at: int, byte: int) -> None:
    data = bytearray(archive("manifest.json", "CODA/a.cod"))
    data[at % len(data)] = byte
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    delivery = announced(bytes(data), "CODA/a.cod")
    try:
        with Bundle(path, delivery) as bundle:
            assert b"".join(bundle.chunks(delivery.files[0])) == b"a"
    except RefusalError as refused:
        check_refusal(refused)


@given(st.text())
def test_every_name_is_taken_or_refused_and_never_shown_as_it_is(name: str) -> None:
    try:
        parts = check_relative(name)
    except UnsafeNameError as error:
        check_refusal(RefusalError("unsafe_path", path=name, detail=error))
    else:
        assert all(part and part[0] not in "-~ " and part[-1] not in ". " for part in parts)


def test_nothing_acts_on_the_terminal_or_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(tmp_path / "agent.log", console=True)
    try:
        odd = "\x1b[2J\u202egpj\r\n\x07\u2066"
        logging.getLogger("fidero_agent").error("%s", odd)
        logging.getLogger("fidero_agent").error("trouble", exc_info=ValueError(odd))
    finally:
        logs.stop()
    for text in (capsys.readouterr().out, (tmp_path / "agent.log").read_text()):
        assert not {"\x1b", "\u202e", "\r", "\x07", "\u2066"} & set(text)
        assert "\\x1b[2J\\u202egpj" in text


def test_the_folders_of_odd_dossiers_are_listed_as_text(agent: Agent, portal: Portal) -> None:
    portal.offer(GOOD, dossier_name="Peeters\x1b[2J\u202e")
    assert agent("folders") == 0
    assert "Peeters\\x1b[2J\\u202e" in agent.said


def test_what_nobody_expected_is_tried_so_often_and_then_told(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.offer(GOOD, delivery_id="odd")
    portal.offer({"CODA/c.cod": b"c"}, delivery_id="next", code="0816")
    deliver = Deliverer.deliver

    def stumble(self: Deliverer, delivery: contract.Delivery) -> int:
        if delivery.id == "odd":
            raise IndexError("nobody thought of this")
        return deliver(self, delivery)

    monkeypatch.setattr(Deliverer, "deliver", stumble)
    for _ in range(MOST_TRIES):
        assert portal.refusals == []
        agent.once()
    [(refused, notice)] = portal.refusals
    assert (refused, notice["reason"]) == ("odd", "failed")
    assert "IndexError" in notice["detail"]
    assert "next" in portal.confirmed


@pytest.mark.parametrize("problem", [True, False])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_portal_that_cannot_serve_one_bundle_serves_the_others(
    agent: Agent, portal: Portal, status: int, *, problem: bool
) -> None:
    portal.offer(GOOD, delivery_id="first")
    portal.offer({"CODA/c.cod": b"c"}, delivery_id="next", code="0816")
    portal.fail("first/bundle", status, problem=problem)
    assert agent.once() == 1
    assert list(portal.confirmed) == ["next"]


def test_a_bundle_the_portal_can_never_serve_is_told_in_the_end_and_holds_no_other_up(
    agent: Agent, portal: Portal
) -> None:
    portal.offer(GOOD, delivery_id="first")
    for each in range(MOST_UNSERVED):
        portal.fail("first/bundle", 503)
        portal.offer({f"CODA/{each}.cod": b"c"}, delivery_id=f"n{each}", code="0816", number=each + 1)
        assert portal.refusals == []
        agent.once()
        assert f"n{each}" in portal.confirmed
    [(refused, notice)] = portal.refusals
    assert (refused, notice["reason"]) == ("first", "failed")
    assert f"{MOST_UNSERVED} times" in notice["detail"]


def test_one_that_cannot_be_told_now_is_told_the_next_time(agent: Agent, portal: Portal) -> None:
    portal.offer(GOOD, delivery_id="first")
    portal.fail("first/refuse", 503)
    for _ in range(MOST_UNSERVED + 1):
        assert portal.refusals == []
        portal.fail("first/bundle", 503)
        agent.once()
    assert [refused for refused, _ in portal.refusals] == ["first"]


def test_a_portal_that_serves_nothing_is_away_and_no_delivery_is_at_fault(
    agent: Agent, portal: Portal
) -> None:
    for each in range(MOST_UNAVAILABLE):
        portal.offer(GOOD, delivery_id=f"d{each}", code=f"08{each:02}")
    for _ in range(MOST_UNSERVED + 1):
        for each in range(MOST_UNAVAILABLE):
            portal.fail(f"d{each}/bundle", 503)
        agent.once()
    assert portal.refusals == []
