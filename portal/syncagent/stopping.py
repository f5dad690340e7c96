"""Being told to stop, whatever one is waiting for."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
_SLICE = 1.0
"""Seconds of one wait: on Windows a signal is looked at between two of them."""


class Stop:
    """Whether somebody asked to stop. Waits end then, and calls are waited for no longer."""

    def __init__(self) -> None:
        self.asked = False
        self._moved: SimpleQueue[None] = SimpleQueue()
        """Wakes whoever waits; of all that does so, this alone may be used by a handler that interrupts the waiting itself."""

    def ask(self) -> None:
        """Stop; may be called by a handler of signals."""
        self.asked = True
        self._moved.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until asked to stop; whether it is that."""
        self._until(lambda: False, time.monotonic() + seconds)
        return self.asked

    def during(self, call: Callable[[], T]) -> T | None:
        """What a call gives or raises; None when asked to stop before it ends. It is then left behind, and ends with the process."""
        given: list[T] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                given.append(call())
            except BaseException as error:  # noqa: BLE001 - raised where it was asked for
                raised.append(error)
            self._moved.put(None)

        threading.Thread(target=work, daemon=True).start()
        self._until(lambda: bool(given or raised), None)
        if raised:
            raise raised[0]
        return given[0] if given else None

    def _until(self, over: Callable[[], bool], deadline: float | None) -> None:
        while not (self.asked or over()):
            left = _SLICE if deadline is None else min(_SLICE, deadline - time.monotonic())
            if left <= 0:
                return
            with suppress(Empty):
                self._moved.get(timeout=left)
