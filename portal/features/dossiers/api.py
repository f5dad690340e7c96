"""JSON interface of the slice."""

from typing import Any

ROUTES: list[Any] = []
