"""The main menu: what staff see and what members of a company see. Each slice says in its `slice.py` what of it stands there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from portal.db.figures import Figure
from portal.kernel.actor import Actor, Right
from portal.kernel.language import gettext


class Side(Enum):
    """For whom a menu is: staff of the firm, or members of a company."""

    STAFF = "staff"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the menu of one side, for those who have the right to it.

    Attributes:
        place: where it stands among the others, counted from above in tens, so that something fits in between.
        label: in English; translated where it is shown.
        right: None for everybody of that side.
        count: how many things wait there for the actor.
    """

    side: Side
    place: int
    label: str
    href: str
    icon: str
    right: Right | None = None
    count: Callable[[Actor], Figure[int]] | None = None

    def is_for(self, actor: Actor) -> bool:
        """Whether it stands in the menu of this actor."""
        side = Side.STAFF if actor.is_firm else Side.MEMBERS
        return self.side is side and (self.right is None or actor.may(self.right))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu as it is shown."""

    label: str
    href: str
    icon: str
    active: bool
    count: int | None = None


def entries(
    menu: Iterable[MenuEntry], actor: Actor, path: str, counts: Mapping[str, int] | None = None
) -> list[Entry]:
    """The menu of whoever is signed in; the entry of the present page is marked.

    Args:
        counts: how many things wait behind an entry, by its address.
    """
    return [
        Entry(
            gettext(one.label),
            one.href,
            one.icon,
            path == one.href or (one.href != "/" and path.startswith(one.href + "/")),
            (counts or {}).get(one.href),
        )
        for one in menu
        if one.is_for(actor)
    ]


def to_count(menu: Iterable[MenuEntry], actor: Actor) -> dict[str, Figure[int]]:
    """What is counted behind the entries of an actor's menu, by their address."""
    return {one.href: one.count(actor) for one in menu if one.count is not None and one.is_for(actor)}
