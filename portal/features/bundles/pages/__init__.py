"""Pages of exports: a dossier's Export tab, its bundles, and the runs of all dossiers."""

from typing import Any

from portal.features.bundles.pages import bundle, export, runs

ROUTES: list[Any] = [*export.ROUTES, *bundle.ROUTES, *runs.ROUTES]
