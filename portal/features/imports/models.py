"""Tables of lists that are imported."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json, JsonList, OwnedByFirm
from portal.features.imports.domain.state import ImportState


class DossierImport(OwnedByFirm, Base):
    """One Excel list: read, previewed row by row, accepted at most once, carried out in batches.

    `answers` and `outcomes` are by line: what was said to a row's question, and what became of the row. `position` is how many rows
    have been looked at.
    """

    __tablename__ = "dossier_import"

    file_name: Mapped[str]
    sha256: Mapped[str]
    sheet: Mapped[str]
    mapping: Mapped[Json]
    rows: Mapped[JsonList]
    counts: Mapped[Json]
    answers: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    outcomes: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[ImportState]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    result: Mapped[dict[str, object] | None] = mapped_column(JSONB)
