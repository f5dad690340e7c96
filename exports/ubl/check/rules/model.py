"""What a natively written rule is, and the facts of a document that rules look at.

A rule is one small function with a row of facts: its id, severity and words, and the context it is evaluated
on. It gets one element and returns ``None`` when the element keeps the rule, else the values for a translated
sentence. Any subset of rules runs on any fragment of a document, as the publisher's unit tests do it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import NamedTuple

from exports.model import Finding, Severity
from exports.ubl.check.names import CREDIT_NOTE_ROOT, Element, clark, locate

LIMIT = 100  #: breaches reported for one rule; the last one's ``more`` counts the others
BLANKS = " \t\r\n"

Breach = Mapping[str, str]
#: A breach that no values explain further.
BROKEN: Breach = {}

_BLANK = re.compile(f"[{BLANKS}]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_LONGEST = 200  #: characters of a number; calculations are exact up to that
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)


def normal(text: str | None) -> str:
    """A text as XPath's ``normalize-space`` gives it: XML's four blanks only, not every Unicode one."""
    return _BLANK.sub(" ", (text or "").strip(BLANKS))


class Place(NamedTuple):
    """One context of a rule: an element's name below the names of its parents, nearest first.

    A last parent ``None`` stands for the root element, whatever its name.
    """

    tag: str
    parents: tuple[str | None, ...]


def place(path: str) -> Place:
    """``cac:Price/cbc:BaseQuantity`` anywhere, ``/cac:AllowanceCharge`` below the root only."""
    first, *rest = path.split("/")
    steps = [clark(step) for step in rest]
    parents: list[str | None] = [clark(first) if first else None, *steps[:-1]] if rest else []
    return Place(steps[-1] if rest else clark(first), tuple(reversed(parents)))


#: What identifies a party: its electronic address, its own number, its registration.
IDENTIFIERS = tuple(
    place(path) for path in ("cbc:EndpointID", "cac:PartyIdentification/cbc:ID", "cbc:CompanyID")
)


class Facts:
    """A document as rules see it; what several rules need is worked out once.

    Attributes:
        root: The root element of a document or of a fragment.
        elements: All elements below and with the root by Clark name, in document order.
        empty: The elements with neither children nor text.
    """

    def __init__(self, root: Element) -> None:
        self.root = root
        self.elements: dict[str, list[Element]] = {}
        self.empty: list[Element] = []
        self._at: dict[tuple[Place, ...], list[Element]] = {}
        elements = self.elements
        for element in root.iter():
            tag = element.tag
            if tag in elements:
                elements[tag].append(element)
            else:
                elements[tag] = [element]
            if not len(element) and not (element.text or "").strip(BLANKS):
                self.empty.append(element)

    def at(self, places: tuple[Place, ...]) -> list[Element]:
        """The elements at any of the places, in document order for each place."""
        found = self._at.get(places)
        if found is None:
            found = self._at[places] = [
                element
                for tag, parents in places
                for element in self.elements.get(tag, ())
                if not parents or self._below(element, parents)
            ]
        return found

    def all(self, name: str) -> list[Element]:
        """Every element of a prefixed name."""
        return self.elements.get(clark(name), [])

    def _below(self, element: Element, parents: tuple[str | None, ...]) -> bool:
        node = element
        for tag in parents:
            above = node.getparent()
            if above is None:
                return False
            node = above
            if node is not self.root if tag is None else node.tag != tag:
                return False
        return True

    @cached_property
    def identifiers(self) -> dict[str, list[Element]]:
        """The identifiers of parties by their scheme."""
        found: dict[str, list[Element]] = {}
        for element in self.at(IDENTIFIERS):
            scheme = element.get("schemeID")
            if scheme is not None:
                found.setdefault(scheme, []).append(element)
        return found

    @cached_property
    def is_credit_note(self) -> bool:
        """Whether the root is a credit note's."""
        return self.root.tag == CREDIT_NOTE_ROOT

    @cached_property
    def currency(self) -> str | None:
        """The document currency code (BT-5) as written."""
        found = child(self.root, "cbc:DocumentCurrencyCode")
        return None if found is None else text(found)

    @cached_property
    def process(self) -> str:
        """The business process type (BT-23)."""
        return normal_text(self.root, "cbc:ProfileID")

    @cached_property
    def specification(self) -> str:
        """The specification identifier (BT-24)."""
        return normal_text(self.root, "cbc:CustomizationID")

    @cached_property
    def both_german(self) -> bool:
        """Whether seller and buyer have German addresses, which lifts two rules."""
        return (
            self._country("cac:AccountingSupplierParty")
            == "DE"
            == self._country("cac:AccountingCustomerParty")
        )

    def _country(self, party: str) -> str:
        path = (party, "cac:Party", "cac:PostalAddress", "cac:Country", "cbc:IdentificationCode")
        found = child(self.root, *path)
        return "" if found is None else normal(text(found)).upper()


