"""Which bookkeeping packages share their dossier codes, and what is wrong with one."""

import pytest

from portal.features.targets.domain import DeliveryMethod, code_spaces, faults
from portal.kernel.ids import new_id


def test_what_agents_write_shares_its_codes_and_each_download_has_its_own() -> None:
    bob, books, mine, other = new_id(), new_id(), new_id(), new_id()
    spaces = code_spaces(
        [
            (bob, DeliveryMethod.AGENT),
            (mine, DeliveryMethod.DOWNLOAD),
            (books, DeliveryMethod.AGENT),
            (other, DeliveryMethod.DOWNLOAD),
        ]
    )
    assert spaces[bob] == spaces[books] == {bob, books}
    assert spaces[mine] == {mine}
    assert spaces[other] == {other}


@pytest.mark.parametrize(
    ("name", "layout", "field"),
    [("", "generic", "name"), ("BOB on the server", "generic", "name"), ("New", "paper", "layout")],
)
def test_a_package_needs_a_name_of_its_own_and_a_layout_there_is(name: str, layout: str, field: str) -> None:
    assert list(faults(name, layout, ("generic",), ("Bob on the Server",))) == [field]


def test_nothing_is_wrong_with_a_good_one() -> None:
    assert faults("New", "generic", ("generic",), ("Bob",)) == {}


@pytest.mark.parametrize("name", ["ΟΔΟΣ", "οδος", "Straße", "STRASSE"])
def test_names_that_differ_in_case_alone_are_one_name_in_every_script(name: str) -> None:
    # (the database compares in small letters, in which a final sigma is another one than in Python)
    assert list(faults(name, "generic", ("generic",), ("οδοσ", "strasse"))) == ["name"]
