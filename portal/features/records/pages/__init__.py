"""Pages of documents and bank statements, alike for both sides: looking at them, noting, deleting, correcting what was typed."""

from typing import Any

from portal.features.records.pages import corrections, documents, statements

ROUTES: list[Any] = [*documents.ROUTES, *corrections.ROUTES, *statements.ROUTES]
