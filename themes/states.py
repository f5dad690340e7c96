"""Every state people see: its word, its tone and its shape.

The word is what the chip says, in the reader's language; the tone picks a pair of colours that passes WCAG AA
in light and dark (``static/src/10-tokens.css``); the icon carries the meaning without the colour.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Tone(StrEnum):
    """What a state asks of the reader."""

    NEUTRAL = "neutral"
    INFO = "info"
    ATTENTION = "attention"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    SETTLED = "settled"


class State(NamedTuple):
    """How one state is shown."""

    word: str
    tone: Tone
    icon: str


def N_(message: str) -> str:  # noqa: N802 - the name under which gettext's extractor finds words
    """Mark a word for translation; it is translated when it is shown."""
    return message


_new = State(N_("new"), Tone.INFO, "state-new")
_waiting = State(N_("waiting for approval"), Tone.ATTENTION, "state-waiting")
_failed = State(N_("failed"), Tone.NEGATIVE, "state-failed")
_ended = State(N_("ended"), Tone.NEUTRAL, "state-ended")

STATES: Final = MappingProxyType(
    {
        # a document and its way to the bookkeeping
        "draft": State(N_("draft"), Tone.NEUTRAL, "state-draft"),
        "final": State(N_("final"), Tone.NEUTRAL, "state-approved"),
        "credited": State(N_("credited"), Tone.NEUTRAL, "credit-note"),
        "received": State(N_("received"), Tone.INFO, "quick-entry"),
        "new": _new,
        "waiting": _waiting,
        "not_needed": State(N_("no approval needed"), Tone.NEUTRAL, "state-approved"),
        "approved": State(N_("approved"), Tone.POSITIVE, "state-approved"),
        "rejected": State(N_("rejected"), Tone.NEGATIVE, "state-rejected"),
        "disputed": State(N_("disputed"), Tone.NEGATIVE, "state-rejected"),
        "not_ours": State(N_("not ours"), Tone.NEGATIVE, "state-rejected"),
        "held": State(N_("held back"), Tone.ATTENTION, "state-held"),
        "ready": State(N_("ready to export"), Tone.INFO, "state-ready"),
        "reserved": State(N_("being exported"), Tone.INFO, "state-running"),
        "superseded": State(N_("counts in another dossier"), Tone.NEUTRAL, "state-held"),
        "aside": State(N_("put aside"), Tone.NEUTRAL, "state-held"),
        "erased": State(N_("erased"), Tone.NEUTRAL, "delete"),
        "bundled": State(N_("in a bundle"), Tone.SETTLED, "state-bundle"),
        "exported": State(N_("exported"), Tone.SETTLED, "state-bundle"),
        "released": State(N_("released"), Tone.NEUTRAL, "undo"),
        "locked": State(N_("locked"), Tone.SETTLED, "state-locked"),
        # delivery and proofs
        "by_hand": State(N_("to download"), Tone.NEUTRAL, "download"),
        "pending": State(N_("on its way"), Tone.INFO, "state-queued"),
        "downloaded": State(N_("downloaded"), Tone.SETTLED, "download"),
        "delivered": State(N_("delivered"), Tone.POSITIVE, "state-delivered"),
        "written": State(N_("written"), Tone.POSITIVE, "state-written"),
        "confirmed": State(N_("confirmed"), Tone.POSITIVE, "state-confirmed"),
        "refused": State(N_("refused"), Tone.NEGATIVE, "state-rejected"),
        # quick entry
        "to_process": State(N_("to process"), Tone.ATTENTION, "quick-entry"),
        "processed": State(N_("processed"), Tone.POSITIVE, "state-approved"),
        "split": State(N_("split"), Tone.NEUTRAL, "state-split"),
        # companies, invitations and access
        "unclaimed": State(N_("not activated"), Tone.NEUTRAL, "state-off"),
        "claimed": State(N_("activated"), Tone.POSITIVE, "state-on"),
        "managed": State(N_("managed by you"), Tone.NEUTRAL, "accountant"),
        "requested": State(N_("access requested"), Tone.ATTENTION, "state-waiting"),
        "granted": State(N_("access granted"), Tone.POSITIVE, "state-on"),
        "declined": State(N_("declined"), Tone.NEGATIVE, "state-rejected"),
        "ended": _ended,
        "none": State(N_("not invited"), Tone.NEUTRAL, "state-off"),
        "sent": State(N_("invited"), Tone.INFO, "mail"),
        "opened": State(N_("invitation opened"), Tone.INFO, "view"),
        "used": State(N_("activated"), Tone.POSITIVE, "state-on"),
        "expired": State(N_("expired"), Tone.ATTENTION, "state-held"),
        "withdrawn": State(N_("withdrawn"), Tone.NEUTRAL, "state-ended"),
        "bounced": State(N_("could not be delivered"), Tone.NEGATIVE, "state-failed"),
        # exports, jobs, agents and connections
        "open": State(N_("being built"), Tone.INFO, "state-running"),
        "choosing": State(N_("choosing"), Tone.INFO, "state-running"),
        "building": State(N_("building"), Tone.INFO, "state-running"),
        "queued": State(N_("queued"), Tone.NEUTRAL, "state-queued"),
        "running": State(N_("running"), Tone.INFO, "state-running"),
        "finished": State(N_("finished"), Tone.POSITIVE, "state-approved"),
        "succeeded": State(N_("succeeded"), Tone.POSITIVE, "state-approved"),
        "succeeded_with_rejections": State(N_("succeeded, some rejected"), Tone.ATTENTION, "state-failed"),
        "abandoned": State(N_("abandoned"), Tone.NEUTRAL, "state-ended"),
        "failed": _failed,
        "paired": State(N_("paired"), Tone.INFO, "integrations"),
        "online": State(N_("online"), Tone.POSITIVE, "state-on"),
        "silent": State(N_("silent"), Tone.ATTENTION, "state-off"),
        "revoked": State(N_("revoked"), Tone.NEGATIVE, "state-ended"),
        "active": State(N_("active"), Tone.POSITIVE, "state-on"),
        "inactive": State(N_("inactive"), Tone.NEUTRAL, "state-off"),
        # an imported workbook, and its rows
        "create": State(N_("will be added"), Tone.POSITIVE, "add"),
        "update": State(N_("will change"), Tone.INFO, "state-update"),
        "unchanged": State(N_("unchanged"), Tone.NEUTRAL, "state-same"),
        "access_request": State(N_("asks for access"), Tone.ATTENTION, "key"),
        "duplicate": State(N_("twice in this file"), Tone.ATTENTION, "copy"),
        "warning": State(N_("look at this"), Tone.ATTENTION, "state-failed"),
        "previewed": State(N_("to be checked"), Tone.ATTENTION, "state-waiting"),
        "accepted": State(N_("accepted"), Tone.POSITIVE, "state-approved"),
        "accepting": State(N_("being carried out"), Tone.INFO, "state-running"),
        "error": State(N_("error"), Tone.NEGATIVE, "danger"),
    }
)


def state_of(name: str) -> State:
    """How a state is shown; one that nobody described is shown by its own word, in neutral."""
    return STATES.get(str(name)) or State(str(name).replace("_", " "), Tone.NEUTRAL, "info")
