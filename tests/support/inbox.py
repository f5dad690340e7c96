"""Dropping files on an office as a whole, and what became of them."""

import io
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from portal.features.intake.models import InboxFile, IntakeFile
from portal.features.intake.service import inbox
from portal.features.intake.service.reception import Incoming
from portal.kernel.actor import Actor
from tests.support.world import World


async def dropped(world: World, actor: Actor, files: dict[str, bytes], *, read: bool = True) -> UUID:
    """Files that came to the office as a whole; `read` by the worker. Gives the upload's id."""
    incoming = [Incoming(name, len(data), io.BytesIO(data)) for name, data in files.items()]
    upload_id = await inbox.hand_in(world.tools, actor, incoming)
    if read:
        await world.run_jobs()
    return upload_id


async def inbox_rows(world: World) -> Sequence[InboxFile]:
    """Everything in all inboxes, in the order it came."""
    async with world.as_system() as session:
        return (await session.scalars(sa.select(InboxFile).order_by(InboxFile.id))).all()


async def became(world: World) -> dict[str, tuple[str, str | None]]:
    """State and reason of every file of all inboxes, by its name."""
    return {one.name: (one.state.value, one.reason) for one in await inbox_rows(world)}


async def intake_rows(world: World) -> Sequence[IntakeFile]:
    """Every file that was handed in for some company, in the order it came."""
    async with world.as_system() as session:
        return (await session.scalars(sa.select(IntakeFile).order_by(IntakeFile.id))).all()
