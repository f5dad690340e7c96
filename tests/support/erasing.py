"""Proposing and confirming an erasure, and what is left anywhere afterwards."""

from datetime import timedelta

import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.retention.models import Erasure
from portal.kernel.actor import Actor, Role
from portal.metadata import metadata
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office
from tests.support.world import World

ASIDE = {"reason": "not ours"}
PROPOSAL = {"kind": "private", "reason": "a private bill"}
MINUTES = timedelta(minutes=11)
SECRET = "Zeepaard"
"""Stands in everything that is erased here, and in nothing else."""


async def second(office: Office, role: Role = Role.ACCOUNTANT) -> Actor:
    return await a_staff_member(office.world, office.firm, role)


async def a_private_paper(office: Office, number: str = f"{SECRET}-1") -> Document:
    return await office.purchase(number, pdf=a_pdf(SECRET))


async def put_aside(office: Office, path: str) -> None:
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(f"{path}/put-aside", data=ASIDE)).status_code == 303
    await office.world.run_jobs()


async def propose(office: Office, path: str) -> None:
    await put_aside(office, path)
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(f"{path}/erase", data=PROPOSAL)
        assert answer.status_code == 303, answer.text


async def erase(office: Office, path: str) -> None:
    await propose(office, path)
    async with sign_in(office.world, await second(office)) as client:
        answer = await client.post(f"{path}/erase/answer", data={"answer": "erase"})
        assert answer.status_code == 303, answer.text


async def finish(world: World) -> None:
    """The job that takes the objects away, at once and minutes later."""
    await world.run_jobs()
    world.clock.at += MINUTES
    await world.run_jobs()


async def stored(office: Office) -> set[str]:
    store = office.world.tools.store
    found = {one.sha256 async for one in store.listing(office.company.id)}
    return found | {one.sha256 async for one in store.aside(office.company.id)}


async def everything_written(world: World, *, exclude: tuple[str, ...] = ("audit_event",)) -> str:
    """All rows of all tables as text, but those of the log, which never changes."""
    texts: list[str] = []
    async with world.as_system() as session:
        for table in sorted(set(metadata.tables) - set(exclude) - {"member_dossier"}):
            texts += [
                f"{table}: {row}" for row in await session.scalars(sa.text(f"select t::text from {table} t"))
            ]
    return "\n".join(texts)


async def erasures(world: World) -> list[Erasure]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Erasure).order_by(Erasure.id)))
