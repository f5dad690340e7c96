"""Handing in, and quick entry. Staff find both in the dossier, members under /hand-in."""

from typing import Any

from portal.features.intake.pages import entering, receiving

ROUTES: list[Any] = [*receiving.ROUTES, *entering.ROUTES]
