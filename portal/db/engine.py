"""Engines: asyncpg with limits that keep one slow query from taking the house down."""

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from portal.db.driver import DRIVER, ScopedConnection
from portal.db.session import Database
from portal.db.statements import count_statements
from portal.kernel.clock import Clock

PREPARED = 500
"""Statements that a connection keeps prepared: more than all pages together have (tests/architecture/test_statements.py)."""
SETTINGS = {
    "lock_timeout": "8000",
    "statement_timeout": "30000",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
}
"""What holds on every connection of the web and of the worker."""


def create_engine(
    url: str, *, name: str, pool_size: int = 10, max_overflow: int = 5, tell: bool = False
) -> AsyncEngine:
    """An engine for a `postgresql+asyncpg://` address; `name` shows in pg_stat_activity. `tell` writes every statement to the log.

    No connection is asked whether it lives before it is used: the beginning of a transaction tells (`portal.db.driver`).
    """
    engine = create_async_engine(
        make_url(url).set(drivername=DRIVER),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=10,
        connect_args={
            "connection_class": ScopedConnection,
            "prepared_statement_cache_size": PREPARED,
            "server_settings": {"application_name": name, **SETTINGS},
        },
    )
    count_statements(engine, tell=tell)
    return engine


def create_database(
    app_url: str,
    system_url: str,
    *,
    name: str,
    pool_size: int = 10,
    tell: bool = False,
    clock: Clock | None = None,
    registry: object = None,
) -> Database:
    """The doors of the application and of the system role, each with its own pool; their sessions know the clock and the registry of jobs."""
    return Database(
        create_engine(app_url, name=f"fidero-{name}", pool_size=pool_size, tell=tell),
        create_engine(system_url, name=f"fidero-{name}-system", pool_size=max(3, pool_size // 2), tell=tell),
        clock=clock,
        registry=registry,
    )
