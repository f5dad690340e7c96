"""What the database was asked, counted for the request that asked; for developers each statement is told as well."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger()
_BEGUN = "statement_begun"
_MOST = 400
"""Characters of a statement that are told."""


@dataclass(slots=True)
class Statements:
    """What one request has asked so far."""

    count: int = 0
    seconds: float = 0.0


_counted: ContextVar[Statements | None] = ContextVar("statements", default=None)


@contextmanager
def counting() -> Generator[Statements]:
    """Count what is asked inside, also by tasks that are started there."""
    found = Statements()
    token = _counted.set(found)
    try:
        yield found
    finally:
        _counted.reset(token)


def count_statements(engine: AsyncEngine, *, tell: bool = False) -> None:
    """Have every statement of an engine counted.

    Args:
        tell: write each of a request to the log, with its milliseconds and without its values.
    """

    def before(connection: sa.Connection, *_: Any) -> None:
        connection.info[_BEGUN] = time.perf_counter()

    def after(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        seconds = time.perf_counter() - connection.info.pop(_BEGUN, time.perf_counter())
        counted = _counted.get()
        if counted is None:  # a worker that looks for work twice a second
            return
        counted.count += 1
        counted.seconds += seconds
        if tell:
            log.info("db.statement", ms=round(seconds * 1000, 1), sql=" ".join(statement.split())[:_MOST])

    event.listen(engine.sync_engine, "before_cursor_execute", before)
    event.listen(engine.sync_engine, "after_cursor_execute", after)