Test = Callable[[Element, Facts], Breach | None]
Select = Callable[[Facts], Iterable[Element]]


class Rule(NamedTuple):
    """A rule of a publisher, evaluated by our own code.

    Attributes:
        id: As published.
        severity: As published.
        text: What it asks, in our words.
        context: The paths it is evaluated on; ``/`` is the root, ``*`` every element without content.
        select: Gives the elements of the context.
        test: Returns ``None`` when an element keeps the rule, else the values of the sentence.
    """

    id: str
    severity: Severity
    text: str
    context: tuple[str, ...]
    select: Select
    test: Test

    def breaches(self, facts: Facts) -> Iterator[tuple[Element, Breach]]:
        """The elements that break the rule, in document order for each path."""
        test = self.test
        for element in self.select(facts):
            breach = test(element, facts)
            if breach is not None:
                yield element, breach


def _selector(context: tuple[str, ...]) -> Select:
    if context == ("/",):
        return lambda facts: (facts.root,)
    if context == ("*",):
        return lambda facts: facts.empty
    places = tuple(place(path) for path in context)
    return lambda facts: facts.at(places)


class Table(dict[str, Rule]):
    """Rules by id, filled by the decorator :meth:`rule`."""

    def rule(
        self, rule_id: str, words: str, *context: str, severity: Severity = "fatal"
    ) -> Callable[[Test], Test]:
        """Enters a function as the test of a rule."""

        def enter(test: Test) -> Test:
            self.add(rule_id, words, *context, severity=severity, test=test)
            return test

        return enter

    def add(
        self,
        rule_id: str,
        words: str,
        *context: str,
        severity: Severity = "fatal",
        select: Select | None = None,
        test: Test,
    ) -> None:
        """Enters a rule whose test, and perhaps whose way to its elements, is made elsewhere."""
        if rule_id in self:
            raise ValueError(f"a second rule {rule_id}")
        self[rule_id] = Rule(rule_id, severity, words, context, select or _selector(context), test)


def evaluate(root: Element, rules: Iterable[Rule]) -> list[Finding]:
    """What the rules say about a document or a fragment of one.

    Args:
        root: An element as the hardened parser gives it: no comments inside.
        rules: The rules to evaluate.
    """
    facts = Facts(root)
    return [finding for rule in rules for finding in findings(rule, facts)]


def findings(rule: Rule, facts: Facts) -> list[Finding]:
    """The findings of one rule, at most 100; the last one then has ``more``."""
    found: list[Finding] = []
    more = 0
    for element, breach in rule.breaches(facts):
        if len(found) == LIMIT:
            more += 1
            continue
        found.append(
            Finding(
                rule=rule.id,
                severity=rule.severity,
                location=locate(element),
                text=rule.text,
                params=breach,
            )
        )
    if more:
        last = found[-1]
        found[-1] = Finding(
            rule=last.rule,
            severity=last.severity,
            location=last.location,
            text=last.text,
            params={**last.params, "more": str(more)},
        )
    return found


@cache
def _tags(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clark(name) for name in names)


def child(element: Element, *names: str) -> Element | None:
    """The first element at a path of prefixed names below an element."""
    *above, tag = _tags(names)
    if not above:
        return next(element.iterchildren(tag), None)
    return next(_all(element, above, tag), None)


def children(element: Element, *names: str) -> list[Element]:
    """All elements at a path of prefixed names below an element."""
    *above, tag = _tags(names)
    return list(_all(element, above, tag))


def _all(element: Element, above: Sequence[str], tag: str) -> Iterator[Element]:
    """Quicker than lxml's own paths, which are parsed and walked step by step in Python."""
    if not above:
        yield from element.iterchildren(tag)
    else:
        for below in element.iterchildren(above[0]):
            yield from _all(below, above[1:], tag)


def text(element: Element) -> str:
    """An element's own text as written."""
    return element.text or ""


def normal_text(element: Element, *names: str) -> str:
    """The blank-normalised text at a path; empty when it is absent."""
    found = child(element, *names)
    return "" if found is None else normal(found.text)


def decimal(element: Element, *names: str) -> Decimal | None:
    """The number at a path; ``None`` when it is absent or none (the schema says so then).

    An xsd:decimal of any precision a sender may come up with: floats are printed with twenty decimals and more,
    and a rule must not be passed over for that.
    """
    found = child(element, *names) if names else element
    if found is None:
        return None
    value = (found.text or "").strip(BLANKS)
    return Decimal(value) if len(value) <= _LONGEST and _DECIMAL.fullmatch(value) else None


def day(element: Element | None) -> date | None:
    """The xsd:date in an element, without its time zone; ``None`` when it is none."""
    match = _DATE.fullmatch(normal(element.text)) if element is not None else None
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
