"""Pages of approvals: what waits, one case, hand-overs, messages."""

from typing import Any

from portal.features.approvals.pages import decisions, handovers, messages

ROUTES: list[Any] = [*decisions.ROUTES, *handovers.ROUTES, *messages.ROUTES]
