"""What a lower slice has to know of a higher one: asked by name, answered by whichever slice says in its `slice.py` that it knows."""

from typing import Generic, TypeVar

import msgspec

A = TypeVar("A")


class Question(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """A question whose answer is an `A`. It stands in the domain of the slice that asks."""
