"""Dossiers: opening, listing, creating, changing, importing, inviting."""

from portal.features.dossiers.models import Dossier, DossierImport, Invitation
from portal.features.dossiers.repository import DossierQuery, Totals
from portal.features.dossiers.service.core import (
    all_of,
    cards,
    change,
    company_of,
    create,
    grant_on_claim,
    invitation_context,
    listed,
    match_company,
    names,
    of_company,
    open_dossier,
    totals,
)
from portal.features.dossiers.service.importing import (
    accept,
    import_of,
    imports,
    preview,
    read,
    rows_of,
    values_of,
)

__all__ = [
    "Dossier",
    "DossierImport",
    "DossierQuery",
    "Invitation",
    "Totals",
    "accept",
    "all_of",
    "cards",
    "change",
    "company_of",
    "create",
    "grant_on_claim",
    "import_of",
    "imports",
    "invitation_context",
    "listed",
    "match_company",
    "names",
    "of_company",
    "open_dossier",
    "preview",
    "read",
    "rows_of",
    "totals",
    "values_of",
]
