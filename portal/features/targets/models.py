"""The table of bookkeeping packages."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByFirm
from portal.features.targets.domain import DEFAULT_LAYOUT, DeliveryMethod


class Target(OwnedByFirm, Base):
    """A bookkeeping package as a firm has it: where the bundles of its dossiers go, and how their folders and files are called.

    `delivery_method` never changes: the codes of what agents write and of what is downloaded are given out apart from each other. A firm has one
    from its beginning; new dossiers get the one that was made first.
    """

    __tablename__ = "target"
    __table_args__ = (
        sa.UniqueConstraint("firm_id", "id"),
        sa.Index("uq_target_name", "firm_id", sa.text("lower(name)"), unique=True),
    )

    name: Mapped[str]
    layout: Mapped[str] = mapped_column(default=DEFAULT_LAYOUT)
    delivery_method: Mapped[DeliveryMethod]
    created_at: Mapped[datetime]
