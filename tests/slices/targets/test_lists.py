"""A list of dossiers in an office with several bookkeeping packages: whose code a row has is asked, not guessed."""

from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.rows import RowStatus
from tests.slices.imports.test_importing import judged


def a_known(number: str, code: str, space: str) -> KnownDossier:
    return KnownDossier(
        number, code, "BE", None, "", {"name": f"Dossier {number}", "code": code}, space=space
    )


def test_a_row_whose_code_is_in_two_packages_is_asked() -> None:
    known = Known([a_known("1", "7", "bob"), a_known("2", "7", "yuki")], space="bob")
    [row] = judged(["", "Somebody", "7", ""], known=known)
    assert row.status is RowStatus.ASK
    assert {one.id for one in row.candidates} == {"1", "2"}


def test_a_new_dossier_meets_the_codes_of_its_own_space_alone() -> None:
    known = Known(
        [a_known("1", "7", "bob")],
        codes_out_of_sight=frozenset({("bob", "8"), ("yuki", "9")}),
        space="bob",
    )
    new = [["", f"New {code}", code, ""] for code in ("8", "9")]
    assert [row.status for row in judged(*new, known=known)] == [RowStatus.ERROR, RowStatus.CREATE]


def test_a_code_changes_to_one_that_only_another_space_has() -> None:
    known = Known([a_known("1", "7", "bob"), a_known("2", "8", "yuki")], space="bob")
    assert known.holds("8", "bob") is None
    found = known.holds("8", "yuki")
    assert found is not None
    assert found.id == "2"
