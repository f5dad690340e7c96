"""Pages of invitations: login details of clients, colleagues of the office, people of a company, and the page behind a link."""

from typing import Any

from portal.features.onboarding.pages import activate, claims, joining

ROUTES: list[Any] = [*claims.ROUTES, *joining.ROUTES, *activate.ROUTES]
