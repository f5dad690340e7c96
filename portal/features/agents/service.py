"""Agents: pairing by a short code, heartbeats, the feed, ending. Keys for scripts and integrations."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.accounts.service import limits
from portal.features.agents import repository
from portal.features.agents.domain import SCOPES, AgentState, KeyScope
from portal.features.agents.models import Agent, ApiKey, PairingCode
from portal.features.audit import service as audit
from portal.features.bundles.domain import Backlog, HasAgent
from portal.features.bundles.service import deliveries
from portal.features.bundles.service.deliveries import WaitingDelivery
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service import folders as dossier_folders
from portal.features.dossiers.service.folders import Folder
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Door, Right
from portal.kernel.errors import Forbidden, Invalid, NotFound, Unauthorised
from portal.kernel.ids import AgentId, FirmId, KeyId, new_id, new_token, token_hash
from portal.kernel.language import N_

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody mistakes for another."""
CODE_LENGTH = 8
CODE_LIVES = timedelta(minutes=10)
TRIES = 10
SILENT_AFTER = timedelta(minutes=5)
POLL_SECONDS = 30
WAIT_SECONDS = 25
"""So long a call of the feed waits at most for something new: proxies cut a silent one after thirty seconds, the shortest of them."""
MINIMUM_VERSION = "0.1.0"
LATEST_VERSION = "0.1.0"
REVOKED = N_("This key is unknown or was revoked.")
NAMELESS = N_("Say what the key is for.")
WRONG_CODE = N_("This code is unknown, used or too old. Make a new one on the Agents page.")


@dataclass(frozen=True, slots=True)
class Paired:
    """A new agent and its key, which is shown this once."""

    agent: Agent
    token: str


def normalised_code(text: str) -> str:
    """Codes are read without spaces and dashes, in any case."""
    return "".join(character for character in text.upper() if character in ALPHABET)


async def new_code(
    session: WriteSession, actor: Actor, name: str, backlog: Backlog = Backlog.FROM_NOW
) -> tuple[str, datetime]:
    """A code to type into the agent, and when it ends.

    Args:
        backlog: which of the bundles that no agent has written the new one writes, besides what is exported from now on.

    Raises:
        Forbidden: the actor may not pair agents.
    """
    if not actor.may(Right.AGENTS):
        raise Forbidden
    assert actor.firm_id is not None
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    now = clock_of(session).now()
    ends = now + CODE_LIVES
    row = PairingCode(
        firm_id=actor.firm_id,
        code_hash=token_hash(code),
        name=name,
        created_by=actor.person_id,
        created_at=now,
        expires_at=ends,
        used_at=None,
        backlog=backlog,
    )
    repository.add(session, row)
    await session.flush()
    await audit.record(session, actor, "agents.code_made", "pairing_code", row.id, backlog=backlog.value)
    return f"{code[:4]}-{code[4:]}", ends


async def pair(
    tools: Tools, firm_id: FirmId, *, code: str, name: str, platform: str, version: str, address: str
) -> Paired:
    """Turn a code into an agent, once. Runs in the system scope: nobody is signed in on that machine.

    Raises:
        Invalid: unknown, used, expired or another firm's code (`wrong_code`).
        TooMany: too many tries from this address or at this firm.
    """
    await limits.limit(tools, f"pair:ip:{address}", TRIES)
    await limits.limit(tools, f"pair:firm:{firm_id}", TRIES * 5)
    async with tools.database.system_scope() as session:
        now = clock_of(session).now()
        used = await repository.use_code(session, token_hash(normalised_code(code)), firm_id, now)
        if used is None:
            raise Invalid(WRONG_CODE, code="wrong_code")
        token = new_token()
        agent = Agent(
            id=new_id(),
            firm_id=firm_id,
            name=(used.name or name or "agent")[:80],
            platform=platform[:80],
            version=version[:20],
            token_hash=token_hash(token),
            state=AgentState.PAIRED,
            problems=[],
            queue=0,
            free_bytes=None,
            root_writable=None,
            paired_at=now,
            paired_by=used.created_by,
            last_seen_at=None,
            revoked_at=None,
        )
        repository.add(session, agent)
        await session.flush()
        given = await deliveries.agent_paired(session, firm_id, used.backlog, used.created_at)
        await audit.record(
            session,
            _actor(agent),
            "agents.paired",
            "agent",
            agent.id,
            what=agent.name,
            backlog=used.backlog.value,
            bundles=given,
        )
    return Paired(agent, token)


def _actor(agent: Agent) -> Actor:
    return Actor(door=Door.AGENT, name=agent.name, firm_id=FirmId(agent.firm_id), agent_id=AgentId(agent.id))


def _program(key: ApiKey) -> Actor:
    return Actor(
        door=Door.API,
        name=key.name,
        firm_id=FirmId(key.firm_id),
        key_id=KeyId(key.id),
        granted=SCOPES[key.scope],
    )


class Keys:
    """The KeyDirectory of the web."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def find(self, key: str, firm_id: FirmId) -> Actor | None:
        """The agent or the program a bearer key of this firm belongs to."""
        if not key or len(key) > 200:
            return None
        digest = token_hash(key)
        async with self._tools.database.system_scope() as session:
            agent = await repository.by_key(session, digest)
            if agent is not None:
                return _actor(agent) if agent.firm_id == firm_id else None
            found = await repository.use_key(session, digest, self._tools.clock.now())
            return _program(found) if found is not None and found.firm_id == firm_id else None


async def listed(session: ReadSession) -> Sequence[Agent]:
    """The firm's agents, those that were revoked last."""
    return await repository.agents(session)


