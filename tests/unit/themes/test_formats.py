"""Numbers and dates read as people in Belgium write them."""

from __future__ import annotations

import gettext
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from themes.filters import Formats

NOW = datetime(2026, 11, 3, 9, 40, tzinfo=UTC)


def formats(language: str = "nl") -> Formats:
    return Formats(lambda: language, lambda: NOW, gettext.NullTranslations().gettext)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("nl", "€ 1.234,56"),
        ("fr", "1 234,56 €"),
        ("de", "1.234,56 €"),
        ("en", "€1,234.56"),
        ("xx", "€1,234.56"),
    ],
)
def test_money_is_written_as_in_each_language(language: str, shown: str) -> None:
    assert plain(formats(language).money(Decimal("1234.56"))) == shown


def test_money_keeps_every_cent_of_a_large_amount() -> None:
    assert plain(formats().money(Decimal("99999999999999.99"))) == "€ 99.999.999.999.999,99"


def test_yen_have_no_decimals() -> None:
    assert plain(formats("en").money(Decimal(1200), "JPY")).endswith("1,200")


def test_nothing_is_a_dash() -> None:
    f = formats()
    assert {
        f.money(None),
        f.number(None),
        f.date(None),
        f.datetime(None),
        f.when(None),
        f.filesize(None),
    } == {"–"}


def test_a_point_in_time_is_shown_in_brussels() -> None:
    summer = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
    assert formats("en").datetime(summer) == "1 Aug 2026 00:30"
    assert formats("en").date(summer) == "1 Aug 2026"


def test_a_day_is_not_moved_by_a_time_zone() -> None:
    assert plain(formats("nl").date(date(2026, 10, 31))) == "31 okt 2026"


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        formats().datetime(datetime(2026, 1, 1, 12, 0))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 3, 8, 12, tzinfo=UTC), "today 09:12"),
        (datetime(2026, 11, 2, 22, 59, tzinfo=UTC), "yesterday 23:59"),
        (datetime(2026, 11, 2, 23, 0, tzinfo=UTC), "today 00:00"),  # midnight in Brussels
        (datetime(2026, 10, 30, 8, 0, tzinfo=UTC), "30 Oct"),
        (datetime(2025, 10, 30, 8, 0, tzinfo=UTC), "30 Oct 2025"),
    ],
)
def test_when_says_it_as_one_would(moment: datetime, shown: str) -> None:
    assert formats("en").when(moment) == shown


def test_how_long_ago_in_the_readers_language() -> None:
    assert formats("nl").timeago(datetime(2026, 11, 3, 9, 35, tzinfo=UTC)) == "5 minuten geleden"
    assert formats("en").timeago(datetime(2026, 11, 3, 11, 40, tzinfo=UTC)) == "in 2 hours"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1234, "1.2 kB"), (48213, "48 kB"), (999_499, "999 kB"),
     (999_700, "1 MB"), (26_214_400, "26 MB"), (3_200_000_000, "3.2 GB")],
)  # fmt: skip
def test_sizes_use_the_unit_that_reads_best(size: int, shown: str) -> None:
    assert formats("en").filesize(size) == shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("An Claes", "AC"),
        ("Jan-Willem de Smet", "JS"),
        ("Nora", "N"),
        ("", "?"),
        ("42", "?"),
        ("élise été", "ÉÉ"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert formats().initials(name) == letters


def test_percentages_and_decimals() -> None:
    assert plain(formats("nl").percent(Decimal("0.21"))) in {"21%", "21 %"}
    assert formats("nl").number(Decimal("1234.5"), 2) == "1.234,50"
    assert formats("fr").number(1204).replace("\u202f", " ").replace("\u00a0", " ") == "1 204"


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("0999888767", "BE", "0999.888.767"),
        ("0999.888.767", None, "0999.888.767"),
        ("0999 888 767", None, "0999.888.767"),
        ("BE 0999888767", None, "BE 0999.888.767"),
        ("0123456789", "NL", "0123456789"),
        ("FR40303265045", None, "FR40303265045"),
        (None, "BE", "–"),
    ],
)
def test_a_company_number_is_written_as_its_country_writes_it(
    number: str | None, country: str | None, shown: str
) -> None:
    assert formats().company_number(number, country) == shown


def test_a_day_from_json_is_written_like_any_other() -> None:
    assert formats("en").date("2026-11-03") == formats("en").date(date(2026, 11, 3)) == "3 Nov 2026"
