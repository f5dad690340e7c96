"""Tags and texts to records: the loop that reading comes down to.

:func:`walk` looks at everything as it comes. :func:`quick_walk` gives the same records in less than half the time, or
none at all; it takes two short cuts:

- amounts are only looked at together, at the end;
- lines of a document mostly have the same tags. When the tags of the lines that follow, attributes and all, are
  those of the line before, their values stand at the same places, and they are not walked but read off, each field
  of all of them at once.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from exports.model import Kind, Line
from exports.ubl.plan import JOINED, Branch, Close, Leaf, Record, Table
from exports.ubl.tables import close_line, passed_over
from exports.ubl.tokens import SHORT, MalformedError, Unreadable, inner_head, short_inner_head, unescaped
from exports.ubl.values import ValueFault, amount, are_amounts

#: UBL itself is eleven levels deep; extensions with signatures some more.
MAX_DEPTH = 64

#: Size up to which a table learns tags: a sender of many different ones must not fill the memory.
MOST_LEARNED = 80

#: A file of nothing but faults must not take for ever.
MOST_REMARKS = 100

#: Lines that are read off together. One that cannot be costs the looking at these; after it, they are few at first.
_MOST_AT_ONCE = 32

#: What nearly every line has, in the order of the model.
_USUAL = dict.fromkeys(Line.__struct_fields__[:9])
_usual_columns = itemgetter(*_USUAL)

_NOTHING: Table = {}


class FaultAtError(Exception):
    """A value's fault and where in the parts it is (behind the value); never leaves the package."""

    def __init__(self, fault: ValueFault, position: int) -> None:
        super().__init__(fault.reason)
        self.fault = fault
        self.position = position


class Root(NamedTuple):
    """What a document's first tag says."""

    name: str
    kind: Kind
    type_code: str  #: the usual one, where the document gives none
    children: Table
    quick_children: Table
    prefixes: frozenset[str]  #: all declared ones, each with its colon


class _Pattern(NamedTuple):
    """What lines of a document look like. Places are among a line's tags and texts."""

    tags: list[str]
    values: list[tuple[int, str, Callable[[str], Any] | None]]  #: (place, field, conversion)
    beside: Record  #: what the tags' attributes say
    fixed: list[tuple[int, str]]  #: places and texts that must be the same: what tax it is


def walk(
    parts: list[str], root: Root, remarks: list[FaultAtError], *, strict: bool, references: bool
) -> Record:
    """The record of a document, with the records of all that is in it.

    Args:
        parts: Texts and tags in turn, as :func:`exports.ubl.tokens.cut` gives them.
        root: What the first tag said.
        remarks: Gets the faults of values that nobody needs, in order; the values are left out.
        strict: Whether the parts are a sender's and not what lxml wrote.
        references: Whether there are any in the texts.

    Raises:
        FaultAtError: When a value that is needed has a wrong form.
        MalformedError: When tags do not match, or something is outside the subset.
        IndexError: When the root does not end.
        Unreadable: ``too_deep``.
    """
    record = _walk(parts, root, remarks, strict=strict, references=references)
    if record is None:
        raise MalformedError("a slow walk does not give up")
    return record


def quick_walk(parts: list[str], root: Root, *, strict: bool, references: bool) -> Record | None:
    """What :func:`walk` gives, or nothing when some value may have a wrong form.

    Raises:
        MalformedError: See :func:`walk`.
        IndexError: See :func:`walk`.
        Unreadable: See :func:`walk`.
    """
    return _walk(parts, root, None, strict=strict, references=references)


