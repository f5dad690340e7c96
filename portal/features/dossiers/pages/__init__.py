"""Pages of dossiers: lists, one dossier, the Excel import."""

from typing import Any

from portal.features.dossiers.pages import detail, importing, lists

ROUTES: list[Any] = [*lists.ROUTES, *detail.ROUTES, *importing.ROUTES]
