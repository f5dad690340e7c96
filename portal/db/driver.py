"""How a transaction begins: at once, in one message with the settings of its scope; and which errors say that a connection is dead.

SQLAlchemy's dialect begins with the first statement, in a message of its own, and knows no settings. Since ours begins at once, a
connection that died while nobody used it is found before anything was read: whoever begins may try again (`portal.db.session`).
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import await_only

DRIVER = "postgresql+scoped"
"""The driver's name in the address of an engine."""
BEGINS_WITH = "begins_with"
"""The execution option of a connection with the SQL that its next transaction begins with."""
ENDED = ("57P01", "57P02", "57P05", "25P03")
"""SQLSTATEs after which the server closes the connection: it goes down or gave up, or nobody used it for too long."""


class _Transaction:
    """What the dialect asks of a transaction of the driver's; savepoints are statements of SQLAlchemy's own."""

    __slots__ = ("_begin", "_connection")

    def __init__(self, connection: "ScopedConnection", begin: str) -> None:
        self._connection = connection
        self._begin = begin

    async def start(self) -> None:
        try:
            await self._connection.execute(self._begin)
        except BaseException:
            self._connection.terminate()  # it may have begun: nobody gets it like that
            raise

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")


class ScopedConnection(asyncpg.Connection):
    """A connection that is told what its next transaction begins with."""

    __slots__ = ("begins_with",)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.begins_with = ""

    def transaction(  # pyright: ignore[reportIncompatibleMethodOverride] - what the dialect uses of it
        self, *, isolation: str | None = None, readonly: bool = False, deferrable: bool = False
    ) -> _Transaction:
        """A transaction that begins with `begins_with`."""
        says = ["BEGIN"]
        if isolation is not None:
            says.append(f"ISOLATION LEVEL {isolation.replace('_', ' ').upper()}")
        if readonly:
            says.append("READ ONLY")
        if deferrable:
            says.append("DEFERRABLE")
        return _Transaction(self, f"{' '.join(says)}; {self.begins_with}")


class ScopedDialect(PGDialect_asyncpg):
    """PostgreSQL through asyncpg, with transactions that begin at once and in their scope."""

    supports_statement_cache = True

    def set_connection_execution_options(self, connection: sa.Connection, opts: Mapping[str, Any]) -> None:
        """Leave what a transaction begins with where it is found when it begins."""
        super().set_connection_execution_options(connection, opts)
        if BEGINS_WITH in opts:
            driver = connection.connection.driver_connection
            assert isinstance(driver, ScopedConnection)
            driver.begins_with = opts[BEGINS_WITH]

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin now, not with the first statement; the next transaction begins with nothing of this one's."""
        await_only(dbapi_connection._start_transaction())  # noqa: SLF001 - what the dialect does itself, a statement later
        dbapi_connection.driver_connection.begins_with = ""

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Also when the server has said that it closes the connection, which it does a moment later."""
        return getattr(e, "sqlstate", None) in ENDED or super().is_disconnect(e, connection, cursor)


registry.register(DRIVER.replace("+", "."), __name__, ScopedDialect.__name__)
