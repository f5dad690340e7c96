"""Every invoice others wrote: read, written, read again; what was valid stays valid."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from exports import ubl
from exports.model import Document
from exports.ubl.check import close

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module", autouse=True)
def _rules_process() -> Iterator[None]:
    yield
    close()


@pytest.fixture(scope="module")
def files(corpus: Path) -> list[tuple[Path, bytes, Document]]:
    """All files that are whole documents; the others are collections of rule tests."""
    found: list[tuple[Path, bytes, Document]] = []
    for path in sorted((corpus / "ubl").rglob("*.xml")):
        data = path.read_bytes()
        try:
            found.append((path, data, ubl.read(data)))
        except ubl.Unreadable as error:
            assert error.reason == "not_ubl", path  # noqa: PT017 - the file is named when it fails
            assert b"testSet" in data[:600] or b"LegalMonetaryTotal" not in data, path
    return found


def test_every_whole_document_is_read(files: list[tuple[Path, bytes, Document]]) -> None:
    assert len(files) >= 100
    print(f"{len(files)} documents read")  # noqa: T201 - the count is part of the result
    assert {one.kind for _path, _data, one in files} == {"invoice", "credit_note"}


def test_every_document_comes_back_field_by_field(files: list[tuple[Path, bytes, Document]]) -> None:
    for path, _data, document in files:
        again = ubl.read(ubl.write(document))
        apart = {"customization_id": None, "profile_id": None, "reading_remarks": ()}
        assert replace(again, **apart) == replace(document, **apart), path


def test_what_was_valid_stays_valid(files: list[tuple[Path, bytes, Document]]) -> None:
    def fatal(data: bytes) -> set[str]:
        return {one.rule for one in ubl.check(data, profile="peppol-bis-3") if one.severity == "fatal"}

    valid = 0
    for path, data, document in files:
        if not fatal(data):
            valid += 1
            assert fatal(ubl.write(document)) == set(), path
    print(f"{valid} valid documents stay valid")  # noqa: T201 - the count is part of the result
    assert valid >= 20


def test_the_official_belgian_cases_are_read_with_their_pdf(
    files: list[tuple[Path, bytes, Document]],
) -> None:
    cases = [one for path, _data, one in files if path.parts[-2].startswith("ublbe") or "UBLBE" in path.name]
    assert cases
    assert all(one.supplier.company_numbers and one.pdf for one in cases)


def test_the_old_belgian_file_is_read(files: list[tuple[Path, bytes, Document]]) -> None:
    document = next(one for path, _data, one in files if path.name.startswith("efff_"))
    assert document.structured_communication == "601611777874"
    assert ("BE", "0505890632") in document.supplier.company_numbers
    assert document.due_date is not None
    assert document.pdf is not None
