"""``coda.read`` on anything: a file or ``Unreadable``; what was read can be checked, split and written."""

from __future__ import annotations

from contextlib import suppress

from exports import coda
from fuzz import harness


def one_input(data: bytes) -> None:
    """Reads the bytes, and does with the file what one does with a file."""
    with suppress(coda.Unreadable):
        file = coda.read(data)
        coda.check(file)
        coda.continuity(file.statements)
        coda.split(data)


def seeds() -> list[bytes]:
    """Real statements where they are there."""
    return [b"0", *harness.corpus("coda/*/*")]
