"""News that a lower slice publishes and higher ones may hear: the base of every event.

Event types live in the publisher's domain module; who listens stands in the subscriber's jobs module. Publishing writes one
ledger row per subscriber in the caller's transaction (portal.jobs.ledger.publish).
"""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happened, in the past tense, carrying ids only."""

    name: ClassVar[str]
