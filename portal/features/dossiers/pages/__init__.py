"""Pages of dossiers: the data of the company, the owner's answers."""

from typing import Any

from portal.features.dossiers.pages import access, company

ROUTES: list[Any] = [*company.ROUTES, *access.ROUTES]
