"""Which files of an upload belong together."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple
from uuid import UUID

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""The wide forms of ASCII, as Asian keyboards write them."""
_ENDING = re.compile(r"\.[^.\s]{1,8}\s*\Z")


class Named(NamedTuple):
    """A file of an upload.

    Attributes:
        parent: the ZIP or mail it was in.
        folder: the folder in that.
    """

    id: UUID
    parent: UUID | None
    folder: str
    name: str


def stem(name: str) -> str:
    """What a UBL and the PDF beside it have in common: the name without folder and ending.

    However an accent is composed (macOS takes letters apart), in whatever case and width, spaces of any kind as one and none at an end.
    Another letter is another name: é is no e.
    """
    bare = name.replace("\\", "/").rpartition("/")[2].translate(_WIDE)
    bare = _ENDING.sub("", bare) or bare
    text = unicodedata.normalize("NFC", bare).casefold()
    return " ".join(unicodedata.normalize("NFC", text).split())


def partners(ubls: Sequence[Named], pdfs: Sequence[Named]) -> dict[UUID, UUID]:
    """Which PDF belongs to which UBL of one upload: the PDF's id by the UBL's, each once.

    The same name in the same folder, then in another folder of the same ZIP or mail, then anywhere in the upload. Where two files have
    one name it is anybody's guess, and none is joined: each is looked at by itself. In folders that hold both kinds, each has its own
    (`a/scan.xml` and `b/scan.pdf` are two invoices); folders of one kind each (`xml/2026-9.xml`, `pdf/2026-9.pdf`) are of one list, if
    the name has a number.
    """
    found: dict[UUID, UUID] = {}
    mixed = {(one.parent, one.folder) for one in ubls} & {(one.parent, one.folder) for one in pdfs}

    def in_place(one: Named) -> Hashable:
        return one.parent, one.folder, stem(one.name)

    def in_container(one: Named) -> Hashable | None:
        numbered = any(letter.isdigit() for letter in stem(one.name))
        return (one.parent, stem(one.name)) if numbered and (one.parent, one.folder) not in mixed else None

    def anywhere(one: Named) -> Hashable | None:
        return None if one.folder else stem(one.name)

    for key in (in_place, in_container, anywhere):
        _join(ubls, pdfs, key, found)
    return found


def _join(
    ubls: Sequence[Named],
    pdfs: Sequence[Named],
    key: Callable[[Named], Hashable | None],
    found: dict[UUID, UUID],
) -> None:
    taken = set(found.values())
    papers: dict[Hashable, list[UUID]] = defaultdict(list)
    for one in pdfs:
        if one.id not in taken and (place := key(one)) is not None:
            papers[place].append(one.id)
    invoices: dict[Hashable, list[UUID]] = defaultdict(list)
    for one in ubls:
        if one.id not in found and (place := key(one)) is not None:
            invoices[place].append(one.id)
    for place, ids in invoices.items():
        if len(ids) == 1 and len(papers[place]) == 1:
            found[ids[0]] = papers[place][0]
