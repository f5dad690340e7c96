"""Pages of documents: looking at them, noting, deleting and unlocking, and correcting what was typed. The same for both sides."""

from typing import Any

from portal.features.documents.pages import correcting, papers

ROUTES: list[Any] = [*papers.ROUTES, *correcting.ROUTES]
