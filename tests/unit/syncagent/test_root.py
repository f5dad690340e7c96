"""The folder for the files: chosen with care, marked, and never trusted to be there."""

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from portal.syncagent import place, root
from portal.syncagent.errors import AgentError
from tests.unit.syncagent.simulator import Agent, Portal

ONE = {"CODA/a.cod": b"a"}


def test_a_folder_that_is_away_is_reported_and_deliveries_wait(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    away = agent.root.with_name("away")
    agent.root.rename(away)
    assert agent.once() == 5
    assert portal.refusals == [], "a share that is away is not the bundle's fault"
    beat = portal.heartbeats[-1]
    assert (beat["root_writable"], beat["free_bytes"]) == (False, None)
    assert [each["code"] for each in beat["problems"]] == ["root_missing"]
    away.rename(agent.root)
    assert agent.once() == 0
    beat = portal.heartbeats[-1]
    assert beat["root_writable"] is True
    assert beat["free_bytes"] > 0
    assert beat["problems"] == []


def test_an_empty_mount_point_is_not_taken_for_the_share(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    agent.root.rename(agent.root.with_name("unmounted"))
    agent.root.mkdir()
    assert agent.once() == 5
    assert list(agent.root.iterdir()) == []
    assert "does not carry this agent's mark" in agent.said


def test_the_folder_can_be_marked_anew_after_it_was_replaced(agent: Agent, portal: Portal) -> None:
    portal.offer(ONE)
    shutil.rmtree(agent.root)
    agent.root.mkdir()
    assert agent.once() == 5
    assert agent("folders", "--root", str(agent.root)) == 0
    assert agent.once() == 0


def test_a_folder_that_may_not_be_written_is_reported(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(root, "_probe_write", refuse)
    portal.offer(ONE)
    assert agent.once() == 5
    assert "cannot be written (Permission denied)" in agent.said
    beat = portal.heartbeats[-1]
    assert beat["root_writable"] is False
    assert [each["code"] for each in beat["problems"]] == ["root_not_writable"]
    assert portal.refusals == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EACCES, "access_denied"),
        (errno.EROFS, "access_denied"),
        (errno.ENOENT, "path_missing"),
        (errno.EIO, "path_missing"),
        (errno.ENAMETOOLONG, "unsafe_path"),
    ],
)
def test_what_the_disk_says_becomes_the_reason_and_nothing_half_written_stays(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    real = place.write_temporary
    calls: list[Path] = []

    def write(path: Path, chunks: Iterable[bytes], mode: int) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(number, os.strerror(number), str(path))
        real(path, chunks, mode)

    monkeypatch.setattr("portal.syncagent.deliver.write_temporary", write)
    portal.offer({"CODA/a.cod": b"a", "CODA/b.cod": b"b"})
    assert agent.once() == 1
    [(_, notice)] = portal.refusals
    assert (notice["reason"], notice["item_id"]) == (reason, "item-CODA-b-cod")
    assert agent.files() == {}


def test_a_disk_with_too_little_room_is_refused_before_anything_is_fetched(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(agent.root)._replace(free=0)
    monkeypatch.setattr("portal.syncagent.root.shutil.disk_usage", lambda _: usage)
    portal.offer(ONE)
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["disk_full"]
    assert not [path for _, path, _ in portal.requests if path.endswith("/bundle")]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("link", ["0815", "0815/CODA", "0815/CODA/a.cod"])
def test_nothing_is_written_through_a_link(agent: Agent, portal: Portal, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (agent.root / link).parent.mkdir(parents=True, exist_ok=True)
    (agent.root / link).symlink_to(outside)
    portal.offer(ONE)
    assert agent.once() == 1
    assert [notice["reason"] for _, notice in portal.refusals] == ["unsafe_path"]
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_an_identical_file_behind_a_link_is_no_proof(agent: Agent, portal: Portal, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "CODA"
    outside.mkdir(parents=True)
    (outside / "a.cod").write_bytes(b"a")
    (agent.root / "0815").symlink_to(outside.parent)
    portal.offer(ONE)
    assert agent.once() == 1
    assert portal.confirmations == []


def test_a_file_where_a_folder_should_be_is_refused_with_its_path(agent: Agent, portal: Portal) -> None:
    (agent.root / "0815").write_bytes(b"")
    portal.offer(ONE)
    assert agent.once() == 1
    [(_, notice)] = portal.refusals
    assert notice["reason"] == "path_missing"
    assert str(agent.root / "0815") in notice["detail"]


def test_a_dossier_can_have_a_folder_of_its_own(agent: Agent, portal: Portal, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert agent("folders", "--dossier", "0815", "--root", str(other)) == 0
    portal.offer(ONE)
    portal.offer(ONE, code="0816")
    assert agent.once() == 0
    assert (other / "0815/CODA/a.cod").read_bytes() == b"a"
    assert set(agent.files()) == {"0816/CODA/a.cod"}
    assert agent("folders", "--dossier", "0815") == 0
    assert not (other / root.MARKER).exists(), "the mark is taken back with the folder"


def test_one_folder_that_is_away_holds_up_only_its_dossiers(
    agent: Agent, portal: Portal, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    agent("folders", "--dossier", "0815", "--root", str(other))
    shutil.rmtree(other)
    portal.offer(ONE)
    portal.offer(ONE, code="0816")
    assert agent.once() == 1
    assert set(agent.files()) == {"0816/CODA/a.cod"}
    assert portal.refusals == []


def test_folders_shows_where_the_files_of_each_dossier_go(agent: Agent, portal: Portal) -> None:
    portal.offer({"Demat/Aankopen/a.xml": b"a"})
    agent.once()
    portal.offer(ONE, code=None, number=2)
    assert agent.said
    assert agent("folders") == 0
    capture = agent.said
    assert str(agent.root / "0815" / "Demat" / "Aankopen") in capture
    assert str(agent.root / "_unassigned" / "BE0403199702" / "CODA") in capture
    assert "Bakkerij Peeters" in capture


@pytest.mark.parametrize("path", ["relative/folder", ""])
def test_the_folder_is_given_with_its_full_path(path: str) -> None:
    with pytest.raises(AgentError, match="full path"):
        root.choose(path)


def test_a_missing_parent_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="No such file"):
        root.choose(str(tmp_path / "missing" / "folder"))


def test_a_whole_disk_is_no_folder_for_files() -> None:
    with pytest.raises(AgentError):
        root.choose("/")


def test_renaming_never_replaces_also_without_the_systems_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for helped in (True, False):
        if not helped:
            monkeypatch.setattr(place, "_rename_no_replace", lambda *_: False)
        temporary, target = tmp_path / "t.part", tmp_path / "t.xml"
        temporary.write_bytes(b"new")
        target.write_bytes(b"old")
        with pytest.raises(FileExistsError):
            place.rename_new(temporary, target)
        assert (temporary.read_bytes(), target.read_bytes()) == (b"new", b"old")
        target.unlink()
        place.rename_new(temporary, target)
        assert target.read_bytes() == b"new"
        assert not temporary.exists()
        target.unlink()


def test_a_file_system_without_links_still_gets_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(place, "_rename_no_replace", lambda *_: False)
    monkeypatch.setattr(place.os, "link", no_link)
    (tmp_path / "t.part").write_bytes(b"new")
    place.rename_new(tmp_path / "t.part", tmp_path / "t.xml")
    assert (tmp_path / "t.xml").read_bytes() == b"new"
    (tmp_path / "t.part").write_bytes(b"newer")
    with pytest.raises(FileExistsError):
        place.rename_new(tmp_path / "t.part", tmp_path / "t.xml")
