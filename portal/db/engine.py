"""Engines: asyncpg with limits that keep one slow query from taking the house down."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from portal.db.session import Database
from portal.db.statements import count_statements
from portal.kernel.clock import Clock


def create_engine(url: str, *, name: str, pool_size: int = 10, tell: bool = False) -> AsyncEngine:
    """An engine for a `postgresql+asyncpg://` address; `name` shows in pg_stat_activity. `tell` writes every statement to the log."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={
            "server_settings": {
                "application_name": name,
                "lock_timeout": "8000",
                "statement_timeout": "30000",
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            }
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
