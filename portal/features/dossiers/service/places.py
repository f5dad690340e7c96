"""The two places from which the same papers are looked at: a dossier of a firm, and a company's own pages."""

from dataclasses import dataclass
from uuid import UUID

from portal.db.figures import Figure, constant
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import companies as companies_repository
from portal.kernel.actor import Actor, Right


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands. `base` is what its paths begin with; `layout` the template it extends."""

    company_id: UUID
    dossier: Dossier | None

    @property
    def dossier_id(self) -> UUID | None:
        """The dossier, on the firm's side."""
        return self.dossier.id if self.dossier is not None else None

    @property
    def open(self) -> bool:
        """Whether the company's papers are in sight."""
        return self.dossier is None or self.dossier.access in OPEN_ACCESS

    @property
    def base(self) -> str:
        """`/dossiers/<id>` for a firm, nothing for a member."""
        return f"/dossiers/{self.dossier.id}" if self.dossier is not None else ""

    @property
    def intake(self) -> str:
        """Where files are handed in and wait."""
        return f"{self.base}/quick-entry" if self.dossier is not None else "/hand-in"

    @property
    def layout(self) -> str:
        """The template that frames the page."""
        return "pages/dossiers/_dossier.html" if self.dossier is not None else "pages/records/_own.html"


def may_move(actor: Actor, place: Place) -> Figure[bool]:
    """Whether there are dossiers that papers of this place may be moved to by the actor."""
    if place.dossier is None or not actor.may(Right.EXPORT):
        return constant(False)
    return companies_repository.has_others_on_company(actor, place.dossier)
