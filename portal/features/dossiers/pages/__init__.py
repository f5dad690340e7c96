"""Pages of dossiers: lists, one dossier, the Excel import, login details, the owner's answers."""

from typing import Any

from portal.features.dossiers.pages import access, company, detail, importing, inviting, lists

ROUTES: list[Any] = [
    *lists.ROUTES,
    *detail.ROUTES,
    *company.ROUTES,
    *importing.ROUTES,
    *inviting.ROUTES,
    *access.ROUTES,
]
