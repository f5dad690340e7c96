"""Pages of invitations: login details of clients, colleagues of the office, people of a company, and the page behind a link."""

from typing import Any

from portal.features.onboarding.pages import activate, admissions, claims

ROUTES: list[Any] = [*claims.ROUTES, *admissions.ROUTES, *activate.ROUTES]
