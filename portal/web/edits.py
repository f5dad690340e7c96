"""Two people at one form: each field is laid over what stands now, and what both changed is asked. Nothing is overwritten in silence.

A form that changes something brings, beside each field, what stood there when the form was opened (`seen_…`, from `ui.seen_fields`).
`merge_edit` compares field by field: what the writer left alone is what it is now; what they changed is theirs; where somebody else
changed the same field to something else, nothing is saved and the page shows both, with who and when. Saving again decides. Fields that
say something together are compared as one. The caller has taken the row for writing first, so that nobody changes it between comparing
and saving.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.kernel.language import N_, gettext
from portal.kernel.texts import plain
from portal.web.forms import Form

SEEN = "seen_"
Shown = Mapping[str, "str | Sequence[str]"]
"""A form's fields as it shows them; several values of one field as a list."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a form does to what stands now.

    Attributes:
        touched: the fields its writer changed.
        clashes: those that somebody else has changed since, to something else.
        seen: what the next form shows as seen: for a field at fault still what its writer saw.
    """

    touched: frozenset[str]
    clashes: tuple[str, ...]
    seen: dict[str, str]


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed, in words."""

    label: str
    before: str
    now: str
    mine: str
    who: str | None
    at: datetime | None


def seen_fields(present: Shown) -> dict[str, str]:
    """What the form shows, as its hidden fields carry it."""
    return {name: _joined(value) for name, value in present.items()}


def merge_edit(
    form: Form, present: Shown, groups: Sequence[Collection[str]] = (), *, always_sent: bool = False
) -> Edit:
    """Lay a form over what stands now; afterwards it holds what would stand: what its writer left alone is as it is now.

    Args:
        groups: fields that say something together, as amounts do: put together from two writers they would say what nobody entered,
            so that all of them are asked, and the form keeps its writer's.
        always_sent: browsers send every field of this form, empty or not (there is no box to tick in it): one that was not sent says
            nothing, and stays as it is.
    """
    for name, value in present.items() if always_sent else ():
        if name not in form.values:
            form.put(name, value)
    now = seen_fields(present)
    typed = {name: _typed(form, name, present) for name in now}
    before = {name: form.values.get(f"{SEEN}{name}", stands) for name, stands in now.items()}
    touched = _differing(typed, before)
    mine = _differing(
        typed, now
    )  # what would be another value than stands now, if all of the form were taken
    clashes = touched & mine & _differing(before, now)
    for group in groups:
        fields = mine.intersection(group)
        if fields & touched and fields - touched:
            clashes |= fields
    for name in now.keys() - touched - clashes:
        form.put(name, present[name])
    if clashes:
        return Edit(frozenset(touched), tuple(name for name in now if name in clashes), now)
    return Edit(frozenset(touched), (), now | {name: before[name] for name in touched})


def _differing(some: Mapping[str, str], others: Mapping[str, str]) -> set[str]:
    return {name for name, value in some.items() if _plain(value) != _plain(others[name])}


def _typed(form: Form, name: str, present: Shown) -> str:
    return form.values.get(name, "") if isinstance(present[name], str) else _joined(form.all(name))


def clashes_in_words(
    edit: Edit,
    form: Form,
    present: Shown,
    words: Mapping[str, tuple[str, Mapping[str, str]]],
    history: Sequence[Any],
    columns: Mapping[str, Sequence[str]] | None = None,
) -> list[Clash]:
    """The clashes as a page tells them.

    Args:
        words: label of each field, and the words of its values where it is a choice.
        history: the audit events of this thing, oldest first.
        columns: what a field is called in that history, where it differs.
    """
    now = seen_fields(present)
    told: list[Clash] = []
    for name in edit.clashes:
        label, choices = words.get(name, (name, {}))
        change = _who_changed(history, {name, *(columns or {}).get(name, ())})
        told.append(
            Clash(
                label=label,
                before=_said(form.values.get(f"{SEEN}{name}", ""), choices),
                now=_said(now[name], choices),
                mine=_said(_typed(form, name, present), choices),
                who=str(change.actor.get("name") or "") or None if change is not None else None,
                at=change.at if change is not None else None,
            )
        )
    return told


def _who_changed(history: Sequence[Any], names: set[str]) -> Any | None:
    """The latest change that speaks of one of these; an event names columns in a list or as keys, wherever its slice puts them."""
    for change in reversed(history):
        if names & _named(change.data, 2):
            return change
    return None


def _named(data: Any, depth: int) -> set[str]:
    if isinstance(data, str):
        return {data}
    if isinstance(data, Mapping) and depth:
        return {str(key) for key in data} | {
            name for value in data.values() for name in _named(value, depth - 1)
        }
    if isinstance(data, list | tuple) and depth:
        return {name for value in data for name in _named(value, depth - 1)}
    return set()


def _said(value: str, choices: Mapping[str, str]) -> str:
    """A value as people read it; of several, each."""
    if choices:
        return ", ".join(choices.get(one, one) for one in value.split(",")) or gettext(NOTHING)
    return value or gettext(NOTHING)


NOTHING = N_("empty")


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _plain(text: str) -> str:
    """A value as a page shows it and a browser gives it back: of one kept by an earlier release, hidden signs did not come along."""
    return plain(text).strip()
