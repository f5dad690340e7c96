"""Tables of lists that are imported."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json, OwnedByFirm
from portal.features.imports.domain.rows import Became, ImportRow
from portal.features.imports.domain.state import ImportState
from portal.features.imports.domain.table import Reading

_ROWS = msgspec.json.Decoder(list[ImportRow])
_OUTCOMES = msgspec.json.Decoder(dict[int, Became])


class DossierImport(OwnedByFirm, Base):
    """One Excel list: read, previewed row by row, accepted at most once, carried out part by part.

    `position` is how many rows have been looked at; `counts` is how many rows of each status the preview has, and how many are set apart.
    `object_sha256` names the file in the firm's part of the store, as long as it may be read anew; `reading` is how it was read, `mapping`
    which letter each of our columns has in it.
    """

    __tablename__ = "dossier_import"
    __table_args__ = (sa.UniqueConstraint("firm_id", "id"),)

    file_name: Mapped[str]
    sha256: Mapped[str]
    object_sha256: Mapped[str | None]
    sheet: Mapped[str]
    mapping: Mapped[Json]
    reading: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    counts: Mapped[Json]
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[ImportState]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    result: Mapped[dict[str, object] | None] = mapped_column(JSONB)

    @property
    def size(self) -> int:
        """How many rows it was read with."""
        return sum(int(count) for count in self.counts.values())

    def read_reading(self) -> Reading:
        """How its file was read."""
        return msgspec.convert(self.reading, Reading)


class ImportProfile(OwnedByFirm, Base):
    """What somebody said of the columns of a list: the next one with the same headings is read so.

    `key` stands for the headings, `columns` is what each of our columns is called there (`table.headings_of`).
    """

    __tablename__ = "import_profile"
    __table_args__ = (sa.UniqueConstraint("firm_id", "key"),)

    key: Mapped[str]
    columns: Mapped[Json]
    said_by: Mapped[UUID | None]
    said_at: Mapped[datetime]


class ImportPart(OwnedByFirm, Base):
    """The rows of a list that are carried out in one turn, from `position` on: a turn reads and writes nothing of the others.

    `answers` and `outcomes` are by line: what was said to a row's question, and what became of the row; `made` are the dossiers that
    came of it. Rows and outcomes are JSON as it is, since nothing but this program reads them.
    """

    __tablename__ = "dossier_import_part"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "import_id"], ["dossier_import.firm_id", "dossier_import.id"], ondelete="cascade"
        ),
        sa.UniqueConstraint("firm_id", "import_id", "position"),
    )

    import_id: Mapped[UUID]
    position: Mapped[int]
    rows: Mapped[bytes]
    answers: Mapped[Json]
    outcomes: Mapped[bytes]
    made: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))

    def read_rows(self) -> list[ImportRow]:
        """Its rows as they were judged."""
        return _ROWS.decode(self.rows)

    def read_outcomes(self) -> dict[int, Became]:
        """What became of its rows so far, by line."""
        return _OUTCOMES.decode(self.outcomes)

    def write_outcomes(self, became: dict[int, Became]) -> None:
        """Keep what became of its rows."""
        self.outcomes = msgspec.json.encode(became)


__all__ = ["DossierImport", "ImportPart", "ImportProfile"]
