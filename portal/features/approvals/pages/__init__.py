"""Pages of approvals."""

from typing import Any

from portal.features.approvals.pages import deciding, telling

ROUTES: list[Any] = [*deciding.ROUTES, *telling.ROUTES]
