"""Pages of approvals."""

from typing import Any

from portal.features.approvals.pages import deciding, messages, telling

ROUTES: list[Any] = [*deciding.ROUTES, *telling.ROUTES, *messages.ROUTES]
