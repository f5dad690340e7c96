"""Usual lines are written in a way of their own, to the same text."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exports import ubl
from exports.ubl import lines
from exports.ubl.escape import are_safe, escaped
from exports.ubl.lines import _line
from tests.exports.ubl.samples import invoice, line

lines_ = st.builds(
    line,
    price=st.decimals(0, 10**6, places=4).map(str),
    quantity=st.decimals(-1000, 1000, places=3).map(str),
    percent=st.sampled_from(["0", "6", "21", "21.00", None]),
    name=st.text(max_size=8),
    id=st.text("ab1 &", max_size=3),
    unit_code=st.sampled_from(["C62", "KGM", "a&b", "", None]),
    tax_category=st.sampled_from(["S", "E", "<", None]),
    tax_name=st.sampled_from(["03", "46/GO", None]),
)


odd_lines = st.builds(
    replace,
    lines_,
    net_amount=st.sampled_from([Decimal("NaN"), Decimal("1E+3"), Decimal("1E+30"), Decimal("0.10")]),
    unit_code=st.sampled_from(["C62", "\x0b"]),
    note=st.sampled_from([None, "<"]),
)


def written(make: Callable[[], str]) -> str | tuple[str, dict[str, str]]:
    try:
        return make()
    except ubl.Unwritable as error:
        return error.reason, dict(error.params)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines_ | odd_lines, max_size=6))
def test_the_quick_way_for_usual_lines_writes_what_the_full_one_does(items: list[Any]) -> None:
    for credit, kind, quantity in (
        (False, "InvoiceLine", "InvoicedQuantity"),
        (True, "CreditNoteLine", "CreditedQuantity"),
    ):
        quickly = written(lambda credit=credit: lines.lines(items, credit_note=credit, currency="EUR"))
        assert quickly == written(
            lambda kind=kind, quantity=quantity: "".join(
                _line(item, position, kind, quantity, "EUR") for position, item in enumerate(items, 1)
            )
        )


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text('ab &<>"\x7f\x00\x85\xa0é€\n\u2028\ud800😀', max_size=4), max_size=4))
def test_texts_that_are_called_safe_need_no_change(texts: list[str]) -> None:
    assert not are_safe(texts) or [escaped(text) for text in texts] == texts


def test_the_texts_of_usual_lines_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(lines, "are_safe", lambda texts: looks.append(len(texts)) or are_safe(texts))
    monkeypatch.setattr(lines, "_line", lambda *_of: pytest.fail("a usual line went the long way"))
    ubl.write(invoice(*[line(name=f"Brood é {n}") for n in range(50)]))
    assert looks == [50]
