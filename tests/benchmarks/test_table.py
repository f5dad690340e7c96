"""The one table over all benchmarks."""

import importlib
import subprocess
import sys

import pytest

from benchmarks import Row
from benchmarks.__main__ import holds, main, names, rows_of, table


def test_a_goal_is_a_bound_on_either_side_or_none() -> None:
    assert holds(1.4, "≤ 1.5") is True
    assert holds(1.6, "≤ 1.5") is False
    assert holds(2.0, "≥ 2") is True
    assert holds(1.9, "≥ 2") is False
    assert holds(99.0, "measured") is None
    with pytest.raises(ValueError, match="no goal"):
        holds(1.0, "fast")


def test_columns_are_as_wide_as_their_words_and_missed_goals_are_marked() -> None:
    made = table(
        [Row("reading", "the other", 0.5, "≥ 2"), Row("a longer work", "x", 12.345, "measured")]
    ).splitlines()
    assert made == [
        "work           against    ratio  goal",
        "-------------  ---------  -----  -----------",
        "reading        the other   0.50  ≥ 2  missed",
        "a longer work  x          12.35  measured",
    ]


@pytest.mark.parametrize("name", names())
def test_every_benchmark_has_rows_to_give(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").run)


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "exports_coda" in capsys.readouterr().err


def test_rows_come_from_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    said = 'a line of its own\n[["work", "against", 1.5, "measured"]]\n'

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command == [sys.executable, "-m", "benchmarks", "--rows", "exports_coda"]
        return subprocess.CompletedProcess(command, 0, stdout=said)

    monkeypatch.setattr(subprocess, "run", run)
    assert rows_of("exports_coda") == [Row("work", "against", 1.5, "measured")]


def test_one_that_breaks_is_named_and_the_others_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[-1] == "exports_check":
            raise subprocess.CalledProcessError(1, command)
        return subprocess.CompletedProcess(command, 0, stdout='[["reading", "x", 2.0, "≥ 2"]]')

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["exports_check", "exports_coda"]) == 1
    said = capsys.readouterr()
    assert "reading" in said.out
    assert "broke: exports_check" in said.err
