"""SQL of invitations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.onboarding.domain import INVITATION, InvitationState
from portal.features.onboarding.models import Invitation


def add(session: WriteSession, row: Invitation) -> None:
    """Insert an invitation."""
    session.add(row)


async def invitations(session: ReadSession, dossier_id: UUID) -> Sequence[Invitation]:
    """The invitations of a dossier, newest first."""
    found = await session.scalars(
        sa.select(Invitation).where(Invitation.dossier_id == dossier_id).order_by(Invitation.id.desc())
    )
    return found.all()


async def invitation(session: ReadSession, invitation_id: UUID) -> Invitation | None:
    """One invitation."""
    return await session.get(Invitation, invitation_id)


async def invitation_by_token(
    session: ReadSession, digest: bytes, *, lock: bool = False
) -> Invitation | None:
    """The invitation of a link; needs the system scope. With `lock`, nobody else uses it meanwhile."""
    statement = sa.select(Invitation).where(Invitation.token_hash == digest)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def move_invitation(
    session: WriteSession, invitation_id: UUID, to: InvitationState, **values: Any
) -> Invitation | None:
    """One move of the invitation machine."""
    return await session.scalar(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.state.in_(INVITATION.sources(to)))
        .values(state=to, **values)
        .returning(Invitation)
    )


async def expire_invitations(session: WriteSession, dossier_id: UUID | None, now: datetime) -> None:
    """Close open invitations: those of a dossier (a newer one replaces them), or all whose time is over."""
    statement = sa.update(Invitation).where(Invitation.state.in_(INVITATION.sources(InvitationState.EXPIRED)))
    if dossier_id is not None:
        statement = statement.where(Invitation.dossier_id == dossier_id)
    else:
        statement = statement.where(Invitation.expires_at < now)
    await session.execute(statement.values(state=InvitationState.EXPIRED))


async def expire_invitations_of_company(session: WriteSession, company_id: UUID, but: UUID) -> None:
    """Close every open invitation for a company, but one: its owner is there."""
    await session.execute(
        sa.update(Invitation)
        .where(
            Invitation.company_id == company_id,
            Invitation.id != but,
            Invitation.state.in_(INVITATION.sources(InvitationState.EXPIRED)),
        )
        .values(state=InvitationState.EXPIRED)
    )


async def lock_invitations(session: WriteSession, dossier_id: UUID) -> None:
    """Two people who invite for one dossier do so one after the other."""
    await session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"invite:{dossier_id}", 0)))
    )
