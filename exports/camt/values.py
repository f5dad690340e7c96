"""Values of elements, by names without prefixes: one text, date or amount at a time."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from exports.statements.errors import UnreadableError

_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{0,5})?|[+-]?\.[0-9]{1,5}", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T+\-Z].*)?", re.ASCII)
_MOST = 10**15
_LONGEST = 20_000


class Node:
    """An element that was read: its name without the namespace, its text, its children in order and the first of each name.

    Made once from what the parser gives, so that each value is found by one look.
    """

    __slots__ = ("children", "currency", "first", "name", "sourceline", "text")

    def __init__(self, element: Any, names: dict[str, str]) -> None:
        tag = element.tag
        name = names.get(tag)
        if name is None:
            name = names[tag] = str(tag).rpartition("}")[2]
        self.name = name
        self.text: str | None = element.text
        self.sourceline: int | None = element.sourceline
        self.currency: str = element.get("Ccy") or ""
        self.children = [Node(one, names) for one in element]
        self.first: dict[str, Node] = {}
        for one in self.children:
            self.first.setdefault(one.name, one)


def children(element: Node, name: str) -> list[Node]:
    """The children of a name."""
    return [one for one in element.children if one.name == name] if name in element.first else []


def child(element: Node | None, *path: str) -> Node | None:
    """The first element along a path of names, or ``None``."""
    for name in path:
        if element is None:
            return None
        element = element.first.get(name)
    return element


def text(element: Node | None, *path: str) -> str:
    """The text of an element along a path as one line; empty without one."""
    found = child(element, *path)
    if found is None or not found.text:
        return ""
    return " ".join(found.text[:_LONGEST].split())


def first_text(element: Node | None, *paths: tuple[str, ...]) -> str:
    """The first of some texts that is not empty."""
    return next((found for path in paths if (found := text(element, *path))), "")


def day(element: Node, *path: str) -> date | None:
    """A date choice (``Dt`` or ``DtTm``) below a path.

    Raises:
        UnreadableError: ``not_a_date``.
    """
    found = child(element, *path)
    if found is None:
        return None
    written = first_text(found, ("Dt",), ("DtTm",)) or text(found)
    if not written:
        return None
    match = _DATE.fullmatch(written)
    try:
        return date.fromisoformat(match[1]) if match else _no_date(found, written)
    except ValueError:
        return _no_date(found, written)


def _no_date(element: Node, written: str) -> date:
    raise UnreadableError("not_a_date", element.sourceline, {"element": element.name, "found": written[:40]})


def thousandths(element: Node) -> int:
    """An amount element as whole thousandths, unsigned.

    Raises:
        UnreadableError: ``not_an_amount``, also for more than three decimals or digits than are written anywhere.
    """
    written = (element.text or "").strip()
    if _AMOUNT.fullmatch(written):
        value = Decimal(written).scaleb(3)
        if value == int(value) and 0 <= value < _MOST:
            return int(value)
    raise UnreadableError(
        "not_an_amount", element.sourceline, {"element": element.name, "found": written[:40]}
    )


def decimal(element: Node | None) -> Decimal | None:
    """A number, or ``None`` when it is none."""
    written = (element.text or "").strip() if element is not None else ""
    if re.fullmatch(r"[0-9]{1,18}(?:\.[0-9]{0,12})?", written, re.ASCII):
        return Decimal(written)
    return None


def is_credit(element: Node) -> bool:
    """Whether an element with a credit/debit mark is a credit.

    Raises:
        UnreadableError: ``missing``: without the mark, an amount is neither.
    """
    mark = text(element, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise UnreadableError("missing", element.sourceline, {"element": "CdtDbtInd", "found": mark[:20]})
    return mark == "CRDT"
