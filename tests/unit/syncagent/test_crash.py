"""Killed at any moment and started again: one file, one proof."""

from pathlib import Path
from typing import Any

import pytest

from portal.syncagent import deliver
from portal.syncagent.client import Feed
from portal.syncagent.client import Portal as Client
from portal.syncagent.journal import Journal
from tests.unit.syncagent.simulator import Agent, Portal

PLACED = {"0815/CODA/a.cod": b"a" * 5000, "0815/CODA/b.cod": b"b" * 10}
FILES = {path.removeprefix("0815/"): data for path, data in PLACED.items()}
POINTS = ("after_write", "after_rename:1", "after_rename:2", "before_confirm", "after_confirm")


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_leaves_one_file_and_one_proof(agent: Agent, portal: Portal, point: str) -> None:
    portal.offer(FILES)
    broken = agent.process(fail_at=point)
    assert broken.returncode == 9, broken.stderr
    kept = {path: (agent.root / path).stat().st_ino for path in PLACED if (agent.root / path).exists()}
    after = agent.process()
    assert after.returncode == 0, after.stderr
    assert agent.files() == PLACED, "no temporary file stays either"
    assert all((agent.root / path).stat().st_ino == inode for path, inode in kept.items()), "not rewritten"
    assert set(portal.proofs.values()) == {1}
    assert len(portal.proofs) == 2
    assert portal.refusals == []


@pytest.mark.parametrize("point", ["before_confirm", "after_rename:2", "after_confirm"])
def test_what_the_importer_took_between_crash_and_restart_is_confirmed_and_not_written_again(
    agent: Agent, portal: Portal, point: str
) -> None:
    portal.offer(FILES)
    assert agent.process(fail_at=point).returncode == 9
    for path in PLACED:
        (agent.root / path).unlink()
    assert agent.process().returncode == 0
    assert agent.files() == {}, "a second copy would be booked twice"
    assert len(portal.proofs) == 2


def test_between_two_renames_the_file_taken_is_not_written_again_and_the_other_is_written(
    agent: Agent, portal: Portal
) -> None:
    portal.offer(FILES)
    assert agent.process(fail_at="after_rename:1").returncode == 9
    (agent.root / "0815/CODA/a.cod").unlink()
    again = agent.process()
    assert again.returncode == 0
    assert agent.files() == {"0815/CODA/b.cod": b"b" * 10}
    assert len(portal.proofs) == 2
    assert "the bookkeeping package took it" in again.stdout


def test_crashing_at_every_point_one_after_the_other_still_leaves_one_of_each(
    agent: Agent, portal: Portal
) -> None:
    portal.offer(FILES)
    for point in ("after_write", "after_write", "after_rename:1", "before_confirm", "after_confirm"):
        assert agent.process(fail_at=point).returncode == 9
    assert agent.process().returncode == 0
    assert agent.files() == PLACED
    assert set(portal.proofs.values()) == {1}


def test_a_share_that_is_away_after_a_crash_makes_no_false_proof(agent: Agent, portal: Portal) -> None:
    """An unmounted share leaves an empty folder: everything looks taken, nothing may be confirmed."""
    portal.offer(FILES)
    assert agent.process(fail_at="after_rename:1").returncode == 9
    away = agent.root.with_name("mounted-elsewhere")
    agent.root.rename(away)
    agent.root.mkdir()
    assert agent.process().returncode == 5
    assert portal.proofs == {}
    agent.root.rmdir()
    away.rename(agent.root)
    assert agent.process().returncode == 0
    assert agent.files() == PLACED
    assert len(portal.proofs) == 2


def test_a_delivery_taken_back_after_a_crash_leaves_no_temporary_file(agent: Agent, portal: Portal) -> None:
    portal.offer(FILES)
    assert agent.process(fail_at="after_write").returncode == 9
    assert len(agent.files()) == 2
    portal.deliveries.clear()
    assert agent.process().returncode == 0
    assert agent.files() == {}


def test_an_answer_to_confirm_that_is_lost_is_asked_for_again(agent: Agent, portal: Portal) -> None:
    portal.offer(FILES)
    portal.lose_confirm_answers = 1
    assert agent.once() == 5
    assert agent.once() == 0
    assert agent.files() == PLACED
    assert [each for each, _ in portal.confirmations] == ["d1", "d1"]
    assert set(portal.proofs.values()) == {1}


def test_the_time_of_writing_is_kept_in_the_proof_across_a_crash(agent: Agent, portal: Portal) -> None:
    portal.offer(FILES)
    agent.process(fail_at="after_confirm")
    agent.process()
    first, second = portal.confirmations
    assert first == second


def test_a_share_that_goes_away_in_the_middle_of_a_round_makes_no_false_proof(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.offer(FILES)
    assert agent.process(fail_at="after_rename:1").returncode == 9
    away = agent.root.with_name("mounted-elsewhere")
    real = Client.deliveries

    def deliveries(client: Client) -> Feed:
        agent.root.rename(away)
        agent.root.mkdir()
        return real(client)

    monkeypatch.setattr(Client, "deliveries", deliveries)
    assert agent.once() == 5
    assert portal.proofs == {}
    assert portal.refusals == []
    assert agent.files() == {}


def test_a_proof_the_portal_does_not_take_is_a_problem_people_see_and_is_offered_again(
    agent: Agent, portal: Portal
) -> None:
    portal.offer(FILES)
    assert agent.process(fail_at="before_confirm").returncode == 9
    portal.fail("/confirm", 422, "wrong_hash")
    assert agent.once() == 1
    agent.once()
    assert [each["code"] for each in portal.heartbeats[-1]["problems"]] == ["delivery_failed"]
    assert agent.files() == PLACED
    assert portal.deliveries == {}


def test_the_names_of_temporary_files_are_on_the_disk_before_the_journal_says_they_are_to_be_renamed(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a temporary name that is gone means *renamed, and taken by the importer*: it must not be a name that was lost."""
    happened: list[tuple[str, object]] = []
    sync, move = deliver.sync_folder, Journal.move

    def syncing(folder: Path) -> None:
        parts = [entry for entry in folder.iterdir() if entry.suffix == ".part"]
        happened.append(("synced", (folder, len(parts))))
        sync(folder)

    def moving(self: Journal, delivery_id: str, positions: Any, state: Any, now: Any) -> None:
        happened.append(("journal", state))
        move(self, delivery_id, positions, state, now)

    monkeypatch.setattr(deliver, "sync_folder", syncing)
    monkeypatch.setattr(Journal, "move", moving)
    portal.offer({**FILES, "Demat/Aankopen/c.xml": b"c"})
    assert agent.once() == 0
    before = happened[: happened.index(("journal", "intended"))]
    assert set(before) >= {
        ("synced", (agent.root / "0815/CODA", 2)),
        ("synced", (agent.root / "0815/Demat/Aankopen", 1)),
    }
