"""Logs: events with fields, ids and no personal data; readable on a terminal, JSON lines in production."""

import logging
from typing import Any

import structlog


def configure_logging(*, json: bool, level: int = logging.INFO) -> None:
    """Set structlog and the standard library up once, at the start of a process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    ending: list[Any] = [*([structlog.processors.format_exc_info] if json else []), renderer]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line and its end in one write: several processes share one output, and print() makes two of them.
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # What libraries have to say looks like what we say ourselves.
    theirs = logging.StreamHandler()
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[theirs])
    # arq tells every job's start and arguments; the ledger has that already.
    logging.getLogger("arq").setLevel(logging.WARNING)
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
