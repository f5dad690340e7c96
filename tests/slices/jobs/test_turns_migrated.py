"""The migration that gives jobs owners and urgency, on a ledger with work of the release before."""

from uuid import UUID

import anyio.to_thread
import asyncpg
from alembic import command
from alembic.config import Config

from portal.kernel.ids import new_id
from tests.support.servers import ROOT, Servers

FIRM, COMPANY = UUID(int=1), UUID(int=2)
BEFORE = "0012"


async def test_what_waits_keeps_its_place_and_gets_an_owner(servers: Servers) -> None:
    urls = await servers.new_database()
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", urls.owner.replace("%", "%%"))
    await anyio.to_thread.run_sync(command.downgrade, made, BEFORE)
    connection = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
    try:
        for name, firm, company, done in (
            ("intake.read_upload", FIRM, COMPANY, False),
            ("documents.draw_pdf", None, COMPANY, False),
            ("upkeep.drop_old_rows", None, None, False),
            ("items.document_arrived", FIRM, None, False),
            ("documents.draw_pdf", FIRM, None, True),
        ):
            await connection.execute(
                "insert into job (id, firm_id, company_id, name, payload, actor, language, enqueued_at, due_at, rung_at, done_at)"
                " values ($1, $2, $3, $4, '{}', '{}', 'nl', now(), now(), now(), case when $5::bool then now() end)",
                new_id(),
                firm,
                company,
                name,
                done,
            )
        await anyio.to_thread.run_sync(command.upgrade, made, "head")
        rows = await connection.fetch("select name, owner, lane, priority from job where done_at is null")
        nobody = UUID(int=0)
        assert {(row["name"], row["owner"], row["lane"], row["priority"]) for row in rows} == {
            ("intake.read_upload", FIRM, COMPANY, 0),
            ("documents.draw_pdf", COMPANY, COMPANY, 2),
            ("upkeep.drop_old_rows", nobody, nobody, 3),
            ("items.document_arrived", FIRM, nobody, 1),
        }
        assert await connection.fetchval("select count(*) from job") == 5
    finally:
        await connection.close()
        await servers.drop_database(urls)
