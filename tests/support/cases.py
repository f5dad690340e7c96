"""What people really bring: small inputs with what is expected of them, each one member of a kind.

They stand beside the project; where they are absent, the tests that read them are skipped visibly.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of an index.

    Attributes:
        kind: its number ("K01"); the formats have none, each is called by its file.
    """

    kind: str
    path: Path
    expected: str

    def read(self) -> bytes:
        """The bytes of the input."""
        return self.path.read_bytes()


def every_case() -> list[Case]:
    """All rows of the index of kinds; none where the inputs are absent."""
    return [Case(row["nr"], FOLDER / row["file"], row["expected"]) for row in _rows(FOLDER / "INDEX.tsv")]


def every_format() -> list[Case]:
    """All rows of the index of formats; none where the inputs are absent."""
    folder = FOLDER / "formats"
    return [Case(row["file"], folder / row["file"], row["expected"]) for row in _rows(folder / "INDEX.tsv")]


def of_kind(kind: str) -> list[Case]:
    """The inputs of a kind. Skips the test where they are absent."""
    found = [case for case in every_case() if case.kind == kind]
    return found or pytest.skip("../shared/data/cases is absent")


def case(name: str) -> Case:
    """One input by its file ("01-hidden-sheet.xlsx", "formats/20-cii-invoice.xml"). Skips the test where it is absent."""
    path = FOLDER / name
    return Case("", path, "") if path.is_file() else pytest.skip("../shared/data/cases is absent")


def _rows(index: Path) -> list[dict[str, str]]:
    if not index.is_file():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
