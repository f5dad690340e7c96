"""Audit events as lines for people: what happened to what, which fields changed from what to what, why, by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.kernel.language import N_, gettext

THE_OWNER = N_("the owner")
AGENT = N_("%(name)s (agent)")
PROGRAM = N_("%(name)s (key)")
ON_BEHALF = N_("%(who)s on behalf of %(whom)s")


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One changed field. `old` or `new` is None where the event does not know it."""

    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a page shows it.

    Attributes:
        text: the sentence.
        what: what the thing is called, and `href` its page; `kind` a document's kind in words.
        dossier: name and page of the dossier it belongs to, on pages of several.
        filter_by: the document whose own history one may look at.
        is_note: the reason is a note that somebody sent along.
    """

    at: datetime
    text: str
    icon: str
    who: str
    what: str
    kind: str
    href: str | None
    fields: Sequence[FieldLine]
    reason: str
    dossier: tuple[str, str] | None = None
    filter_by: UUID | None = None
    is_note: bool = False


class _Blank(dict[str, Any]):
    """Details an event does not have are left open."""

    def __missing__(self, key: str) -> str:
        return "–"


def sentence(
    sentences: Mapping[str, tuple[str, str]], action: str, data: Mapping[str, Any]
) -> tuple[str, str]:
    """The sentence of an action in the reader's language, and its icon.

    Args:
        sentences: what the slices say of the actions that they record.
    """
    text, icon = sentences.get(action, (action, "note"))
    return gettext(text) % _Blank({name: value for name, value in data.items() if value is not None}), icon


def who(actor: Mapping[str, Any]) -> str:
    """Who acted: a person by name, an agent, a key or a policy as what it is; and for whom, where it was for somebody else."""
    acted, principal = _acted(actor), actor.get("on_behalf_of")
    if not principal:
        return acted
    return gettext(ON_BEHALF) % {"who": acted or gettext(N_("the portal")), "whom": principal["name"]}


def _acted(actor: Mapping[str, Any]) -> str:
    name = str(actor.get("name") or "")
    if actor.get("person_id"):
        return name
    if actor.get("agent_id"):
        return gettext(AGENT) % {"name": name}
    if actor.get("key_id"):
        return gettext(PROGRAM) % {"name": name}
    return {"policy": gettext(N_("policy")), "owner": gettext(THE_OWNER), "system": ""}.get(name, name)
