"""Opening dossiers: a transaction is begun for one, and sees its company from the start while the firm's access stands.

The only place that says whose company a firm's session sees. It does so before anything else happens in the transaction: the
dossier is looked up in the firm's scope, under row security, and its company completes that scope. Nothing changes it afterwards.

    async with opening.dossier(database, actor, dossier_id) as (session, dossier): ...

A handler that works in the transaction of its request asks for `dossier: NamedDependency[Dossier]` or `place: NamedDependency[Place]`
(`dossiers/pages/given.py`) instead. All of them raise NotFound for a dossier that is unknown, another firm's, or not this assistant's.
One to which the access has ended is handed out with its company out of sight.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from portal.db.session import Database, ReadSession, WriteSession, open_company, scope_of
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.service.places import Place
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound


async def begin(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier:
    """Complete the scope of a transaction that was begun for this dossier, and in which nothing has happened yet.

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    found = await dossiers_repository.opened_dossier(session, actor, dossier_id)
    if found is None:
        raise NotFound
    if found.access in OPEN_ACCESS:
        await open_company(session, found.company_id, opened=True)
    return found


async def begin_at(session: ReadSession, actor: Actor, dossier_id: UUID | None) -> Place:
    """Complete the scope of a transaction of either side: a member's own company needs no dossier.

    Raises:
        NotFound: no such dossier for this actor, or a path of the other side.
    """
    if actor.company_id is not None and dossier_id is None:
        return Place(actor.company_id, None)
    if actor.firm_id is None or dossier_id is None:
        raise NotFound
    found = await begin(session, actor, dossier_id)
    return Place(found.company_id, found)


@asynccontextmanager
async def dossier(
    database: Database, actor: Actor, dossier_id: UUID
) -> AsyncGenerator[tuple[WriteSession, Dossier]]:
    """One transaction for a dossier: returning commits, raising rolls back."""
    async with database.transaction(scope_of(actor)) as session:
        yield session, await begin(session, actor, dossier_id)


@asynccontextmanager
async def reading_dossier(
    database: Database, actor: Actor, dossier_id: UUID
) -> AsyncGenerator[tuple[ReadSession, Dossier]]:
    """One READ ONLY transaction for a dossier."""
    async with database.reading(scope_of(actor)) as session:
        yield session, await begin(session, actor, dossier_id)


@asynccontextmanager
async def place(
    database: Database, actor: Actor, dossier_id: UUID | None
) -> AsyncGenerator[tuple[WriteSession, Place]]:
    """One transaction for a dossier, or for a member's own company (None)."""
    async with database.transaction(scope_of(actor)) as session:
        yield session, await begin_at(session, actor, dossier_id)


@asynccontextmanager
async def reading_place(
    database: Database, actor: Actor, dossier_id: UUID | None
) -> AsyncGenerator[tuple[ReadSession, Place]]:
    """One READ ONLY transaction for a dossier, or for a member's own company (None)."""
    async with database.reading(scope_of(actor)) as session:
        yield session, await begin_at(session, actor, dossier_id)
