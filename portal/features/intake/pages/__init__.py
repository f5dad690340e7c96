"""Handing in, and quick entry: staff find both in the dossier, members under /hand-in. And the office's inbox."""

from typing import Any

from portal.features.intake.pages import inbox, papers, quick_entry, reception

ROUTES: list[Any] = [*reception.ROUTES, *quick_entry.ROUTES, *papers.ROUTES, *inbox.ROUTES]
