"""News: what transactions of other processes say when they are committed (`NOTIFY news, 'topic'`), heard over one connection.

    asyncio.create_task(hear(url, news, name=…))        # once in a process (`db/hearing.py`)
    with news.waiting("deliveries:…", who) as place:    # before one looks for the first time
        while place is not None and await place.until(moment):
            async with news.turn: ...                           # look again

Nobody who waits holds a connection. What was said while the connection was away is not known: when it is back, everybody who waits
looks. A topic is a word and an opaque id, no more: whoever may connect to the database hears it.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from uuid import UUID

MOST = 500
"""So many wait in one process at once; whoever comes on top is not kept waiting."""
LOOKS = 3
"""So many of those who wait look at the same time: when all are told at once, pages and forms still find connections."""


class Place:
    """Where one waits for one topic."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.over = False
        """Nothing more will be heard here: somebody else waits for the same one, or the process ends."""
        self._told = asyncio.Event()

    def tell(self) -> None:
        """There is something new, or it is over."""
        self._told.set()

    async def until(self, moment: float) -> bool:
        """Wait for news, until a moment on the loop's clock at most; whether some came since the last time. Never when it is over."""
        if not self.over:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(moment):
                    await self._told.wait()
        came = self._told.is_set() and not self.over
        self._told.clear()
        return came


class News:
    """Who waits for what in this process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._places: dict[UUID, Place] = {}
        self._over = False
        self.turn = asyncio.Semaphore(LOOKS)
        """Held by whoever waits while it looks."""

    @property
    def waits(self) -> int:
        """How many wait at this moment."""
        return len(self._places)

    @contextmanager
    def waiting(self, topic: str, who: UUID) -> Generator[Place | None]:
        """A place to wait in; None when all are taken, or the process is about to end.

        Args:
            who: waits once. Whoever comes a second time takes the place of the first, who may be there no more.
        """
        before = self._places.pop(who, None)
        if before is not None:
            before.over = True
            before.tell()
        if self._over or len(self._places) >= self._most:
            yield None
            return
        place = self._places[who] = Place(topic)
        try:
            yield place
        finally:
            if self._places.get(who) is place:
                del self._places[who]

    def tell(self, topic: str) -> None:
        """Whoever waits for this topic looks."""
        for place in self._places.values():
            if place.topic == topic:
                place.tell()

    def tell_all(self) -> None:
        """Nobody knows what was said: everybody looks."""
        for place in self._places.values():
            place.tell()

    def end(self) -> None:
        """Nobody waits any more: the process is about to end."""
        self._over = True
        for place in self._places.values():
            place.over = True
            place.tell()
