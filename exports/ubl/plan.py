"""The language of the reader's tables.

A plan maps the names of an element's children, written with the usual prefixes, to a :class:`Value` (for a field
of the record) or an :class:`Element` (with a plan of its own). What is in no plan is skipped with everything
below it, so elements nobody foresaw never break a reading. :func:`compiled` turns a plan into the table the reader
walks by.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

Record = dict[str, Any]

Close = Callable[[Record, Record], None]
_Attributes = tuple[tuple[str, str], ...]

#: (field, conversion, attributes as (name, field), whether it repeats, end tag); the first of several wins.
Leaf = tuple[str, Callable[[str], Any] | None, _Attributes, bool, str]
#: (table, what happens at the end, end tag). Without an end function its values land in its parent's record.
Branch = tuple["Table", Close | None, str]
Table: TypeAlias = Mapping[str, "Leaf | Branch"]


class Value(NamedTuple):
    """A leaf, before its end tag is known."""

    field: str
    convert: Callable[[str], Any] | None
    attributes: _Attributes
    repeats: bool


class Element(NamedTuple):
    """A branch, before the prefixes are known. ``close`` gets the parent's record and its own."""

    children: "Plan"
    close: Close | None = None


Plan: TypeAlias = Mapping[str, Value | Element]


def leaf(field: str, convert: Callable[[str], Any] | None = None, **attributes: str) -> Value:
    """A value for a field; ``attributes`` are the element's attributes and the fields they are for."""
    return Value(field, convert, tuple(attributes.items()), repeats=False)


def one(field: str, struct: Callable[..., Any], children: Plan) -> Element:
    """An element that becomes a struct; one without any value is not there, the first of several wins."""

    def close(parent: Record, own: Record) -> None:
        if own and field not in parent:
            parent[field] = struct(**own)

    return Element(children, close)


def each(field: str, struct: Callable[..., Any], children: Plan) -> Element:
    """A repeating element; the structs come in a list."""

    def close(parent: Record, own: Record) -> None:
        if own:
            parent.setdefault(field, []).append(struct(**own))

    return Element(children, close)


def compiled(plan: Plan, aggregates: tuple[str, ...], basics: tuple[str, ...]) -> Table:
    """A plan's table with the prefixes a file uses (each with its colon, or empty for the default namespace)."""
    prefixes = {"cac:": aggregates, "cbc:": basics}
    result: dict[str, Leaf | Branch] = {}
    for usual, target in plan.items():
        for prefix in prefixes[usual[:4]]:
            name = prefix + usual[4:]
            end = "/" + name
            if isinstance(target, Value):
                result[name] = (target.field, target.convert, target.attributes, target.repeats, end)
            else:
                result[name] = (compiled(target.children, aggregates, basics), target.close, end)
    return result
