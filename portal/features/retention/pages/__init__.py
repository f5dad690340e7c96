"""Pages of received originals in the wrong place."""

from typing import Any

from portal.features.retention.pages import aside, erasures

ROUTES: list[Any] = [*aside.ROUTES, *erasures.ROUTES]
