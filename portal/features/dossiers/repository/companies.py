"""The dossiers on one company: a firm's own, and those of all firms as its members see them."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, one_value
from portal.db.session import ReadSession
from portal.features.accounts.domain import CompaniesServed
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS, Access
from portal.features.dossiers.domain.queries import MemberDossier
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository.dossiers import visible_to
from portal.kernel.actor import Actor


async def on_company(
    session: ReadSession, firm_id: UUID, company_id: UUID | None, country: str, number: str | None
) -> Sequence[Dossier]:
    """A firm's dossiers on a company, or on another one of the same number (one it brought, one that is claimed); oldest first."""
    same = [Dossier.company_id == company_id]
    if number is not None:
        same.append(sa.and_(Dossier.country == country, Dossier.number == number))
    found = await session.scalars(
        sa.select(Dossier)
        .where(Dossier.firm_id == firm_id, sa.or_(*same))
        .order_by(Dossier.created_at, Dossier.id)
    )
    return found.all()


async def others_on_company(session: ReadSession, actor: Actor, dossier: Dossier) -> Sequence[Dossier]:
    """The firm's other dossiers with open access on a company, as far as the actor sees them; oldest first."""
    others = _others_on_company(actor, dossier).order_by(Dossier.created_at, Dossier.id)
    return (await session.scalars(others)).all()


def has_others_on_company(actor: Actor, dossier: Dossier) -> Figure[bool]:
    """Whether there are any of them."""
    others = _others_on_company(actor, dossier).with_only_columns(Dossier.id)
    return one_value(sa.select(others.exists()))


def _others_on_company(actor: Actor, dossier: Dossier) -> sa.Select[Dossier]:
    return visible_to(actor).where(
        Dossier.company_id == dossier.company_id,
        Dossier.id != dossier.id,
        Dossier.firm_id == dossier.firm_id,
        Dossier.access.in_(OPEN_ACCESS),
    )


_MEMBER_DOSSIER = sa.table(
    "member_dossier",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("firm_name", sa.Text()),
    sa.column("name", sa.Text()),
    sa.column("access", sa.Text()),
    sa.column("access_since", sa.DateTime(timezone=True)),
    sa.column("handed_over_at", sa.DateTime(timezone=True)),
    sa.column("activity", sa.Text()),
)


async def member_dossiers(session: ReadSession, firm_id: UUID | None = None) -> list[MemberDossier]:
    """The dossiers of all firms on the company of a member's session; with `firm_id`, those of one that has access."""
    view = _MEMBER_DOSSIER.c
    statement = sa.select(_MEMBER_DOSSIER).order_by(view.firm_name, view.firm_id, view.name, view.id)
    if firm_id is not None:
        statement = statement.where(view.firm_id == firm_id, view.access.in_(OPEN_ACCESS))
    found = await session.execute(statement)
    return [
        MemberDossier(
            id=row.id,
            firm_id=row.firm_id,
            firm_name=row.firm_name,
            name=row.name,
            access=Access(row.access),
            access_since=row.access_since,
            handed_over_at=row.handed_over_at,
            activity=row.activity,
        )
        for row in found
    ]


async def companies_served(_session: ReadSession, question: CompaniesServed) -> sa.ScalarSelect[UUID]:
    """The companies that a firm works for, or has asked to, as part of a statement."""
    reached = Dossier.access.in_((*OPEN_ACCESS, Access.REQUESTED))
    return sa.select(Dossier.company_id).where(Dossier.firm_id == question.firm_id, reached).scalar_subquery()
