"""The parts a process needs and does not hold itself (database, Valkey, store, mail, readers, scanner): each change of their state is told once.

Whoever meets a part that is away says so here, as often as it likes; the log gets one line when it went and one when it is back,
however many requests and jobs met it meanwhile.
"""

import threading

import structlog

DATABASE = "database"
VALKEY = "valkey"
STORE = "store"
WRITING = "store_writing"
"""The store gives files out but takes none: a disk that is full or read-only, a bucket without the right to write."""
MAIL = "mail"
READERS = "readers"
"""The children that read files: away where the process that starts them does not start."""
SCANNER = "scanner"

log = structlog.get_logger()


class Parts:
    """What this process knows of its parts. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._away: set[str] = set()

    def away(self, part: str, error: BaseException | str) -> None:
        """A part did not do what it is for."""
        if part in self._away:
            return
        with self._lock:
            told = part in self._away
            self._away.add(part)
        if not told:
            log.warning(
                "part.away", part=part, error=error if isinstance(error, str) else type(error).__name__
            )

    def back(self, part: str) -> None:
        """A part did what it is for."""
        if part not in self._away:
            return
        with self._lock:
            told = part not in self._away
            self._away.discard(part)
        if not told:
            log.info("part.back", part=part)

    def missing(self) -> list[str]:
        """The parts that were away when they were last met."""
        with self._lock:
            return sorted(self._away)


PARTS = Parts()
"""Those of this process."""
