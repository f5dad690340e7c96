"""Tables of agents, pairing codes and keys."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, JsonList, OwnedByFirm
from portal.features.agents.domain import AgentState, KeyScope
from portal.features.bundles.domain import Backlog


class Agent(OwnedByFirm, Base):
    """One paired program. Its key is stored as SHA-256 only."""

    __tablename__ = "agent"
    __table_args__ = (sa.UniqueConstraint("firm_id", "id"),)

    name: Mapped[str]
    platform: Mapped[str]
    version: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[AgentState]
    problems: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    queue: Mapped[int] = mapped_column(default=0, server_default="0")
    free_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    root_writable: Mapped[bool | None]
    paired_at: Mapped[datetime]
    paired_by: Mapped[UUID | None]
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PairingCode(OwnedByFirm, Base):
    """A short code a person types into the agent: ten minutes, once."""

    __tablename__ = "pairing_code"

    code_hash: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    backlog: Mapped[Backlog] = mapped_column(default=Backlog.FROM_NOW, server_default=Backlog.FROM_NOW.value)
    """Which of the bundles made before the agent is paired it writes."""


class ApiKey(OwnedByFirm, Base):
    """The key of a script or an integration. Only its SHA-256 is stored."""

    __tablename__ = "api_key"

    name: Mapped[str]
    scope: Mapped[KeyScope]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
