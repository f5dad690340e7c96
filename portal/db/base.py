"""Metadata and column types shared by every slice's tables."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from portal.kernel.ids import new_id
from portal.kernel.texts import plain

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Amount = Annotated[Decimal, mapped_column(sa.Numeric(14, 2))]
"""Money with two decimals."""
Balance = Annotated[Decimal, mapped_column(sa.Numeric(18, 3))]
"""A bank balance: CODA has three decimals."""
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
JsonList = Annotated[list[Any], mapped_column(JSONB)]


class PlainText(sa.TypeDecorator[str]):
    """Text without hidden signs, whatever door it came through (`portal.kernel.texts`); what is compared with it is read the same way."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy asks with it
    ) -> str | None:
        """Leave them out on the way in."""
        return value if value is None else plain(value)


class Base(DeclarativeBase):
    """Root of all tables. Enums are text with a CHECK, so that a new state needs no ALTER TYPE."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own convention
        datetime: sa.DateTime(timezone=True),
        UUID: sa.Uuid(),
        str: PlainText(),
        enum.Enum: sa.Enum(
            enum.Enum,
            native_enum=False,
            length=40,
            values_callable=lambda e: [m.value for m in e],
            create_constraint=True,
        ),
    }


class OwnedByFirm:
    """A row of one firm. Children refer to it by (firm_id, id): foreign keys do not respect row security."""

    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class OwnedByCompany:
    """A row of one company. Children refer to it by (company_id, id)."""

    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("company.id"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
