"""A search for a sign that LIKE gives a meaning finds that sign."""

import pytest

from portal.db.search import containing


@pytest.mark.parametrize(
    ("typed", "pattern"),
    [
        ("Bakkerij", "%Bakkerij%"),
        ("50%", r"%50\%%"),
        ("a_b", r"%a\_b%"),
        ("a\\b", r"%a\\b%"),
        (r"\%", r"%\\\%%"),
    ],
)
def test_signs_stand_for_themselves(typed: str, pattern: str) -> None:
    assert containing(typed) == pattern
