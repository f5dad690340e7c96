"""Tables of firms and companies."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.db.base import Base, PlainText
from portal.db.names import Keyed
from portal.kernel.ids import new_id
from portal.kernel.language import Language


class Firm(Base):
    """An accounting office."""

    __tablename__ = "firm"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    language: Mapped[Language]
    country: Mapped[str] = mapped_column(default="BE")
    number: Mapped[str | None]
    email: Mapped[str]
    phone: Mapped[str | None]
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    created_at: Mapped[datetime]


class Company(Keyed, Base):
    """An entrepreneur's business.

    Unclaimed while nobody of it has activated: then each firm has its own, `brought_by_firm`. Claimed once its owner has: then
    unique by country and number.
    """

    __tablename__ = "company"
    __table_args__ = (
        sa.Index(
            "uq_company_claimed",
            "country",
            "number",
            unique=True,
            postgresql_where=sa.text("claimed_at is not null"),
        ),
        sa.Index(
            "uq_company_unclaimed",
            "brought_by_firm",
            "country",
            "number",
            unique=True,
            postgresql_where=sa.text("claimed_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    sort_key: Mapped[str]
    country: Mapped[str] = mapped_column(default="BE")
    number: Mapped[str | None]
    vat_id: Mapped[str | None]
    other_numbers: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=list, server_default="{}")
    language: Mapped[Language]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    brought_by_firm: Mapped[UUID | None] = mapped_column(sa.ForeignKey("firm.id"))
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @validates("name")
    def _write_name_keys(self, _column: str, name: str) -> str:
        return self.write_keys(name)
