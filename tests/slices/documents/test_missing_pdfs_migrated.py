"""The migration that asks again for missing PDFs, on a filled database of the release before, locked documents among its rows."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from portal.features.documents.models import Document
from tests.support.builders_papers import a_pdf, a_ubl
from tests.support.builders_scene import US, an_office
from tests.support.servers import ROOT
from tests.support.world import World

BEFORE = "0019"


async def alembic(world: World, what: str, revision: str) -> None:
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", world.urls.owner.replace("%", "%%"))
    await asyncio.to_thread(getattr(command, what), made, revision)


async def test_what_never_got_its_pdf_gets_it_and_what_is_broken_inside_is_drawn(world: World) -> None:
    office = await an_office(world)
    files = {
        "1.xml": a_ubl(customer=US, number="1"),
        "2.xml": a_ubl(customer=US, number="2", pdf=a_pdf()[:-300]),
        "3.xml": a_ubl(customer=US, number="3", pdf=a_pdf()),
        "4.xml": a_ubl(customer=US, number="4"),
        "4.pdf": a_pdf("beside"),
        "5.xml": a_ubl(customer=US, number="5", pdf=b"<html>"),
    }
    await office.hand_in(files)
    await office.export()
    world.clock.at += timedelta(seconds=5)
    await (
        world.run_jobs()
    )  # the fifth is drawn instead of what is inside: the release before calls that derived
    async with world.as_system() as session:
        await session.execute(sa.text("delete from job"))
        await session.execute(sa.text("delete from document_lock"))
        await session.execute(
            sa.text(
                "update document set pdf_sha256 = null, pdf_name = null, pdf_size = null, pdf_origin = null where number = '1'"
            )
        )
        await session.execute(sa.text("update document set pdf_origin = 'embedded' where number = '2'"))
        await session.execute(
            sa.text(
                "update document set pdf_sha256 = (select original_sha256 from document where number = '5') where number = '2'"
            )
        )
    await office.export(2)
    await alembic(world, "downgrade", BEFORE)
    await alembic(world, "upgrade", "head")
    async with world.as_system() as session:
        due = await session.scalars(sa.select(Document.number).where(Document.drawing_due_at.is_not(None)))
        assert set(due) == {"1", "2", "3"}
    await world.sweep()
    async with world.as_system() as session:
        rows = await session.execute(
            sa.select(Document.number, Document.pdf_origin, Document.drawing_due_at).order_by(Document.number)
        )
        assert [tuple(row) for row in rows] == [
            ("1", "derived", None),
            ("2", "redrawn", None),
            ("3", "embedded", None),
            ("4", "received", None),
            ("5", "derived", None),
        ]
