"""Pages that show several slices at once: the start pages, search, the list of dossiers and one of them."""

from typing import Any

from portal.features.desk.pages import dossier, dossiers, start

ROUTES: list[Any] = [*start.ROUTES, *dossiers.ROUTES, *dossier.ROUTES]
