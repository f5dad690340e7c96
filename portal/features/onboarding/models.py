"""Tables of invitations."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByFirm
from portal.features.onboarding.domain import InvitationState
from portal.kernel.language import Language


class Invitation(OwnedByFirm, Base):
    """A one-time link for a person to activate and claim the company of a dossier."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.Index("ix_invitation_dossier", "firm_id", "dossier_id"),
    )

    dossier_id: Mapped[UUID]
    company_id: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[Language]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    state: Mapped[InvitationState]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
