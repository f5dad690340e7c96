"""The hash chain of the audit log, and what an event says of changed fields: pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

LONGEST_VALUE = 300
"""So much of a long text (a note) is kept of what it was and what it is."""
GENESIS = bytes(32)
"""What the first event of a chain refers to."""


def canonical(event: Mapping[str, Any]) -> bytes:
    """The event as canonical JSON: keys sorted, no spaces, UTF-8; times as RFC 3339, ids as text."""
    return msgspec.json.encode(event, order="deterministic")


def link(previous: bytes, event: Mapping[str, Any]) -> bytes:
    """SHA-256(previous ‖ canonical JSON), 32 bytes."""
    return hashlib.sha256(previous + canonical(event)).digest()


def earlier(event_id: UUID, by: timedelta) -> UUID:
    """The lowest uuid7 of a moment `by` before the one in which `event_id` was made."""
    milliseconds = (event_id.int >> 80) - int(by.total_seconds() * 1000)
    return UUID(int=max(0, milliseconds) << 80)


@dataclass(frozen=True, slots=True)
class Told:
    """One of many events of a kind: what it happened to, what people call that, and plain values that explain it."""

    subject_id: UUID
    dossier_id: UUID | None
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a chain does not hold."""

    chain: UUID
    sequence: int
    what: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What verifying found: sealed events, chains, faults, and events the sealer has not reached yet."""

    events: int
    chains: int
    unsealed: int
    faults: tuple[ChainFault, ...]

    @property
    def holds(self) -> bool:
        """Whether no chain has a fault."""
        return not self.faults


# ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────

Changes = dict[str, tuple[Any, Any]]
"""Field → (what it was, what it is)."""


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str] | None = None
) -> Changes:
    """The fields that differ, as an event keeps them; long texts are cut.

    Args:
        names: the fields that may be told (all of `after` unless given); others, such as keys of our own, are left out.
    """
    told = after if names is None else names
    return {
        name: (_short(before.get(name)), _short(after[name]))
        for name in told
        if name in after and before.get(name) != after[name]
    }


def _short(value: Any) -> Any:
    return (
        value[: LONGEST_VALUE - 1] + "…" if isinstance(value, str) and len(value) > LONGEST_VALUE else value
    )


def named(*parts: str | None) -> str:
    """What people call a thing, from its number and whose it is: `7205519 · Telecom NV`."""
    return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One changed field of an event. Events of earlier releases know only the old value, or only that it changed."""

    name: str
    old: Any = None
    new: Any = None
    knows_old: bool = False
    knows_new: bool = False


def fields_of(data: Mapping[str, Any]) -> list[FieldChange]:
    """The changed fields of an event, whichever release wrote it."""
    pairs: dict[str, Any] = {}
    names: list[str] = []
    for key in ("fields", "changed", "columns"):
        told = data.get(key)
        if isinstance(told, Mapping):
            pairs |= told
        elif isinstance(told, list):
            names += [str(name) for name in told]
    before = data.get("before")
    old = before if isinstance(before, Mapping) else {}
    found: list[FieldChange] = []
    for name in [*pairs, *(name for name in dict.fromkeys(names) if name not in pairs)]:
        pair = pairs.get(name, data.get(name))
        if isinstance(pair, list | tuple) and len(pair) == 2:
            found.append(FieldChange(name, pair[0], pair[1], knows_old=True, knows_new=True))
        elif name in old:
            found.append(FieldChange(name, old[name], knows_old=True))
        else:
            found.append(FieldChange(name))
    return found
