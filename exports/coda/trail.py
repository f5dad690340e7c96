"""The order in which statements of one day follow each other, found in their balances.

Balances are places and each statement leads from its old to its new one: an order in which all follow each
other is a path that takes every statement once (an Euler trail), and Hierholzer's algorithm finds it. Where
there is none, jumps are added, as few as there have to be; each is a gap.
"""

from collections.abc import Sequence

Edge = tuple[int, int | None]
"""Old and new balance; None when the new one is not known."""

_Place = int | str


def trail(edges: Sequence[Edge], before: int | None, behind: frozenset[int]) -> list[int]:
    """The indexes of the edges in an order with as few breaks as possible.

    Where there is a choice, it begins at ``before`` (the balance on which the day before ended), ends where the
    day after can begin (``behind``, see :func:`openings`), and takes edges in the order given.
    """
    if len(edges) < 2:
        return list(range(len(edges)))
    parts = _parts(edges)
    parts.sort(key=lambda part: (not part.begins_at(before), part.ends_in(behind), part.indexes))
    return [index for part in parts for index in part.walk(before, behind)]


def openings(edges: Sequence[Edge], behind: frozenset[int]) -> frozenset[int]:
    """The balances at which a day's trail can begin so that it ends where the day after can begin."""
    found: set[int] = set()
    for part in _parts(edges):
        found |= part.openings(behind)
    return frozenset(found)


def _parts(edges: Sequence[Edge]) -> list["_Part"]:
    """The edges as ways, those together that share a place."""
    # An unknown balance is a place of its own that leads nowhere.
    ways = [(old, f"open {at}" if new is None else new) for at, (old, new) in enumerate(edges)]
    at_place: dict[_Place, list[int]] = {}
    for index, way in enumerate(ways):
        for place in way:
            at_place.setdefault(place, []).append(index)
    seen: set[_Place] = set()
    parts: list[_Part] = []
    for place in at_place:
        if place in seen:
            continue
        seen.add(place)
        reached, indexes = [place], set[int]()
        while reached:
            fresh = [index for index in at_place[reached.pop()] if index not in indexes]
            indexes.update(fresh)
            new = {end for index in fresh for end in ways[index]} - seen
            seen |= new
            reached.extend(new)
        parts.append(_Part(ways, sorted(indexes)))
    return parts


class _Part:
    """Ways (from one balance to the next) that hang together by the balances that they share."""

    def __init__(self, ways: Sequence[tuple[int, _Place]], indexes: list[int]) -> None:
        self.indexes = indexes
        self._from: dict[_Place, list[tuple[_Place, int | None]]] = {}
        excess: dict[_Place, int] = {}
        for index in indexes:
            old, new = ways[index]
            self._from.setdefault(old, []).append((new, index))
            excess[old] = excess.get(old, 0) + 1
            excess[new] = excess.get(new, 0) - 1
        # One start and one end for every trail that is needed; none when the ways close.
        self._starts = [place for place, count in excess.items() for _ in range(count)]
        self._ends = [place for place, count in excess.items() for _ in range(-count)]

    def begins_at(self, before: int | None) -> bool:
        """Whether it can begin at this place without a jump more."""
        return before in (self._starts or self._from)

    def ends_in(self, behind: frozenset[int]) -> bool:
        """Whether it can end in one of these places without a jump more."""
        return any(place in behind for place in self._ends or self._from)

    def openings(self, behind: frozenset[int]) -> set[int]:
        """Where it can begin; ways that close end where they begin, so there it matters where the end is to be."""
        places = {place for place in self._starts or self._from if isinstance(place, int)}
        return places if self._starts else places & behind or places

    def walk(self, before: int | None, behind: frozenset[int]) -> list[int]:
        """The indexes in the order of the walk."""
        if self._starts:
            starts = sorted(self._starts, key=lambda place: place != before)
            ends = sorted(self._ends, key=lambda place: place in behind)
        else:
            at = before if before in self._from else None
            if at is None:
                at = next((place for place in self._from if place in behind), next(iter(self._from)))
            starts = ends = [at]
        ways = {place: out[::-1] for place, out in self._from.items()}
        for end, start in zip(ends, starts[1:], strict=False):  # the jumps, taken when no way is left
            ways.setdefault(end, []).insert(0, (start, None))
        walked: list[int | None] = []
        stack: list[tuple[_Place, int | None]] = [(starts[0], None)]
        while stack:
            if out := ways.get(stack[-1][0]):
                stack.append(out.pop())
            else:
                walked.append(stack.pop()[1])
        return [index for index in reversed(walked) if index is not None]
