"""The hash chain of the audit log: pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

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
        """Whether every chain holds."""
        return not self.faults
