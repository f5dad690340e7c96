"""Pages of received originals in the wrong place."""

from typing import Any

from portal.features.keeping.pages import aside, erasing

ROUTES: list[Any] = [*aside.ROUTES, *erasing.ROUTES]
