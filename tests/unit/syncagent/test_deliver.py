"""The whole way: pair, one round, files at their place, one proof each."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from tests.unit.syncagent.simulator import Agent, Portal


def placed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"0815/{path}": data for path, data in files.items()}


def test_files_land_in_the_dossiers_folder_and_are_confirmed_with_path_and_hash(
    agent: Agent, portal: Portal, files: dict[str, bytes]
) -> None:
    delivery_id = portal.offer(files)
    assert agent.once() == 0
    assert agent.files() == placed(files)
    [(confirmed_id, proofs)] = portal.confirmations
    assert confirmed_id == delivery_id
    told = {each["path"]: each["sha256"] for each in proofs}
    assert told == {
        str(agent.root / "0815" / path): hashlib.sha256(data).hexdigest() for path, data in files.items()
    }
    assert all(each["written_at"].endswith("Z") for each in proofs)
    assert "4 files confirmed, 0 deliveries waiting" in agent.said


def test_a_second_round_finds_nothing_to_do(agent: Agent, portal: Portal, files: dict[str, bytes]) -> None:
    portal.offer(files)
    assert agent.once() == 0
    assert agent.once() == 0
    assert len(portal.confirmations) == 1


def test_the_manifest_is_not_written(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"a"})
    assert agent.once() == 0
    assert agent.files() == {"0815/CODA/a.cod": b"a"}


def test_a_dossier_without_a_code_goes_to_unassigned_by_company_number(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"a"}, code=None)
    portal.offer({"CODA/b.cod": b"b"}, code=None, company=None, dossier_id="0199-aa")
    assert agent.once() == 0
    assert set(agent.files()) == {"_unassigned/BE0403199702/CODA/a.cod", "_unassigned/0199-aa/CODA/b.cod"}


def test_the_host_header_keeps_the_name_that_the_resolver_does_not_know(agent: Agent, portal: Portal) -> None:
    agent.once()
    assert {headers["Host"] for _, _, headers in portal.requests} == {portal.url}


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_files_are_readable_by_their_owner_only_unless_configured_otherwise(
    agent: Agent, portal: Portal
) -> None:
    portal.offer({"CODA/a.cod": b"a"})
    agent.once()
    written = agent.root / "0815/CODA/a.cod"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    config = agent.config / "config.json"
    config.write_text(config.read_text().replace('"0600"', '"0777"'))
    portal.offer({"CODA/b.cod": b"b"}, code="0816", number=2)
    agent.once()
    written = agent.root / "0816/CODA/b.cod"
    assert stat.S_IMODE(written.stat().st_mode) == 0o666, "never execute bits"
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o777


def test_bundles_of_a_dossier_are_delivered_in_order(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/b.cod": b"b"}, delivery_id="second", number=2)
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="first", number=1)
    agent.once()
    assert [each for each, _ in portal.confirmations] == ["first", "second"]


def test_the_pdf_is_visible_before_its_ubl(
    agent: Agent, portal: Portal, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.syncagent import deliver

    order: list[str] = []

    def rename(temporary: Path, target: Path) -> None:
        order.append(target.name)
        temporary.rename(target)

    monkeypatch.setattr(deliver, "rename_new", rename)
    portal.offer(files)
    assert agent.once() == 0
    assert order[:2] == ["20261001_000001_Peeters_F12.pdf", "20261001_000001_Peeters_F12.xml"]


def test_nothing_is_visible_under_its_name_before_everything_is_on_the_disk(
    agent: Agent, portal: Portal, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.syncagent import failpoints

    seen: list[str] = []

    def look(point: str) -> None:
        if point == "after_write":
            seen.extend(agent.files())

    monkeypatch.setattr(failpoints, "reach", look)
    portal.offer(files)
    agent.once()
    assert len(seen) == 4
    assert all(Path(each).suffix == ".part" for each in seen)


def test_an_identical_file_is_confirmed_and_not_rewritten(agent: Agent, portal: Portal) -> None:
    target = agent.root / "0815/CODA/a.cod"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"a")
    before = target.stat()
    portal.offer({"CODA/a.cod": b"a", "CODA/b.cod": b"b"})
    assert agent.once() == 0
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    [(_, proofs)] = portal.confirmations
    assert len(proofs) == 2


def test_a_delivery_whose_files_all_stand_there_is_not_even_downloaded(agent: Agent, portal: Portal) -> None:
    target = agent.root / "0815/CODA/a.cod"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"a")
    portal.offer({"CODA/a.cod": b"a"})
    assert agent.once() == 0
    assert not [path for _, path, _ in portal.requests if path.endswith("/bundle")]


@pytest.mark.parametrize("other", [b"x", b"something longer"])
def test_a_different_file_is_never_overwritten_and_nothing_else_of_the_bundle_is_written(
    agent: Agent, portal: Portal, other: bytes
) -> None:
    target = agent.root / "0815/CODA/b.cod"
    target.parent.mkdir(parents=True)
    target.write_bytes(other)
    portal.offer({"CODA/a.cod": b"a", "CODA/b.cod": b"b"})
    assert agent.once() == 1
    assert agent.files() == {"0815/CODA/b.cod": other}
    [(_, notice)] = portal.refusals
    assert notice["reason"] == "different_file_exists"
    assert str(target) in notice["detail"]
    assert notice["item_id"] == "item-CODA-b-cod"


def test_a_file_that_appears_at_the_last_moment_is_not_overwritten_either(
    agent: Agent, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.syncagent import failpoints

    target = agent.root / "0815/CODA/b.cod"

    def appear(point: str) -> None:
        if point == "after_write":
            target.write_bytes(b"someone else's")

    monkeypatch.setattr(failpoints, "reach", appear)
    portal.offer({"CODA/a.cod": b"a", "CODA/b.cod": b"b"})
    assert agent.once() == 1
    assert target.read_bytes() == b"someone else's"
    assert [notice["reason"] for _, notice in portal.refusals] == ["different_file_exists"]
    assert not [each for each in agent.files() if each.endswith(".part")]
    # the obstacle is removed, the bundle delivered again: what was written already is not written twice
    target.unlink()
    (agent.root / "0815/CODA/a.cod").unlink()  # the importer took it meanwhile
    monkeypatch.setattr(failpoints, "reach", lambda _: None)
    portal.offer({"CODA/a.cod": b"a", "CODA/b.cod": b"b"}, delivery_id="again")
    assert agent.once() == 0
    assert agent.files() == {"0815/CODA/b.cod": b"b"}
    assert len(portal.confirmed["again"]) == 2


def test_deliver_again_writes_anew_what_the_importer_has_taken(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"a"})
    agent.once()
    (agent.root / "0815/CODA/a.cod").unlink()
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="again")
    assert agent.once() == 0
    assert agent.files() == {"0815/CODA/a.cod": b"a"}


def test_a_stuck_dossier_holds_its_own_later_bundles_back_and_nobody_elses(
    agent: Agent, portal: Portal
) -> None:
    target = agent.root / "0815/CODA/a.cod"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"different")
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="stuck")
    portal.offer({"CODA/b.cod": b"b"}, delivery_id="later", number=2)
    portal.offer({"CODA/c.cod": b"c"}, delivery_id="other", code="0816")
    assert agent.once() == 1
    assert list(portal.confirmed) == ["other"]
    assert [each for each, _ in portal.refusals] == ["stuck"]


def test_a_delivery_the_agent_cannot_read_is_reported_and_blocks_only_its_dossier(
    agent: Agent, portal: Portal
) -> None:
    portal.offer({"CODA/a.cod": b"a"}, delivery_id="odd", sha256="no hash")
    portal.offer({"CODA/b.cod": b"b"}, delivery_id="later", number=2)
    portal.offer({"CODA/c.cod": b"c"}, delivery_id="other", code="0816")
    agent.once()
    assert list(portal.confirmed) == ["other"]
    agent.once()
    assert "unreadable_delivery" in [each["code"] for each in portal.heartbeats[-1]["problems"]]


def test_leftover_temporary_files_of_ours_are_swept_and_others_stay(agent: Agent, portal: Portal) -> None:
    folder = agent.root / "0815/CODA"
    folder.mkdir(parents=True)
    (folder / ".fidero-0123456789abcdef.part").write_bytes(b"half")
    (folder / "notes.part").write_bytes(b"mine")
    portal.offer({"CODA/a.cod": b"a"})
    assert agent.once() == 0
    assert set(agent.files()) == {"0815/CODA/a.cod", "0815/CODA/notes.part"}


def test_a_delivery_taken_back_leaves_no_file_and_no_download(agent: Agent, portal: Portal) -> None:
    portal.offer({"CODA/a.cod": b"a"})
    portal.fail("/bundle", 410, "gone")
    assert agent.once() == 0
    assert agent.files() == {}
    assert portal.refusals == []
    portal.deliveries.clear()
    assert agent.once() == 0
    assert list((agent.config / "downloads").iterdir()) == []


def test_an_empty_delivery_is_confirmed(agent: Agent, portal: Portal) -> None:
    portal.offer({})
    assert agent.once() == 0
    assert portal.confirmations == [("d1", [])]
