"""What happened, for people: names, sizes and reasons, never the content of a document, never the token."""

import logging
import os
import sys
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from portal.syncagent.texts import visible

log = logging.getLogger("fidero_agent")
MAX_BYTES = 1 << 20
KEPT = 5


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner reads."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


class _Formatter(logging.Formatter):
    """One line per entry, times in UTC; names from outside cannot fake a second line."""

    converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = visible(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        # also what a trace says; its own lines stay lines
        return "\n".join(map(visible, super().format(record).split("\n")))


_handlers: list[logging.Handler] = []


def start(path: Path, *, console: bool) -> None:
    """Log to a rotating file, and to the console too."""
    stop()
    log.setLevel(logging.INFO)
    log.propagate = False
    file = _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    file.setFormatter(_Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    _handlers.append(file)
    if console:
        screen = logging.StreamHandler(sys.stdout)
        screen.setFormatter(_Formatter("%(message)s"))
        _handlers.append(screen)
    for handler in _handlers:
        log.addHandler(handler)


def started() -> bool:
    """Whether there is a log now."""
    return bool(_handlers)


def stop() -> None:
    """Write what waits to be written and close the log."""
    while _handlers:
        handler = _handlers.pop()
        log.removeHandler(handler)
        handler.close()
