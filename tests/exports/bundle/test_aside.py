"""What cannot leave is put aside, and the rest is the bundle that it would be without it."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import bundle, layouts
from exports.bundle import ItemFault

LAYOUT = layouts.get("generic")
BROKEN: dict[str, dict[str, Any]] = {
    "amount": {"net": Decimal("100.000000000000000001")},
    "no amount": {"gross": "twelve"},
    "currency": {"currency": '"onx=1'},
    "no currency": {"currency": None},
    "date": {"date": None},
    "text": {"counterparty": "\ud800"},
    "tax": {"tax_subtotals": (("S",),)},
    "nothing": {"files": ()},
}


def built(header: bundle.Header, items: list[bundle.Item]) -> tuple[bytes, list[str]]:
    out, aside = BytesIO(), []
    bundle.build(header, items, LAYOUT, out, aside=lambda item, _fault: aside.append(item.id))
    return out.getvalue(), aside


@pytest.mark.parametrize("broken", BROKEN)
def test_one_bad_item_goes_aside_and_nothing_of_it_is_in_the_bundle(
    broken: str, make_item: Any, make_header: Any
) -> None:
    good = [make_item("item-1"), make_item("item-3")]
    bad = make_item("item-2", **BROKEN[broken])
    data, aside = built(make_header(), [good[0], bad, good[1]])
    assert aside == ["item-2"]
    assert data == built(make_header(), good)[0]
    assert bundle.verify(BytesIO(data)) == []


def test_the_second_file_of_an_item_takes_its_first_along(
    make_item: Any, make_file: Any, make_header: Any
) -> None:
    bad = make_item("item-2", files=(make_file("ubl"), make_file("pdf", sha256="0" * 64)))
    data, aside = built(make_header(), [make_item("item-1"), bad])
    assert aside == ["item-2"]
    assert data == built(make_header(), [make_item("item-1")])[0]


def test_what_an_item_stumbles_over_keeps_its_cause(make_item: Any, make_header: Any) -> None:
    faults: list[ItemFault] = []
    bundle.build(
        make_header(),
        [make_item(date=None)],
        LAYOUT,
        BytesIO(),
        aside=lambda _item, fault: faults.append(fault),
    )
    assert [fault.reason for fault in faults] == ["unexpected"]
    assert faults[0].__cause__ is not None


def test_whoever_puts_aside_may_end_the_build(make_item: Any, make_header: Any) -> None:
    def refuse(_item: bundle.Item, fault: ItemFault) -> None:
        raise fault

    with pytest.raises(ItemFault, match="bad_value"):
        bundle.build(make_header(), [make_item(currency="x")], LAYOUT, BytesIO(), aside=refuse)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "number": st.text(),
                "counterparty": st.text(),
                "currency": st.text(max_size=4) | st.just("EUR"),
                "net": st.decimals() | st.none(),
                "gross": st.decimals(allow_nan=True, allow_infinity=True),
                "date": st.dates() | st.just(date.min),
                "version": st.integers(),
                "account": st.text() | st.none(),
                "first_exported_in": st.integers(max_value=5) | st.none(),
                "replaces": st.text() | st.none(),
            },
        ),
        max_size=5,
    )
)
def test_whatever_the_values_every_item_leaves_or_is_put_aside(
    make_item: Any, make_header: Any, values: list[dict[str, Any]]
) -> None:
    items = [make_item(f"item-{place}", **one) for place, one in enumerate(values)]
    out = BytesIO()
    aside: list[str] = []
    manifest = bundle.build(
        make_header(), items, LAYOUT, out, aside=lambda item, _fault: aside.append(item.id)
    )
    assert sorted([*(entry.id for entry in manifest.items), *aside]) == sorted(item.id for item in items)
    assert bundle.verify(out) == []
    assert bundle.read_manifest(manifest.to_bytes()) == manifest
