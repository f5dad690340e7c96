"""What a person types and reads: pairing, status, one agent only, revoked, and what is kept where."""

import ast
import hashlib
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import portal.syncagent
from portal.syncagent import logs
from portal.syncagent.config import home, windows_protection
from portal.syncagent.lock import only_one
from portal.syncagent.texts import TEXTS
from tests.unit.syncagent.simulator import CODE, PROJECT, TOKEN, Agent, Portal

ONE = {"CODA/a.cod": b"a document's content"}
SOURCES = sorted(Path(portal.syncagent.__file__).parent.glob("*.py"))


def test_pairing_tells_the_portal_who_it_is_and_says_where_files_go(unpaired: Agent, portal: Portal) -> None:
    assert unpaired.pair(portal) == 0
    [request] = portal.pairings
    assert request["code"] == CODE
    assert request["name"] == "SRV01"
    assert request["version"] == "0.1.0"
    assert request["platform"]
    said = unpaired.said
    assert "Paired with Kantoor Noordzee" in said
    assert str(unpaired.root) in said


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_settings_token_journal_and_log_are_readable_by_their_owner_only(
    agent: Agent, portal: Portal
) -> None:
    portal.offer(ONE)
    agent.once()
    for path in [agent.config, *agent.config.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert (agent.config / "token").read_text() == f"{TOKEN}1"
    assert TOKEN not in (agent.config / "config.json").read_text()


def test_a_wrong_code_is_explained_and_leaves_nothing_behind(unpaired: Agent, portal: Portal) -> None:
    assert unpaired("pair", portal.url, "NOPE", "--root", str(unpaired.root)) == 2
    assert unpaired.said.count("mistyped, used already or expired") == 1
    assert unpaired.once() == 2
    assert "not paired yet" in unpaired.said


def test_too_many_tries_are_explained(unpaired: Agent, portal: Portal) -> None:
    portal.fail("/pair", 429, "too_many_tries", headers={"Retry-After": "120"})
    assert unpaired.pair(portal) == 5
    assert "Wait 120 seconds" in unpaired.said


def test_a_neutral_page_is_no_portal(unpaired: Agent, portal: Portal) -> None:
    portal.fail("/pair", 404, problem=False)
    assert unpaired.pair(portal) == 5
    assert "not as a portal" in unpaired.said


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("no-such-host.invalid", "is not known"),
        ("http://my.office.be", "without encryption"),
        ("http://user:secret@my.office.be", "not an address"),
        ("https://my.office.be/login?next=/", "not an address"),
        ("my office", "not an address"),
        ("", "not an address"),
        ("localhost:99999", "not an address"),
        ("ftp://my.office.be", "not an address"),
        ("-x.be", "not an address"),
        ("localhost:1", "cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_is_explained(unpaired: Agent, host: str, words: str) -> None:
    arguments = ["pair", "--root", str(unpaired.root), "--", host, CODE]
    assert unpaired_main(unpaired, arguments) in {2, 5}
    assert words in unpaired.said


def unpaired_main(agent: Agent, arguments: list[str]) -> int:
    from portal.syncagent.cli import main

    return main([arguments[0], "--config", str(agent.config), *arguments[1:]])


def test_the_code_is_not_spent_on_a_folder_that_cannot_be(unpaired: Agent, portal: Portal) -> None:
    unpaired.root = unpaired.root / "missing" / "parent"
    assert unpaired.pair(portal) == 2
    assert portal.pairings == []


def test_a_second_agent_on_the_same_folder_is_refused_unless_it_takes_over(
    agent: Agent, portal: Portal, tmp_path: Path
) -> None:
    second = Agent(tmp_path / "second", agent.root, agent.capture)
    assert second.pair(portal) == 2
    assert "belongs to another agent" in second.said
    assert len(portal.pairings) == 1
    assert second.pair(portal, "--take-over") == 0
    assert agent("status") == 1
    assert "does not carry this agent's mark" in agent.said


def test_two_agents_with_the_same_settings_never_run_at_once(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    with only_one(agent.config / "agent.lock"):
        assert agent.process().returncode == 4
        assert agent("status") == 1
        assert "Running       yes" in agent.said
    assert portal.confirmations == []
    assert agent.once() == 0


def test_a_revoked_agent_stops_and_says_how_to_go_on(agent: Agent, portal: Portal) -> None:
    portal.revoked = True
    assert agent("run") == 3
    assert agent.said.count("was revoked") == 1
    portal.revoked = False
    assert agent.pair(portal) == 0, "pairing again with the same portal needs no unpairing"
    assert agent.once() == 0


def test_pairing_with_another_portal_needs_unpairing_first(agent: Agent, portal: Portal) -> None:
    assert agent("pair", "localhost:1", CODE) == 2
    assert "unpair" in agent.said
    assert agent("unpair") == 0
    assert not (agent.root / ".fidero-agent.json").exists()
    assert not (agent.config / "token").exists()
    assert agent("status") == 2


def test_status_shows_what_a_person_wants_to_know(agent: Agent, portal: Portal) -> None:
    assert agent("status") == 1, "never was in touch"
    portal.offer(ONE)
    agent.once()
    assert agent.said
    assert agent("status") == 0
    said = agent.said
    for words in (portal.url, "Kantoor Noordzee", "SRV01", str(agent.root), "GB free", "0 deliveries"):
        assert words in said


def test_status_has_the_hashes_of_the_files_that_were_confirmed_last(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    agent.once()
    assert agent("status") == 0
    [content] = ONE.values()
    said = agent.said
    assert f"{hashlib.sha256(content).hexdigest()}  {agent.root}" in said
    assert "a.cod" in said


def test_a_folder_that_was_not_there_is_made_and_said_and_one_that_was_is_not(
    unpaired: Agent, portal: Portal
) -> None:
    assert unpaired.pair(portal) == 0
    assert f"Made this folder: {unpaired.root.resolve()}" in unpaired.said
    assert unpaired.pair(portal) == 0
    assert "Made this folder" not in unpaired.said


def test_an_agent_too_old_writes_nothing_and_says_so_everywhere(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    portal.minimum_version = "0.2.0"
    agent.once()
    assert agent.files() == {}
    assert "too old" in agent.said
    agent.once()
    assert [each["code"] for each in portal.heartbeats[-1]["problems"]] == ["agent_too_old"]
    portal.minimum_version = "0.1.0"
    assert agent.once() == 0
    assert len(agent.files()) == 1


def test_a_newer_version_is_mentioned_and_nothing_is_replaced(agent: Agent, portal: Portal) -> None:
    portal.latest_version = "0.10.0"
    assert agent.once() == 0
    assert "0.10.0 of the agent is available" in agent.said


@pytest.mark.parametrize(("minutes", "word"), [(-20, "ahead of"), (20, "behind")])
def test_a_clock_that_is_wrong_is_told(agent: Agent, portal: Portal, minutes: int, word: str) -> None:
    portal.clock = timedelta(minutes=minutes)
    assert agent.once() == 0
    assert word in agent.said
    agent.once()
    assert [each["code"] for each in portal.heartbeats[-1]["problems"]] == ["clock_skew"]


def test_settings_that_cannot_be_read_are_said_with_their_path(agent: Agent) -> None:
    (agent.config / "config.json").write_text("{ not json")
    assert agent.once() == 2
    assert "config.json" in agent.said


def test_a_journal_that_cannot_be_read_is_said_with_its_path(agent: Agent) -> None:
    (agent.config / "journal.db").write_bytes(b"not a database, and long enough to be looked at" * 20)
    assert agent.once() == 2
    assert "journal.db" in agent.said


def test_the_log_holds_no_content_and_no_token(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    agent.once()
    text = (agent.config / "logs" / "agent.log").read_text()
    assert "files confirmed: 1" in text
    assert TOKEN not in text
    assert "document's content" not in text


def test_the_log_rotates_and_a_name_cannot_fake_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 500)
    path = tmp_path / "agent.log"
    logs.start(path, console=False)
    for number in range(40):
        logs.log.info("line %d\n2026-01-01 ERROR   faked", number)
    logs.stop()
    assert len(list(tmp_path.iterdir())) == logs.KEPT + 1
    assert all("line" in line for each in tmp_path.iterdir() for line in each.read_text().splitlines())


def test_the_agent_stops_cleanly_when_the_system_asks(agent: Agent, portal: Portal) -> None:
    command = [sys.executable, "-m", "portal.syncagent", "run", "--config", str(agent.config)]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "fidero-agent 0.1.0" in process.stdout.readline()
        process.terminate()
        assert process.wait(30) == 0


def test_the_settings_folder_is_where_each_system_expects_it(tmp_path: Path) -> None:
    assert home(None, {"FIDERO_AGENT_CONFIG": str(tmp_path)}).folder == tmp_path
    assert home(str(tmp_path / "x"), {"FIDERO_AGENT_CONFIG": "/no"}).folder == tmp_path / "x"
    assert home(None, {"XDG_CONFIG_HOME": "/etc/xdg"}, "linux").folder == Path("/etc/xdg/fidero-agent")
    assert home(None, {}, "linux").folder == Path.home() / ".config" / "fidero-agent"
    assert home(None, {"PROGRAMDATA": "D:"}, "win32").folder == Path("D:") / "Fidero Agent"


def test_on_windows_the_folder_is_closed_to_other_users() -> None:
    command = windows_protection(Path("folder"), "svc")
    assert command[:4] == ["icacls", "folder", "/inheritance:r", "/grant:r"]
    assert [each.split(":")[0] for each in command[4:]] == ["*S-1-5-18", "*S-1-5-32-544", "svc"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_agent_imports_only_itself_the_standard_library_httpx_and_msgspec(source: Path) -> None:
    allowed = set(sys.stdlib_module_names) | {"httpx", "msgspec"}
    for node in ast.walk(ast.parse(source.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in allowed or name.startswith("portal.syncagent"), name


def test_every_sentence_is_used_and_every_error_has_one() -> None:
    words = {
        node.value
        for source in SOURCES
        if source.name != "texts.py"
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(TEXTS) - words == set()
    raised = {
        node.args[0].value
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id.endswith("Error") or node.func.id == "say")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.func.id not in {"UnsafeNameError", "FileExistsError", "OSError", "InterruptedDownloadError"}
    }
    assert raised <= set(TEXTS), raised - set(TEXTS)