async def heartbeat(session: WriteSession, actor: Actor, told: dict[str, Any]) -> None:
    """An agent is alive: what it runs, what waits, what troubles it.

    Raises:
        Unauthorised: it was revoked a moment ago (`revoked`).
    """
    await _heard(session, actor, told)


@dataclass(frozen=True, slots=True)
class Entry:
    """One bundle to write, its dossier and the folder that it goes to."""

    waiting: WaitingDelivery
    dossier: Dossier
    folder: Folder


@dataclass(frozen=True, slots=True)
class Feed:
    """What an agent has to write next; `mark` is another one whenever something of it is."""

    entries: Sequence[Entry]

    @property
    def mark(self) -> str:
        """An opaque word for what waits."""
        told = [
            f"{one.waiting.delivery.id} {one.waiting.export.sha256} {one.dossier.title} {one.folder}"
            for one in self.entries
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


async def feed(tools: Tools, actor: Actor, *, wait: int, mark: str) -> Feed:
    """What an agent has to write next. No connection is held while it waits.

    Args:
        wait: so many seconds (`WAIT_SECONDS` at most) until there is something else than `mark` says. It is answered sooner, with what
            there is, when too many wait already, the same agent calls again or the process ends.
        mark: of what the agent knows; empty when it knows of nothing.

    Raises:
        Unauthorised: it was revoked, perhaps while it waited (`revoked`).
    """
    assert actor.agent_id is not None
    known = mark or Feed([]).mark
    until = asyncio.get_running_loop().time() + min(wait, WAIT_SECONDS)
    if wait <= 0:
        return await _look(tools, actor)
    news = tools.database.news
    with news.waiting(f"deliveries:{actor.firm_id}", actor.agent_id) as place:
        while True:
            async with news.turn:
                found = await _look(tools, actor)
            if found.mark != known or place is None or not await place.until(until):
                return found


async def _look(tools: Tools, actor: Actor) -> Feed:
    assert actor.firm_id is not None
    async with tools.database.transaction(scope_of(actor)) as session:
        await _heard(session, actor, {})
        waiting = await deliveries.waiting(session, actor)
        cards = await dossiers.cards(session, actor, {one.export.dossier_id for one in waiting})
        folders = await dossier_folders.folders(session, actor.firm_id, cards.values())
    return Feed([Entry(one, cards[one.export.dossier_id], folders[one.export.dossier_id]) for one in waiting])


async def _heard(session: WriteSession, actor: Actor, told: dict[str, Any]) -> None:
    assert actor.agent_id is not None
    values = {**told, "last_seen_at": clock_of(session).now()}
    if not await repository.record_heartbeat(session, actor.agent_id, values):
        raise Unauthorised(REVOKED, code="revoked")


async def revoke(session: WriteSession, actor: Actor, agent_id: UUID) -> Agent:
    """End an agent: its key counts no more, what it wrote stays.

    Raises:
        Forbidden, NotFound: not allowed; unknown or another firm's, or ended already.
    """
    if not actor.may(Right.AGENTS):
        raise Forbidden
    ended = await repository.revoke(session, agent_id, clock_of(session).now())
    if ended is None:
        raise NotFound
    await session.flush()
    await deliveries.agent_ended(session, ended.firm_id)
    await audit.record(session, actor, "agents.revoked", "agent", ended.id, what=ended.name)
    return ended


async def mark_silent(session: WriteSession) -> int:
    """Mark agents that were not heard for a while; in the system scope."""
    return await repository.mark_silent(session, clock_of(session).now() - SILENT_AFTER)


async def new_key(session: WriteSession, actor: Actor, name: str, scope: KeyScope) -> str:
    """A key for a script or an integration; it is shown this once.

    Raises:
        Forbidden: the actor may not make keys.
        Invalid: it has no name (field `key_name`).
    """
    if not actor.may(Right.AGENTS):
        raise Forbidden
    assert actor.firm_id is not None
    if not name:
        raise Invalid(fields={"key_name": NAMELESS})
    token = new_token()
    key = ApiKey(
        firm_id=actor.firm_id,
        name=name,
        scope=scope,
        token_hash=token_hash(token),
        created_by=actor.person_id,
        created_at=clock_of(session).now(),
        last_used_at=None,
        revoked_at=None,
    )
    repository.add(session, key)
    await session.flush()
    await audit.record(session, actor, "agents.key_made", "api_key", key.id, what=name, scope=scope.value)
    return token


async def keys(session: ReadSession) -> Sequence[ApiKey]:
    """The firm's keys."""
    return await repository.keys(session)


async def revoke_key(session: WriteSession, actor: Actor, key_id: UUID) -> ApiKey:
    """End a key, at once.

    Raises:
        Forbidden, NotFound: not allowed; unknown or another firm's, or ended already.
    """
    if not actor.may(Right.AGENTS):
        raise Forbidden
    ended = await repository.revoke_key(session, key_id, clock_of(session).now())
    if ended is None:
        raise NotFound
    await audit.record(session, actor, "agents.key_revoked", "api_key", ended.id, what=ended.name)
    return ended


async def has_agent(session: ReadSession, question: HasAgent) -> bool:
    """Whether an agent of a firm is paired and was not ended."""
    return await repository.has_agent(session, question)
