"""Which PDF belongs to which UBL, by their names and folders."""

import unicodedata
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.intake.domain.pairs import Named, partners, stem

ZIP = uuid4()


def one(path: str, parent: UUID | None = ZIP) -> Named:
    folder, _, name = path.rpartition("/")
    return Named(uuid4(), parent, folder, name)


def joined(ubls: list[str], pdfs: list[str]) -> dict[str, str]:
    first, second = [one(path) for path in ubls], [one(path) for path in pdfs]
    paths = {made.id: path for made, path in zip([*first, *second], [*ubls, *pdfs], strict=True)}
    return {paths[ubl]: paths[pdf] for ubl, pdf in partners(first, second).items()}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Factuur é-9.xml", unicodedata.normalize("NFD", "Factuur é-9.pdf")),
        ("FACTUUR 9.XML", "factuur 9.pdf"),
        ("factuur 9 .xml", "factuur 9.pdf "),
        ("factuur\u00a09.xml", "factuur 9.pdf"),
        ("\uff29\uff2e\uff36\uff19.xml", "INV9.pdf"),
        ("2026.11.30 factuur.xml", "2026.11.30 factuur.pdf"),
        ("zonder", "zonder.pdf"),
    ],
)
def test_one_name_is_one_however_it_is_written(name: str, other: str) -> None:
    assert stem(name) == stem(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [("factuur é.xml", "factuur e.pdf"), ("m².xml", "m2.pdf"), ("1-1.xml", "11.pdf"), ("a.b.xml", "a.pdf")],
)
def test_two_names_are_two(name: str, other: str) -> None:
    assert stem(name) != stem(other)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\."), min_size=1))
def test_the_composition_of_a_name_never_matters(text: str) -> None:
    assert stem(unicodedata.normalize("NFC", text) + ".xml") == stem(
        unicodedata.normalize("NFD", text) + ".pdf"
    )


def test_each_folder_has_its_own() -> None:
    assert joined(["a/scan.xml", "b/scan.xml"], ["b/scan.pdf", "a/scan.pdf"]) == {
        "a/scan.xml": "a/scan.pdf",
        "b/scan.xml": "b/scan.pdf",
    }
    assert joined(["a/scan.xml"], ["b/scan.pdf"]) == {}


def test_folders_of_one_kind_each_are_one_list() -> None:
    assert joined(["xml/2026-9.xml"], ["pdf/2026-9.pdf", "pdf/2026-8.pdf"]) == {
        "xml/2026-9.xml": "pdf/2026-9.pdf"
    }
    assert joined(["a/2026-9.xml", "a/1.xml"], ["a/1.pdf", "b/2026-9.pdf"]) == {"a/1.xml": "a/1.pdf"}


def test_two_of_one_name_are_anybodys_guess() -> None:
    assert joined(["a.xml", "A.XML"], ["a.pdf"]) == {}
    assert joined(["a.xml"], ["a.pdf", "a.pdf"]) == {}


def test_a_pdf_outside_of_the_zip_is_joined_and_one_inside_goes_first() -> None:
    inside, outside = one("1.xml"), one("1.pdf", None)
    assert partners([inside], [outside]) == {inside.id: outside.id}
    beside = one("1.pdf")
    assert partners([inside], [outside, beside]) == {inside.id: beside.id}
