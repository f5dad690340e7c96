"""Identifiers: uuid7, one NewType per entity. Tokens are not ids: they are 256 random bits, stored hashed."""

import hashlib
import re
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


def browser_mark(token: str) -> str:
    """What a browser keeps of a session when that is over: it tells that the session was here, and opens nothing."""
    return hashlib.sha256(b"browser mark:" + token.encode()).hexdigest()[:32]


_AROUND = re.compile(
    r"[<(\[{\"'\s\u200b-\u200f\u2060\ufeff]*([A-Za-z0-9_-]{43})(?:[^A-Za-z0-9]|&[a-z]{2,6};)*"
)


def link_token(text: str) -> str:
    """The token of a link as people and mail programs copy it: a full stop, a bracket, a comma or a space beside it is not of it.

    Only signs go, never letters or digits; anything else comes back as it was and is then nobody's.
    """
    match = _AROUND.fullmatch(text)
    return match[1] if match else text
