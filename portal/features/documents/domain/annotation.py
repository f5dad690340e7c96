"""Tags, note and payment state: not part of the books, changed by anybody at any time; nobody wipes out what another one wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from portal.features.documents.domain.documents import PaymentState
from portal.kernel.language import N_

MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_NOTE = 2000
BAD_TAGS = N_("At most 20 tags of 40 characters, none of them empty or with a comma.")
LONG_NOTE = N_("The note is too long: 2,000 characters at most.")


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """What may always change, also on a locked document; None leaves a thing as it is."""

    tags: list[str] | None = None
    note: str | None = None
    payment_state: PaymentState | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """What becomes of an annotation beside what somebody else may have written meanwhile.

    Attributes:
        changes: columns to write.
        clashes: what two people changed differently; nothing is written then.
        touched: what the writer changed, by name.
    """

    changes: dict[str, Any]
    clashes: tuple[str, ...]
    touched: frozenset[str]


def annotation_faults(annotation: Annotation, touched: frozenset[str]) -> dict[str, str]:
    """What cannot be kept as it is, by field: a form reads tags back from one line, so they are what fits there.

    Args:
        touched: what the writer changed; what they left alone holds nothing up.
    """
    faults: dict[str, str] = {}
    tags = annotation.tags or [] if "tags" in touched else []
    if len(tags) > MOST_TAGS or any(not tag.strip() or "," in tag or len(tag) > LONGEST_TAG for tag in tags):
        faults["tags"] = BAD_TAGS
    if "note" in touched and len(annotation.note or "") > LONGEST_NOTE:
        faults["note"] = LONG_NOTE
    return faults


def read_tags(text: str) -> list[str]:
    """Tags as people type them, separated by commas; each once, empty ones left out.

    None is cut or dropped: what does not fit is said, by `annotation_faults`.
    """
    tags = (tag.strip() for tag in text.split(","))
    return list(dict.fromkeys(tag for tag in tags if tag))


def annotation_values(tags: Sequence[str], note: str, payment_state: PaymentState) -> dict[str, str]:
    """Tags, note and payment state as the fields of a form have them."""
    return {"tags": ", ".join(tags), "note": note, "payment_state": payment_state.value}


def merge(wanted: Annotation, present: Annotation, seen: Annotation | None = None) -> Merge:
    """Lay an annotation over the present one.

    Args:
        seen: what the writer had before their eyes: what they left as it was stays as it is now, and what somebody else changed
            as well is a clash. None for writers who mean what they say.
    """
    changes: dict[str, Any] = {}
    clashes: list[str] = []
    touched: set[str] = set()
    for name in Annotation.__struct_fields__:
        value, now = getattr(wanted, name), getattr(present, name)
        before = getattr(seen, name) if seen is not None else now
        if value is None or (seen is not None and _plain(value) == _plain(before)):
            continue
        touched.add(name)
        if _plain(value) == _plain(now):
            continue
        if _plain(before) != _plain(now):
            clashes.append(name)
        changes[name] = value
    return Merge(changes, tuple(clashes), frozenset(touched))


def _plain(value: Any) -> Any:
    """A value as it comes back from a form: programs may have written line ends and spaces that a browser does not keep."""
    if isinstance(value, list):
        return read_tags(",".join(str(tag) for tag in value))  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - what JSON holds
    text = str(value)
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t").strip()
