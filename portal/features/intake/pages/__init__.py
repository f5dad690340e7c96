"""Handing in, and quick entry. Staff find both in the dossier, members under /hand-in."""

from typing import Any

from portal.features.intake.pages import quick_entry, reception

ROUTES: list[Any] = [*reception.ROUTES, *quick_entry.ROUTES]
