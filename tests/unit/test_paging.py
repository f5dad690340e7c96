"""A cursor comes back from a browser, so it may be anybody's: one that names no possible place is no cursor."""

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from portal.db.paging import decode_cursor, encode_cursor

ID = UUID("019a0000-0000-7000-8000-000000000001")
MOMENT = sa.DateTime(timezone=True)
AMOUNT = sa.Numeric(14, 2)


def a_cursor(value: Any, row_id: Any = ID, backwards: Any = 0) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, row_id, backwards])).decode().rstrip("=")


@pytest.mark.parametrize(
    ("value", "kind", "column"),
    [
        ("Bakkerij", str, sa.Text()),
        ("", str, sa.Text()),
        (2**31 - 1, int, sa.Integer()),
        (2**63 - 1, int, sa.BigInteger()),
        (date(2026, 11, 22), date, sa.Date()),
        (datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC), datetime, MOMENT),
        (Decimal("-999999999999.99"), Decimal, AMOUNT),
    ],
)
def test_what_was_encoded_is_read_back(value: Any, kind: type[Any], column: Any) -> None:
    assert decode_cursor(encode_cursor(value, ID), kind, column) == (value, ID, False)
    assert decode_cursor(encode_cursor(value, ID, backwards=True), kind, column) == (value, ID, True)


@pytest.mark.parametrize(
    ("value", "kind", "column"),
    [
        (None, str, sa.Text()),
        ("a\0b", str, sa.Text()),
        (2**31, int, sa.Integer()),
        (-(2**31) - 1, int, sa.Integer()),
        (2**63, int, sa.BigInteger()),
        (1.5, int, sa.Integer()),
        ("abc", int, sa.Integer()),
        ("2026-11-22T10:00:00", datetime, MOMENT),
        ("0001-01-01T00:00:00+14:00", datetime, MOMENT),
        ("9999-12-31T23:59:59-14:00", datetime, MOMENT),
        ("abc", datetime, MOMENT),
        ("2026-02-30", date, sa.Date()),
        ("NaN", Decimal, AMOUNT),
        ("Infinity", Decimal, AMOUNT),
        ("1e400", Decimal, AMOUNT),
        ("1e12", Decimal, AMOUNT),
        ({"a": 1}, str, sa.Text()),
    ],
)
def test_a_value_that_fits_no_row_is_no_cursor(value: Any, kind: type[Any], column: Any) -> None:
    assert decode_cursor(a_cursor(value), kind, column) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "!!!!",
        a_cursor("a", "no id"),
        a_cursor("a", ID, "x"),
        a_cursor("a" * 4000),
        "bnVsbA",
        "W10",
    ],
)
def test_what_is_not_ours_is_no_cursor(text: str) -> None:
    assert decode_cursor(text, str, sa.Text()) is None


def test_half_a_character_is_no_cursor() -> None:
    raw = b'["\\ud800","%s",0]' % str(ID).encode()
    assert decode_cursor(base64.urlsafe_b64encode(raw).decode(), str, sa.Text()) is None