def _walk(
    parts: list[str], root: Root, remarks: list[FaultAtError] | None, *, strict: bool, references: bool
) -> Record | None:
    quick = remarks is None
    children = root.quick_children if quick else root.children
    ending = "/" + root.name
    record: Record = {}
    own = record
    close = None
    stack: list[tuple[Table, Record, str, Close | None]] = []
    amounts: list[str] = []
    pattern: _Pattern | None = None
    most = _MOST_AT_ONCE
    line: Record | None = None  # the record of a line that may become the pattern
    start = 0  # of that line
    scheme = 0  # where a tax scheme in it begins
    at = 3  # the tag behind the root's; its text follows
    try:
        while True:
            tag = parts[at]
            target = children.get(tag)
            if target is None:
                if tag == ending or (tag[:1] == "/" and tag.rstrip(" \t\n") == ending):
                    if not stack:
                        break
                    inner = own
                    ended = close
                    children, own, ending, close = stack.pop()
                    if ended is not None:
                        if line is not None:
                            if ended is close_line:
                                if pattern is not None and any(one[1] == "id" for one in pattern.values):
                                    pattern = pattern._replace(tags=parts[start : at + 1 : 2])
                                else:  # its number would be its place
                                    pattern = None
                                line = None
                            elif ended is not passed_over:
                                line = pattern = None
                            elif pattern is not None:
                                pattern.fixed.extend(
                                    (one + 1 - start, parts[one + 1]) for one in range(scheme, at, 2)
                                )
                        ended(own, inner)
                    at += 2
                    continue
                target = _target(tag, children, root, strict=strict)
                if target is None:
                    at += 2
                    continue
            if target[1] is not None:
                end, field, convert, wanted, beside = target
                after = parts[at + 2]
                if after != end and after.rstrip(" \t\n") != end:
                    raise MalformedError("a value does not end")
                value = parts[at + 1].strip()
                at += 4
                if not value or field in own:
                    if own is line:
                        line = pattern = None
                    if value and wanted is JOINED:
                        own[field] += "\n" + (unescaped(value) if references else value)
                    continue
                if references and "&" in value:
                    value = unescaped(value)
                if convert is None:
                    own[field] = value
                elif convert is amount and quick:
                    amounts.append(value)
                    own[field] = Decimal(value)
                else:
                    converted = convert(value)
                    if converted.__class__ is ValueFault:
                        if remarks is not None and len(remarks) < MOST_REMARKS:
                            remarks.append(FaultAtError(converted, at))
                        continue
                    own[field] = converted
                if beside:
                    own.update(beside)
                if own is line and pattern is not None:
                    pattern.values.append((at - 3 - start, field, convert))
                    if beside:
                        pattern.beside.update(beside)
            else:
                jump = target[4]
                if jump:
                    if parts[at : at + 8] == jump:
                        if line is not None and pattern is not None:
                            pattern.fixed.append((at + 3 - start, jump[3]))
                        at += 8
                        continue
                    scheme = at
                if quick and target[2] is close_line:
                    if pattern is not None:
                        alike = _alike(pattern.tags, parts, at, most)
                        if alike:
                            behind = at + alike * 2 * len(pattern.tags)
                            read = _read_off(pattern, parts, at, behind, amounts, references=references)
                            if read:
                                own["lines"] += read
                                at = behind
                                most = min(2 * most, _MOST_AT_ONCE)
                                continue
                            most = 1
                    pattern = _Pattern([], [], {}, [])
                    start = at
                stack.append((children, own, ending, close))
                if len(stack) > MAX_DEPTH:
                    raise Unreadable("too_deep", params={"limit": str(MAX_DEPTH)})
                ending, _none, close, children, _none = target
                if close is not None:
                    own = {}
                    if close is close_line and quick:
                        line = own
                at += 2
    except ValueFault as fault:
        if quick:
            return None
        raise FaultAtError(fault, at) from fault
    except InvalidOperation:
        return None
    if at + 2 != len(parts) or parts[at + 1].strip(" \t\n"):
        raise MalformedError("something after the root")
    return record if are_amounts(amounts) else None


def _alike(tags: list[str], parts: list[str], at: int, most: int) -> int:
    """How many lines with these tags follow, up to so many."""
    step = 2 * len(tags)
    found = 0
    while found < most and parts[at : at + step : 2] == tags:
        at += step
        found += 1
    return found


def _read_off(
    pattern: _Pattern, parts: list[str], at: int, behind: int, amounts: list[str], *, references: bool
) -> list[Line]:
    """The lines whose tags are the pattern's, a field of all at a time; none when any has an empty value or another tax."""
    tags, values, beside, fixed = pattern
    step = 2 * len(tags)
    alike = (behind - at) // step
    for place, text in fixed:
        if parts[at + place : behind : step].count(text) != alike:
            return []
    columns: dict[str, Iterable[Any]] = {}
    found: list[str] = []
    for place, field, convert in values:
        texts = list(map(str.strip, parts[at + place : behind : step]))
        if "" in texts:
            return []
        if references:
            texts = list(map(unescaped, texts))
        if convert is amount:
            found += texts
            columns[field] = map(Decimal, texts)
        else:
            columns[field] = texts if convert is None else map(convert, texts)
    amounts += found
    columns.update({field: repeat(value) for field, value in beside.items()})
    columns.setdefault("tax_name", repeat(None))
    if columns.keys() == _USUAL.keys():  # said field by field, the struct is made in half the time
        return [
            Line(
                id=id_,
                name=name,
                unit_code=unit,
                net_amount=net,
                quantity=quantity,
                price=price,
                tax_category=category,
                tax_percent=percent,
                tax_name=belgian,
            )
            for id_, name, unit, net, quantity, price, category, percent, belgian in zip(
                *_usual_columns(columns), strict=False
            )
        ]
    return [Line(**dict(zip(columns, row, strict=False))) for row in zip(*columns.values(), strict=False)]


def _target(tag: str, children: Table, root: Root, *, strict: bool) -> Leaf | Branch | None:
    """What a tag that is not in the table as it stands is; nothing for an empty element.

    Tags with attributes come back in every invoice (``cbc:Amount currencyID="EUR"``), so the table learns a
    few of them.
    """
    name, attributes, empty = short_inner_head(tag, strict) if len(tag) <= SHORT else inner_head(tag, strict)
    target = children.get(name)
    if target is None:
        prefix, colon, _local = name.rpartition(":")
        if strict and colon and prefix + colon not in root.prefixes:
            raise MalformedError("undeclared prefix")
        target = ("/" + name, None, None, _NOTHING, [])
    if empty:
        return None
    if target[1] is None or not attributes:
        return target
    end, field, convert, wanted, _beside = target
    beside = tuple(
        (place, value) for one, place in wanted if one in attributes and (value := attributes[one].strip())
    )
    target = (end, field, convert, wanted, beside)
    if strict and len(children) < MOST_LEARNED and len(tag) < 80:
        children[tag] = target
    return target
