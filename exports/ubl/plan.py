"""The language of the reader's tables.

A plan maps the names of an element's children, written with the usual prefixes, to a :class:`Value` (for a field
of the record) or an :class:`Element` (with a plan of its own). What is in no plan is skipped with everything
below it, so elements nobody foresaw never break a reading. :func:`compiled` turns a plan into the table the reader
walks by.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from exports.ubl.values import ValueFault

Record = dict[str, Any]

Close = Callable[[Record, Record], None]
Pairs = tuple[tuple[str, str], ...]

#: (end tag, field, conversion, attributes wanted as (name, field), values of attributes as (field, value)).
Leaf = tuple[str, str, Callable[[str], Any] | None, Pairs, Pairs]
#: (end tag, ``None``, what happens there, table, parts to jump over); without an end function its values land in its
#: parent's record. An element that nearly always says the same, and nothing of interest, is jumped over when it does.
Branch = tuple[str, None, Close | None, "Table", list[str]]
Table: TypeAlias = dict[str, "Leaf | Branch"]

#: Instead of attributes wanted: texts of a repeating element are joined by line ends; otherwise the first wins.
JOINED: Pairs = (("", ""),)


class Value(NamedTuple):
    """A leaf, before its end tag is known."""

    field: str
    convert: Callable[[str], Any] | None
    attributes: Pairs
    needed: bool = False


class Element(NamedTuple):
    """A branch, before the prefixes are known. ``close`` gets the parent's record and its own."""

    children: "Plan"
    close: Close | None = None
    usual: str | None = None  #: the value of its only child when it is to be jumped over
    quick_close: Close | Literal["as ever"] | None = "as ever"  #: what stands for ``close`` in a quick walk


Plan: TypeAlias = Mapping[str, Value | Element]


def leaf(field: str, convert: Callable[[str], Any] | None = None, **attributes: str) -> Value:
    """A value for a field; ``attributes`` are the element's attributes and the fields they are for."""
    return Value(field, convert, tuple(attributes.items()))


def needed(field: str, convert: Callable[[str], Any], **attributes: str) -> Value:
    """A step of the plan for a value without which, or with a wrong one, there is no document."""
    return Value(field, convert, tuple(attributes.items()), needed=True)


def one(field: str, make: Callable[[Record], Any], children: Plan) -> Element:
    """An element that becomes a struct; one without any value is not there, the first of several wins."""

    def close(parent: Record, own: Record) -> None:
        if own and field not in parent:
            parent[field] = make(own)

    return Element(children, close)


def each(field: str, make: Callable[[Record], Any], children: Plan) -> Element:
    """A repeating element; the structs come in a list."""

    def close(parent: Record, own: Record) -> None:
        if own:
            parent.setdefault(field, []).append(make(own))

    return Element(children, close)


def _or_fault(convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except ValueFault as fault:
        return fault


def compiled(plan: Plan, aggregates: tuple[str, ...], basics: tuple[str, ...], *, quick: bool) -> Table:
    """A plan's table with the prefixes a file uses (each with its colon, or empty for the default namespace).

    In the table of a quick walk every value must be right. In the other, conversions of values that are not needed give
    the fault where there is one.
    """
    prefixes = {"cac:": aggregates, "cbc:": basics}
    result: dict[str, Leaf | Branch] = {}
    for usual, target in plan.items():
        for prefix in prefixes[usual[:4]]:
            name = prefix + usual[4:]
            end = "/" + name
            if isinstance(target, Value):
                convert = target.convert
                if convert is not None and not (quick or target.needed):
                    convert = partial(_or_fault, convert)
                result[name] = (end, target.field, convert, target.attributes, ())
            else:
                table = compiled(target.children, aggregates, basics, quick=quick)
                close = target.close
                if quick and target.quick_close != "as ever":
                    close = target.quick_close
                jump: list[str] = []
                if target.usual is not None and len(table) == 1:
                    (child,) = table
                    jump = [name, "", child, target.usual, "/" + child, "", end, ""]
                result[name] = (end, None, close, table, jump)
    return result
