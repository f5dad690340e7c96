"""Pages of people: signing in and out, forgotten passwords, one's own account, the firm's settings."""

from typing import Any

from portal.features.accounts.pages import account, again, recovery, settings, signing

ROUTES: list[Any] = [*signing.ROUTES, *again.ROUTES, *recovery.ROUTES, *account.ROUTES, *settings.ROUTES]
