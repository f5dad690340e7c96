"""Tables of firms and companies."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.db.base import Base, OwnedByCompany
from portal.db.names import Keyed
from portal.features.parties.domain import Scheme, Source
from portal.kernel.ids import new_id
from portal.kernel.language import Language


class Firm(Base):
    """An accounting office: the tenant that owns staff, hosts, brand, dossiers and exports."""

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


class CompanyIdentifier(OwnedByCompany, Base):
    """Something else than its number by which a company is known, on invoices and in registers.

    It belongs to the company, as its address does: whoever sees the one sees the other. One that has ended stays, with its last day.
    """

    __tablename__ = "company_identifier"
    __table_args__ = (
        sa.Index(
            "uq_company_identifier_standing",
            "company_id",
            "scheme",
            "value",
            unique=True,
            postgresql_where=sa.text("valid_until is null"),
        ),
        sa.CheckConstraint("valid_until >= valid_from", name="period"),
    )

    scheme: Mapped[Scheme]
    value: Mapped[str]
    valid_from: Mapped[date | None]
    """None: since before anybody wrote it down."""
    valid_until: Mapped[date | None]
    source: Mapped[Source]
    evidence: Mapped[str]
    """Where it was seen, in words; empty when nobody said."""
