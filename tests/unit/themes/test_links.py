"""Sort, filter and page links keep the rest of the query string."""

from __future__ import annotations

from themes.links import chosen, query_pairs, sorted_by, toggled, url_with


def test_a_change_keeps_the_other_parameters() -> None:
    assert url_with("/d", "q=bakker&sort=name", sort="-name") == "/d?q=bakker&sort=-name"


def test_a_parameter_without_value_goes_and_an_empty_query_leaves_no_mark() -> None:
    assert url_with("/d", "sort=name", sort=None) == "/d"
    assert url_with("/d", "", state="") == "/d"


def test_another_order_begins_at_the_first_page() -> None:
    assert url_with("/d", "after=abc&q=x", sort="name") == "/d?q=x&sort=name"


def test_paging_keeps_order_and_filters_and_replaces_the_other_cursor() -> None:
    assert url_with("/d", "after=abc&sort=name", before="xyz", after=None) == "/d?sort=name&before=xyz"
    assert url_with("/d", "before=abc&state=a&state=b", after="n") == "/d?state=a&state=b&after=n"


def test_values_are_escaped() -> None:
    assert url_with("/d", "", q='a&b="<é') == "/d?q=a%26b%3D%22%3C%C3%A9"


def test_a_filter_is_switched_on_beside_others_and_off_again() -> None:
    both = toggled("/d", "state=new", "state", "held")
    assert both == "/d?state=new&state=held"
    assert toggled("/d", "state=new&state=held", "state", "held") == "/d?state=new"
    assert chosen("state=new&state=held", "state", "held")
    assert not chosen("state=new", "state", "held")
    assert chosen("state=new", "state")


def test_how_a_column_is_sorted() -> None:
    assert sorted_by("sort=name", "name") == "ascending"
    assert sorted_by("sort=-name", "name") == "descending"
    assert sorted_by("sort=code", "name") == "none"
    assert sorted_by("", "name", default="-name") == "descending"


def test_hidden_fields_carry_the_filters_but_not_the_place() -> None:
    assert query_pairs("q=a&state=x&after=c", without=("q",)) == [("state", "x")]
