"""The main menu: what staff see and what members of a company see. Each slice says in its `slice.py` what of it stands there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

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
    """

    side: Side
    place: int
    label: str
    href: str
    icon: str
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu as it is shown."""

    label: str
    href: str
    icon: str
    active: bool
    count: int | None = None


def entries(menu: Iterable[MenuEntry], actor: Actor, path: str) -> list[Entry]:
    """The menu of whoever is signed in; the entry of the present page is marked."""
    side = Side.STAFF if actor.is_firm else Side.MEMBERS
    return [
        Entry(
            gettext(one.label),
            one.href,
            one.icon,
            path == one.href or (one.href != "/" and path.startswith(one.href + "/")),
        )
        for one in menu
        if one.side is side and (one.right is None or actor.may(one.right))
    ]
