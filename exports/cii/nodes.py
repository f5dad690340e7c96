"""Elements of a Cross Industry Invoice by their local names, and their texts as values.

Names alone count, not namespaces: the versions of the vocabulary (ZUGFeRD 1's, D16B, D22B) differ in namespace and hardly in names. The root
is looked at with its namespace before.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from exports.model import Finding
from exports.ubl.tokens import Unreadable
from exports.ubl.values import ValueFault, amount, day

MOST_REMARKS = 100
LONGEST_VALUE = 100
_FORMATS = {"102": "%Y%m%d", "203": "%Y%m%d%H%M", "204": "%Y%m%d%H%M%S"}


class Node:
    """One element; what is absent is an empty one, so that paths need no asking.

    Attributes:
        remarks: Gets the faults of values that nobody needs.
    """

    __slots__ = ("element", "remarks")

    def __init__(self, element: Any, remarks: list[Finding]) -> None:
        self.element = element
        self.remarks = remarks

    def __bool__(self) -> bool:
        return self.element is not None

    def all(self, *names: str) -> Iterator["Node"]:
        """Its children of any of these names, in their order."""
        if self.element is None:
            return
        for child in self.element:
            if local(child) in names:
                yield Node(child, self.remarks)

    def one(self, *path: str) -> "Node":
        """The first element down a path; a step may name alternatives, ``Old|New``."""
        found = self
        for step in path:
            found = next(found.all(*step.split("|")), Node(None, self.remarks))
        return found

    def text(self, *path: str) -> str | None:
        """The first text down a path that is not empty."""
        *above, last = path or ("",)
        if not path:
            return _text(self.element)
        parent = self.one(*above)
        return next((text for one in parent.all(*last.split("|")) if (text := _text(one.element))), None)

    def texts(self, *path: str) -> list[str]:
        """All texts down a path."""
        *above, last = path
        return [text for one in self.one(*above).all(*last.split("|")) if (text := _text(one.element))]

    def attribute(self, name: str) -> str | None:
        """An attribute of it; nothing when it is empty."""
        value = None if self.element is None else self.element.get(name)
        return (value.strip() or None) if value else None

    def amount(self, *path: str, needed: bool = False) -> Decimal | None:
        """The number down a path.

        Raises:
            Unreadable: ``not_an_amount``, where it is needed; otherwise it is left out and remarked.
        """
        found = self.one(*path)
        text = _text(found.element)
        if text is None:
            return None
        try:
            return amount(text)
        except ValueFault as fault:
            found.fault(fault.reason, text, needed=needed)
            return None

    def day(self, *path: str, needed: bool = False) -> date | None:
        """The day down a path: the text of the element, or of the date below it in its format.

        Raises:
            Unreadable: ``not_a_date``, where it is needed; otherwise it is left out and remarked.
        """
        found = self.one(*path)
        if not found:
            return None
        inner = found.one("DateTimeString|DateString|DateTime|Date")
        inner = inner or found
        text = _text(inner.element)
        if text is None:
            return None
        value = _day(text, inner.attribute("format"))
        if value is None:
            found.fault("not_a_date", text, needed=needed)
        return value

    def fault(self, reason: str, value: str, *, needed: bool) -> None:
        """A value that is none.

        Raises:
            Unreadable: When it is needed.
        """
        name, line = local(self.element), self.element.sourceline or 0
        params = {"element": name, "value": value[:LONGEST_VALUE]}
        if needed:
            raise Unreadable(reason, line, params)
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(
                Finding(
                    rule=reason,
                    severity="warning",
                    location=name,
                    text=f"The value of {name} is left out: {reason.replace('_', ' ')}.",
                    params={**params, "line": str(line)},
                )
            )


def local(element: Any) -> str:
    """An element's name without its namespace; nothing for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text(element: Any) -> str | None:
    if element is None or element.text is None:
        return None
    return element.text.strip() or None


def _day(text: str, form: str | None) -> date | None:
    """A day in one of UN/CEFACT's formats (2379), or as XML has it; whoever forgets to say mostly means 102."""
    pattern = _FORMATS.get(form or "")
    if pattern is None and text.isdigit() and len(text) == 8:
        pattern = _FORMATS["102"]
    try:
        if pattern is not None and text.isascii() and text.isdigit():
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a legal day has no zone
        return day(text)
    except ValueError:
        return None
