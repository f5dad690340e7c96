"""Addresses that keep the rest of the query string: sort, filter and page links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

PAGING = frozenset({"after", "before", "page"})
"""Where one is in a list; another order or filter begins at the front again."""


def url_with(path: str, query: str, *, keep_place: bool = False, **changes: object) -> str:
    """The address of a page with other query parameters.

    A value of ``None`` or ``""`` removes the parameter, a list or tuple repeats it. Unless ``keep_place`` or
    the change itself is about paging, the paging parameters are dropped.
    """
    place_kept = keep_place or not PAGING.isdisjoint(changes)
    pairs = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=False)
        if name not in changes and (place_kept or name not in PAGING)
    ]
    if place_kept:  # one cursor replaces the other
        pairs = [(name, value) for name, value in pairs if not (name in PAGING and PAGING & changes.keys())]
    for name, value in changes.items():
        if value is None or value == "":
            continue
        if isinstance(value, (list, tuple, set, frozenset)):
            values: Iterable[object] = value
            pairs.extend((name, str(one)) for one in values)
        else:
            pairs.append((name, str(value)))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def toggled(path: str, query: str, name: str, value: str) -> str:
    """The address of the page with one value of a repeatable filter switched on, or off when it is on."""
    present = [one for key, one in parse_qsl(query) if key == name]
    wanted = [one for one in present if one != value] if value in present else [*present, value]
    changes: dict[str, Any] = {name: wanted}
    return url_with(path, query, **changes)


def chosen(query: str, name: str, value: str | None = None) -> bool:
    """A filter is set: to this value, or (no value given) to anything."""
    values = [one for key, one in parse_qsl(query) if key == name]
    return bool(values) if value is None else value in values


def sorted_by(query: str, key: str, default: str = "") -> str:
    """``ascending``, ``descending`` or ``none``: how ``?sort=key`` or ``?sort=-key`` sorts this column."""
    sort = next((value for name, value in parse_qsl(query) if name == "sort"), default)
    return {key: "ascending", f"-{key}": "descending"}.get(sort, "none")


def query_pairs(query: str, without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The query string as pairs for hidden fields, without the named parameters and the place in a list."""
    left_out = PAGING.union(without)
    return [(name, value) for name, value in parse_qsl(query) if name not in left_out]
