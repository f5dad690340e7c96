"""Pages of people: signing in and out, forgotten passwords, one's own account, the firm's settings."""

from typing import Any

from portal.features.accounts.pages import account, recovery, settings, sign_in, sign_in_again

ROUTES: list[Any] = [
    *sign_in.ROUTES,
    *sign_in_again.ROUTES,
    *recovery.ROUTES,
    *account.ROUTES,
    *settings.ROUTES,
]
