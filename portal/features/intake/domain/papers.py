"""A paper cut into several, and several put together: what is chosen, and how the new ones are called."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from portal.features.intake.domain.files import IntakeState, clean_name
from portal.kernel.errors import Invalid
from portal.kernel.language import N_

MOST_PAGES = 200
"""A longer paper is cut elsewhere: so many pages can be looked at and ticked."""
MOST_JOINED = 50
"""So many papers are put together at once."""
NOWHERE = N_("Tick the page where the next document begins.")
TOO_FEW = N_("Tick at least one more file.")
TOO_MANY = N_("At most %(limit)s files are put together at once.")


class Relative(msgspec.Struct, frozen=True):
    """A paper beside another one: what it is a part of, a part of it, or one that was put together with others."""

    id: UUID
    name: str
    state: IntakeState
    first_page: int | None
    last_page: int | None
    parent_id: UUID | None
    merged_into: UUID | None
    erased: bool


def ranges_of(begins: Collection[int], count: int) -> list[tuple[int, int]]:
    """First and last page of each document, where new ones begin at these pages (from 1; the first page always begins one).

    Raises:
        Invalid: there would be one document alone.
    """
    starts = sorted({1, *(page for page in begins if 1 < page <= count)})
    if len(starts) < 2:
        raise Invalid(NOWHERE, fields={"begins": NOWHERE}, code="nowhere")
    return [(first, following - 1) for first, following in zip(starts, [*starts[1:], count + 1], strict=True)]


def part_name(name: str, first: int, last: int) -> str:
    """What a part is called: ``scan (2-3).pdf``."""
    stem = name.rpartition(".")[0] or name
    return clean_name(f"{stem[:180]} ({first if first == last else f'{first}-{last}'}).pdf")


def joined_name(name: str, count: int) -> str:
    """What papers are called that were put together: by the first, and how many they were."""
    stem = name.rpartition(".")[0] or name
    return clean_name(f"{stem[:180]} (+{count - 1}).pdf")


def marked(data: bytes, source: str, first: int, last: int) -> bytes:
    """A part that says from where it is, in a comment behind its end (ISO 32000-2, 7.2.4).

    Two pages may hold the same; the papers that they become are two, each with a hash of its own.
    """
    return data.rstrip(b"\r\n") + f"\n%pages {first}-{last} of {source}\n".encode("ascii")
