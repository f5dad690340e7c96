"""Identifiers of companies: what is taken, how it is stored, and what is refused."""

from datetime import date

import pytest

from portal.features.parties.domain import Scheme, as_on_papers, ends_before_it_begins, read_identifier
from portal.kernel.numbers import NotANumber


@pytest.mark.parametrize(
    ("scheme", "text", "stored"),
    [
        (Scheme.ENTERPRISE, "BE 0417.497.106", "0417497106"),
        (Scheme.ENTERPRISE, "417497106", "0417497106"),
        (Scheme.VAT, "BE 0417.497.106", "BE0417497106"),
        (Scheme.VAT, "nl 123456782B90", "NL123456782B90"),
        (Scheme.GLN, "5412345 000013", "5412345000013"),
        (Scheme.PEPPOL, "0208:0417497106", "0208:0417497106"),
        (Scheme.PEPPOL, "0208: 417497106", "0208:0417497106"),
        (Scheme.PEPPOL, "9925:be0417497106", "9925:BE0417497106"),
        (Scheme.PEPPOL, "0088:5412345000013", "0088:5412345000013"),
        (Scheme.PEPPOL, "0106:12345678", "0106:12345678"),
        (Scheme.FOREIGN, "HRB 12-345", "HRB12345"),
    ],
)
def test_one_identifier_is_stored_in_one_way(scheme: Scheme, text: str, stored: str) -> None:
    assert read_identifier(scheme, text) == stored
    assert read_identifier(scheme, stored) == stored


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        (Scheme.ENTERPRISE, "0417497107"),
        (Scheme.ENTERPRISE, "abc"),
        (Scheme.VAT, "BE0417497107"),
        (Scheme.VAT, "NL123456783B90"),
        (Scheme.VAT, "0417497106"),
        (Scheme.VAT, "XX123456789"),
        (Scheme.VAT, ""),
        (Scheme.GLN, "5412345000014"),
        (Scheme.GLN, "541234500001"),
        (Scheme.GLN, "\u0665412345000013"),
        (Scheme.PEPPOL, "0417497106"),
        (Scheme.PEPPOL, "0208:0417497107"),
        (Scheme.PEPPOL, "0088:5412345000014"),
        (Scheme.PEPPOL, "9925:"),
        (Scheme.FOREIGN, "12"),
        (Scheme.FOREIGN, "ABCDEF"),
        (Scheme.FOREIGN, "1" * 41),
    ],
)
def test_what_is_none_is_refused_with_a_reason(scheme: Scheme, text: str) -> None:
    with pytest.raises(NotANumber) as refused:
        read_identifier(scheme, text)
    assert refused.value.reason.endswith(".")


def test_papers_carry_a_peppol_address_without_its_scheme() -> None:
    assert as_on_papers(Scheme.PEPPOL, "0208:0417497106") == "BE0417497106"
    assert as_on_papers(Scheme.PEPPOL, "0088:5412345000013") == "5412345000013"
    assert as_on_papers(Scheme.ENTERPRISE, "0417497106") == "BE0417497106"
    assert as_on_papers(Scheme.GLN, "5412345000013") == "5412345000013"


def test_nothing_ends_before_it_begins() -> None:
    day = date(2026, 11, 1)
    assert ends_before_it_begins(day, date(2026, 10, 31))
    assert not ends_before_it_begins(day, day)
    assert not ends_before_it_begins(None, day)
