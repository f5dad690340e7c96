"""SQL of agents, pairing codes and keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.agents.domain import AGENT, AgentState
from portal.features.agents.models import Agent, ApiKey, PairingCode
from portal.features.bundles.domain import HasAgent


def add(session: WriteSession, row: Agent | PairingCode | ApiKey) -> None:
    """Insert an agent, a code or a key."""
    session.add(row)


async def agents(session: ReadSession) -> Sequence[Agent]:
    """The firm's agents: living ones first, then by name."""
    found = await session.scalars(
        sa.select(Agent).order_by(Agent.revoked_at.is_not(None), Agent.name, Agent.id)
    )
    return found.all()


async def by_key(session: ReadSession, digest: bytes) -> Agent | None:
    """The agent a key belongs to, unless revoked; needs the system scope."""
    return await session.scalar(
        sa.select(Agent).where(
            Agent.token_hash == digest, Agent.state != AgentState.REVOKED, Agent.revoked_at.is_(None)
        )
    )


async def use_code(session: WriteSession, digest: bytes, firm_id: UUID, now: datetime) -> PairingCode | None:
    """Take a code: once, before it expires, on its own firm's host; needs the system scope."""
    return await session.scalar(
        sa.update(PairingCode)
        .where(
            PairingCode.code_hash == digest,
            PairingCode.firm_id == firm_id,
            PairingCode.used_at.is_(None),
            PairingCode.expires_at > now,
        )
        .values(used_at=now)
        .returning(PairingCode)
    )


async def record_heartbeat(session: WriteSession, agent_id: UUID, values: dict[str, Any]) -> bool:
    """An agent is online, and what it said of itself; False when it was revoked since its key was looked up."""
    heard_of = await session.scalar(
        sa.update(Agent)
        .where(
            Agent.id == agent_id,
            Agent.state.in_(AGENT.sources(AgentState.ONLINE)),
            Agent.revoked_at.is_(None),
        )
        .values(state=AgentState.ONLINE, **values)
        .returning(Agent.id)
    )
    return heard_of is not None


async def revoke(session: WriteSession, agent_id: UUID, now: datetime) -> Agent | None:
    """End an agent; None when it had ended."""
    return await session.scalar(
        sa.update(Agent)
        .where(Agent.id == agent_id, Agent.state.in_(AGENT.sources(AgentState.REVOKED)))
        .values(state=AgentState.REVOKED, revoked_at=now)
        .returning(Agent)
    )


async def mark_silent(session: WriteSession, before: datetime) -> int:
    """Agents not heard since `before` are silent; of all firms, in the system scope."""
    found = await session.scalars(
        sa.update(Agent)
        .where(
            Agent.state.in_(AGENT.sources(AgentState.SILENT)),
            sa.func.coalesce(Agent.last_seen_at, Agent.paired_at) < before,
        )
        .values(state=AgentState.SILENT)
        .returning(Agent.id)
    )
    return len(found.all())


async def keys(session: ReadSession) -> Sequence[ApiKey]:
    """The firm's keys: living ones first, then by name."""
    found = await session.scalars(
        sa.select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.name, ApiKey.id)
    )
    return found.all()


async def use_key(session: WriteSession, digest: bytes, now: datetime) -> ApiKey | None:
    """The living key with this hash, noted as used (once a minute is enough); needs the system scope."""
    found = await session.scalar(
        sa.select(ApiKey).where(ApiKey.token_hash == digest, ApiKey.revoked_at.is_(None))
    )
    if found is not None and (found.last_used_at is None or found.last_used_at < now - timedelta(minutes=1)):
        await session.execute(
            sa.update(ApiKey)
            .where(ApiKey.id == found.id)
            .values(last_used_at=now)
            .execution_options(synchronize_session=False)
        )
    return found


async def revoke_key(session: WriteSession, key_id: UUID, now: datetime) -> ApiKey | None:
    """End a key; None when it is unknown or had ended."""
    return await session.scalar(
        sa.update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey)
    )


async def has_agent(session: ReadSession, question: HasAgent) -> bool:
    """Whether an agent of a firm is paired and was not ended."""
    living = sa.exists().where(
        Agent.firm_id == question.firm_id, Agent.state != AgentState.REVOKED, Agent.revoked_at.is_(None)
    )
    return bool(await session.scalar(sa.select(living)))


async def drop_codes(session: WriteSession, before: datetime, limit: int) -> int:
    """Pairing codes whose time was over before a moment. Gives how many went, of the limit at most."""
    over = sa.select(PairingCode.id).where(PairingCode.expires_at < before).limit(limit)
    gone = await session.scalars(
        sa.delete(PairingCode)
        .where(PairingCode.id.in_(over))
        .returning(PairingCode.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
