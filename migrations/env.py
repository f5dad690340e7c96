"""Alembic's environment: one migration at a time, short locks, each in a transaction of its own, as the owner."""

import asyncio
import os

import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

from portal.metadata import metadata


def _url() -> str:
    given = context.config.get_main_option("sqlalchemy.url") or os.environ.get(
        "PORTAL_DATABASE_OWNER_URL", ""
    )
    if not given:
        raise SystemExit("PORTAL_DATABASE_OWNER_URL is not set: migrations run as the owner of the database.")
    scheme, _, rest = given.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme in ("postgres", "postgresql") else given


def _run(connection: sa.Connection) -> None:
    # The lock lives as long as the connection: a second migrator waits, then finds nothing to do.
    connection.execute(sa.text("select pg_advisory_lock(hashtext('fidero-migrations'))"))
    connection.execute(sa.text("set lock_timeout = '4s'"))
    connection.execute(sa.text("set statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=False,
        include_name=lambda name, kind, _parents: not (kind == "table" and name == "member_dossier"),
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    engine = create_async_engine(_url(), poolclass=sa.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


asyncio.run(_main())
