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


MOST_OF_A_LINK = 400
_BROKEN = re.compile(r"=\r?\n|[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
"""Where mail programs part a long line: a soft break of quoted-printable, blanks, signs that nobody sees."""
_SIGN = r"[^A-Za-z0-9]|&(?:[a-z]{2,6};|#[0-9]{1,5};|gt|lt|quot|amp|nbsp|apos)|%[0-9A-Fa-f]{2}"
"""One sign that is no letter or digit, also as markup or an address writes it."""
_AROUND = re.compile(rf"[^A-Za-z0-9_-]*([A-Za-z0-9_-]{{43}})(?:{_SIGN})*")


def link_token(text: str) -> str:
    """The token of a link as people and mail programs copy it: a full stop, a bracket, a comma or a space beside it is not of it.

    Only signs and gaps go, never letters or digits; anything else comes back as it was and is then nobody's.
    """
    match = _AROUND.fullmatch(_BROKEN.sub("", text)) if len(text) < MOST_OF_A_LINK else None
    return match[1] if match else text
