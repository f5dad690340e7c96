"""What a firm's dossier on a company is: the access it gives, its names, what is told about it."""

import enum
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event
from portal.kernel.machine import machine


class Access(enum.StrEnum):
    """Whether the firm may see the company through this dossier."""

    MANAGED = "managed"  # the firm brought an unclaimed company
    REQUESTED = "requested"  # the company is claimed; its owner has not answered yet
    GRANTED = "granted"
    DECLINED = "declined"
    ENDED = "ended"


ACCESS = machine(
    frozenset({Access.MANAGED, Access.REQUESTED}),
    {
        Access.MANAGED: {Access.GRANTED, Access.ENDED},  # granted when the owner claims and agrees
        Access.REQUESTED: {Access.GRANTED, Access.DECLINED},
        Access.GRANTED: {Access.ENDED},
        Access.DECLINED: {Access.REQUESTED},
        Access.ENDED: {Access.REQUESTED},
    },
)


OPEN_ACCESS = frozenset({Access.MANAGED, Access.GRANTED})
"""With these the firm sees the company's data."""


def titled(name: str, activity: str | None) -> str:
    """A dossier's name for people, wherever it is shown: two on one company differ by their activity."""
    return f"{name} · {activity}" if activity else name


def place_of(open_dossiers: Mapping[UUID, datetime], handed_in: UUID | None) -> UUID:
    """Which of one firm's open dossiers on a company a paper belongs to: where it was handed in, else the first one made.

    `belongs_to` and the database function `dossier_for` say the same.

    Args:
        open_dossiers: when each was made, by its id.
    """
    return min(open_dossiers, key=lambda one: (one != handed_in, open_dossiers[one], one))


class DossierOpened(Event, frozen=True, kw_only=True):
    """A firm may now see a company it could not see before: managed at creation, or granted by the owner."""

    name: ClassVar[str] = "dossiers.opened"
    dossier_id: UUID
    company_id: UUID


class AccessEnded(Event, frozen=True, kw_only=True):
    """A firm's sight of a company stopped."""

    name: ClassVar[str] = "dossiers.access_ended"
    dossier_id: UUID
    company_id: UUID


class AccessRequested(Event, frozen=True, kw_only=True):
    """A firm asks the owner of a claimed company for access; it sees nothing of it meanwhile."""

    name: ClassVar[str] = "dossiers.access_requested"
    dossier_id: UUID
    company_id: UUID


_ASCII = str.maketrans({chr(n): chr(n).lower() if chr(n).isalnum() else " " for n in range(128)})


def folded(text: str) -> str:
    """A heading or word without case, accents and punctuation."""
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())
