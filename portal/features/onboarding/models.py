"""Tables of invitations."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByFirm
from portal.features.onboarding.domain import OPEN, ROLES, InvitationKind, InvitationState
from portal.kernel.actor import Role
from portal.kernel.language import Language


def _is_open(kind: InvitationKind) -> sa.TextClause:
    states = ", ".join(f"'{state}'" for state in InvitationState if state in OPEN)
    return sa.text(f"kind = '{kind}' and state in ({states})")


def _one_of(kind: InvitationKind) -> str:
    # A check is fulfilled by null: `role in (…)` alone would let an invitation without a role pass.
    roles = ", ".join(f"'{role}'" for role in ROLES[kind])
    return f"role is not null and role in ({roles}) and invited_by is not null"


OF_KIND = f"""case kind
 when 'claim' then dossier_id is not null and company_id is not null and role is null
 when 'staff' then dossier_id is null and company_id is null and {_one_of(InvitationKind.STAFF)}
 when 'member' then dossier_id is null and company_id is not null and {_one_of(InvitationKind.MEMBER)}
 else false end"""
"""What an invitation of each kind names, as a condition of the table."""


class Invitation(OwnedByFirm, Base):
    """A one-time link, on the host of its firm, for a person to become something there.

    By kind: `claim` names a dossier and its company, `staff` a role at the firm, `member` a company and a role in it. Those of members
    are seen by their company alone, not by the firm on whose host the link works.

    Attributes:
        invited_by: whose role gives the one that is offered; asked again when the link is used. None for claims of earlier releases.
        failure: why the letter could not leave, for people.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        # Of staff and members there is no dossier: the key is compared only where all of it is there, and the check sees to that.
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.CheckConstraint(OF_KIND, name="of_kind"),
        sa.Index("ix_invitation_dossier", "firm_id", "dossier_id"),
        sa.Index("ix_invitation_member", "company_id", postgresql_where=sa.text("kind = 'member'")),
        sa.Index(
            "uq_invitation_staff",
            "firm_id",
            "email",
            unique=True,
            postgresql_where=_is_open(InvitationKind.STAFF),
        ),
        sa.Index(
            "uq_invitation_member",
            "company_id",
            "email",
            unique=True,
            postgresql_where=_is_open(InvitationKind.MEMBER),
        ),
    )

    kind: Mapped[InvitationKind]
    role: Mapped[Role | None]
    dossier_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company.id"))
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[Language]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    state: Mapped[InvitationState]
    invited_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    failure: Mapped[str | None]
