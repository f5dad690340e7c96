"""Identifiers: uuid7, one NewType per entity. Tokens are not ids: they are 256 random bits, stored hashed."""

import hashlib
import secrets
from datetime import datetime
from typing import NewType
from uuid import UUID

from uuid_utils.compat import uuid7

FirmId = NewType("FirmId", UUID)
CompanyId = NewType("CompanyId", UUID)
PersonId = NewType("PersonId", UUID)
DossierId = NewType("DossierId", UUID)
DocumentId = NewType("DocumentId", UUID)
StatementId = NewType("StatementId", UUID)
ItemId = NewType("ItemId", UUID)
IntakeId = NewType("IntakeId", UUID)
ExportId = NewType("ExportId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
AgentId = NewType("AgentId", UUID)
KeyId = NewType("KeyId", UUID)
JobId = NewType("JobId", UUID)


def new_id() -> UUID:
    """A uuid7: unique, and in the order of its making."""
    return uuid7()


def first_id(moment: datetime) -> UUID:
    """The lowest uuid7 of a moment: what was made earlier sorts before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def new_token() -> str:
    """256 random bits for a link, a session or a key; only `token_hash` of it is ever stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token, 32 bytes: enough for random tokens, never used for passwords."""
    return hashlib.sha256(token.encode()).digest()
