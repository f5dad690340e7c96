"""Small damage done to documents, the same every time for a seed: what senders do, and worse."""

import random
from collections.abc import Callable

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

AMOUNTS = ("0", "-1", "0.01", "99999999.99", "1.005", "1e3", " 12.50 ", "", "abc", "+1.0", ".5", "١٢")
CODES = (
    "S",
    "Z",
    "E",
    "AE",
    "K",
    "G",
    "O",
    "VAT",
    "EUR",
    "USD",
    "BE",
    "XX",
    "380",
    "381",
    "30",
    "59",
    "0208",
)
DATES = ("2026-11-22", "2026-02-30", "22/11/2026", "2026-11-22Z", "")
IDS = ("0739484052", "BE0739484052", "0739.484.052", "NL123456789B12", "IT02985591201", "DK12345678", "x")
SCHEMES = ("0208", "0088", "0192", "0184", "0007", "0151", "0201", "0211", "9925", "9944", "")

Mutation = Callable[[random.Random, list[etree._Element]], None]


def _leaf(chance: random.Random, elements: list[etree._Element]) -> etree._Element:
    return chance.choice([element for element in elements if not len(element)])


def _remove(chance: random.Random, elements: list[etree._Element]) -> None:
    element = chance.choice(elements[1:])
    element.getparent().remove(element)


def _repeat(chance: random.Random, elements: list[etree._Element]) -> None:
    element = chance.choice(elements[1:])
    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    element.addnext(copy)


def _nudge(chance: random.Random, elements: list[etree._Element]) -> None:
    amounts = [element for element in elements if element.get("currencyID")]
    if amounts:
        element = chance.choice(amounts)
        step = chance.choice(["0.01", "-0.01", "0.02", "0.03", "1", "-1"])
        try:
            element.text = f"{float(element.text or 0) + float(step):.2f}"
        except ValueError:
            element.text = step


def _write(values: tuple[str, ...]) -> Mutation:
    def mutation(chance: random.Random, elements: list[etree._Element]) -> None:
        _leaf(chance, elements).text = chance.choice(values)

    return mutation


def _scheme(chance: random.Random, elements: list[etree._Element]) -> None:
    with_scheme = [element for element in elements if element.get("schemeID") is not None]
    if with_scheme:
        element = chance.choice(with_scheme)
        element.set("schemeID", chance.choice(SCHEMES))
        element.text = chance.choice(IDS)


def _currency(chance: random.Random, elements: list[etree._Element]) -> None:
    with_currency = [element for element in elements if element.get("currencyID") is not None]
    if with_currency:
        chance.choice(with_currency).set("currencyID", chance.choice(["USD", "EUR", "", "eur"]))


def _move(chance: random.Random, elements: list[etree._Element]) -> None:
    element, target = chance.choice(elements[1:]), chance.choice(elements)
    if element not in target.iterancestors() and element is not target:
        target.append(element)


MUTATIONS: tuple[Mutation, ...] = (
    _remove,
    _remove,
    _repeat,
    _nudge,
    _nudge,
    _write(AMOUNTS),
    _write(CODES),
    _write(DATES),
    _scheme,
    _currency,
    _move,
)


def mutated(document: bytes, seed: int) -> bytes:
    """The document with one to three pieces of damage."""
    chance = random.Random(seed)
    root = etree.fromstring(
        document, etree.XMLParser(remove_comments=True, remove_pis=True, remove_blank_text=True)
    )
    for _ in range(chance.randint(1, 3)):
        chance.choice(MUTATIONS)(chance, list(root.iter()))
    return etree.tostring(root, encoding="UTF-8")
