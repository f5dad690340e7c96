"""SQL of invitations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.session import ReadSession, WriteSession
from portal.features.onboarding.domain import INVITATION, OPEN, VALID, InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.kernel.actor import Role
from portal.kernel.ids import new_id
from portal.kernel.language import Language


async def add(
    session: WriteSession,
    *,
    firm_id: UUID,
    kind: InvitationKind,
    email: str,
    name: str,
    language: Language,
    invited_by: UUID | None,
    now: datetime,
    role: Role | None = None,
    dossier_id: UUID | None = None,
    company_id: UUID | None = None,
) -> Invitation:
    """Insert an invitation whose letter has not left yet."""
    made = Invitation(
        id=new_id(),
        firm_id=firm_id,
        kind=kind,
        role=role,
        dossier_id=dossier_id,
        company_id=company_id,
        email=email,
        name=name,
        language=language,
        token_hash=None,
        state=InvitationState.NONE,
        invited_by=invited_by,
        created_at=now,
        sent_at=None,
        opened_at=None,
        used_at=None,
        used_by=None,
        expires_at=now + VALID,
        failure=None,
    )
    session.add(made)
    await session.flush()
    return made


async def invitations(session: ReadSession, dossier_id: UUID) -> Sequence[Invitation]:
    """The invitations to claim the company of a dossier, newest first."""
    found = await session.scalars(
        sa.select(Invitation).where(Invitation.dossier_id == dossier_id).order_by(Invitation.id.desc())
    )
    return found.all()


def _of(kind: InvitationKind, owner_id: UUID) -> sa.ColumnElement[bool]:
    """Those to the staff of a firm, or to the people of a company."""
    owner = Invitation.firm_id if kind is InvitationKind.STAFF else Invitation.company_id
    return sa.and_(Invitation.kind == kind, owner == owner_id)


async def invitation(session: ReadSession, invitation_id: UUID, *, lock: bool = False) -> Invitation | None:
    """One invitation. With `lock`, nobody else changes it meanwhile."""
    statement = sa.select(Invitation).where(Invitation.id == invitation_id)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def invitation_of(
    session: ReadSession, kind: InvitationKind, owner_id: UUID, invitation_id: UUID
) -> Invitation | None:
    """One invitation to the staff of a firm, or to the people of a company."""
    return await session.scalar(
        sa.select(Invitation).where(Invitation.id == invitation_id, _of(kind, owner_id))
    )


async def open_to(
    session: ReadSession, kind: InvitationKind, owner_id: UUID, email: str
) -> Invitation | None:
    """The open invitation of an address to a firm's staff or a company's people: there is one at most."""
    return await session.scalar(
        sa.select(Invitation).where(
            _of(kind, owner_id), Invitation.email == email, Invitation.state.in_(OPEN)
        )
    )


async def latest_to_each(
    session: ReadSession, kind: InvitationKind, owner_id: UUID, since: datetime
) -> Sequence[Invitation]:
    """The newest invitation of each address to a firm's staff or a company's people, of those made since then; newest first."""
    newest = (
        sa.select(Invitation.id)
        .where(_of(kind, owner_id), Invitation.created_at > since)
        .ext(distinct_on(Invitation.email))
        .order_by(Invitation.email, Invitation.id.desc())
    )
    found = await session.scalars(
        sa.select(Invitation).where(Invitation.id.in_(newest)).order_by(Invitation.id.desc())
    )
    return found.all()


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


def _expiring() -> sa.Update:
    return (
        sa.update(Invitation)
        .where(Invitation.state.in_(INVITATION.sources(InvitationState.EXPIRED)))
        .values(state=InvitationState.EXPIRED)
    )


async def expire_invitations_of_dossier(session: WriteSession, dossier_id: UUID) -> None:
    """Close the open invitations to claim the company of a dossier: a newer one replaces them."""
    await session.execute(
        _expiring().where(Invitation.kind == InvitationKind.CLAIM, Invitation.dossier_id == dossier_id)
    )


async def expire_old_invitations(session: WriteSession, now: datetime) -> None:
    """Close open invitations whose time is over, of every kind; in the system scope."""
    await session.execute(_expiring().where(Invitation.expires_at < now))


async def expire_claims_of_company(session: WriteSession, company_id: UUID, exclude: UUID) -> None:
    """Close every open invitation to claim a company, but one: its owner is there. Invitations of its people stay."""
    await session.execute(
        _expiring().where(
            Invitation.kind == InvitationKind.CLAIM,
            Invitation.company_id == company_id,
            Invitation.id != exclude,
        )
    )


async def lock_invitations(session: WriteSession, *what: object) -> None:
    """Two people who invite for one dossier, or one address to one place, do so one after the other."""
    key = ":".join(("invite", *(str(one) for one in what)))
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


async def note_failure(session: WriteSession, invitation_id: UUID, why: str) -> None:
    """The letter of an invitation could not leave."""
    await session.execute(sa.update(Invitation).where(Invitation.id == invitation_id).values(failure=why))


async def drop_old(session: WriteSession, before: datetime, limit: int) -> int:
    """Delete invitations whose link ended before that moment without having been used, so many at most; in the system scope. Gives how many."""
    over = (
        sa.select(Invitation.id)
        .where(
            Invitation.expires_at < before,
            Invitation.state.in_((InvitationState.EXPIRED, InvitationState.WITHDRAWN)),
        )
        .limit(limit)
    )
    gone = await session.scalars(
        sa.delete(Invitation)
        .where(Invitation.id.in_(over))
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
