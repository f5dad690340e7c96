"""Tables of hosts and house styles."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByFirm


class Host(Base):
    """A name under which a firm's portal answers; lower case, punycode, without port."""

    __tablename__ = "host"

    host: Mapped[str] = mapped_column(primary_key=True)
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    main: Mapped[bool] = mapped_column(default=True)


class BrandState(enum.StrEnum):
    """A house style is a draft, the published one, or an earlier one kept for roll-back."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class FirmBrand(OwnedByFirm, Base):
    """One version of a firm's house style; a published version never changes."""

    __tablename__ = "firm_brand"
    __table_args__ = (
        sa.UniqueConstraint("firm_id", "version"),
        sa.Index(
            "uq_firm_brand_published", "firm_id", unique=True, postgresql_where=sa.text("state = 'published'")
        ),
    )

    version: Mapped[int]
    state: Mapped[BrandState]
    main_colour: Mapped[str]
    navigation_colour: Mapped[str]
    button_colour: Mapped[str]
    login_title: Mapped[str | None]
    logo: Mapped[bytes | None]
    favicon: Mapped[bytes | None]
    login_image: Mapped[bytes | None]
    published_at: Mapped[datetime | None]
