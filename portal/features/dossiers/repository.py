"""SQL of dossiers, invitations and imports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import containing
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain import (
    ACCESS,
    INVITATION,
    OPEN_ACCESS,
    Access,
    InvitationState,
    assigned_only,
)
from portal.features.dossiers.models import Dossier, DossierImport, Invitation
from portal.kernel.actor import Actor

SORTS: dict[str, tuple[Any, type[Any]]] = {
    "name": (Dossier.name, str),
    "activity": (Dossier.last_activity_at, datetime),
    "quick_entry": (Dossier.quick_entry_count, int),
    "waiting": (Dossier.waiting_count, int),
    "ready": (Dossier.ready_count, int),
}


def visible_to(actor: Actor) -> sa.Select[Dossier]:
    """The dossiers an actor may list: assistants those they manage, everybody else of the firm all of them."""
    manager_id = assigned_only(actor)
    statement = sa.select(Dossier)
    return statement if manager_id is None else statement.where(Dossier.manager_id == manager_id)


def add(session: WriteSession, row: Dossier | Invitation | DossierImport) -> None:
    """Insert a row."""
    session.add(row)


async def dossier(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier | None:
    """One dossier of the actor's firm."""
    return await session.scalar(visible_to(actor).where(Dossier.id == dossier_id))


@dataclass(frozen=True, slots=True)
class DossierQuery:
    """What a list of dossiers shows: a search text, a filter of the work list, a manager, a sort and a place."""

    search: str = ""
    only: str = ""
    manager_id: UUID | None = None
    sort: str = "name"
    descending: bool = False
    cursor: str | None = None


def _filtered(actor: Actor, query: DossierQuery) -> sa.Select[Dossier]:
    statement = visible_to(actor)
    if query.search:
        pattern = containing(query.search)
        bare = "".join(character for character in query.search if character.isalnum())
        matches = [Dossier.name.ilike(pattern), Dossier.code.ilike(pattern)]
        if bare:
            matches.append(Dossier.number.like(f"%{bare}%"))
        statement = statement.where(sa.or_(*matches))
    if query.manager_id is not None:
        statement = statement.where(Dossier.manager_id == query.manager_id)
    match query.only:
        case "work":
            statement = statement.where(Dossier.quick_entry_count + Dossier.ready_count > 0)
        case "quick_entry":
            statement = statement.where(Dossier.quick_entry_count > 0)
        case "waiting":
            statement = statement.where(Dossier.waiting_count > 0)
        case "ready":
            statement = statement.where(Dossier.ready_count > 0)
        case "requested":
            statement = statement.where(Dossier.access == Access.REQUESTED)
        case _:
            pass
    return statement


async def page(
    session: ReadSession, actor: Actor, query: DossierQuery, size: int = PAGE_SIZE
) -> Page[Dossier]:
    """One page of dossiers."""
    column, kind = SORTS.get(query.sort, SORTS["name"])
    statement, backwards = keyset(
        _filtered(actor, query),
        sort=column,
        tie=Dossier.id,
        kind=kind,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    rows = (await session.scalars(statement)).all()
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: getattr(row, column.key),
        row_id=lambda row: row.id,
        size=size,
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all dossiers an actor may list."""

    dossiers: int
    with_work: int
    quick_entry: int
    waiting: int
    ready: int


async def totals(session: ReadSession, actor: Actor) -> Totals:
    """The figures above the work list."""
    listed = visible_to(actor).subquery()
    row = (
        await session.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(listed.c.quick_entry_count + listed.c.ready_count > 0),
                sa.func.coalesce(sa.func.sum(listed.c.quick_entry_count), 0),
                sa.func.coalesce(sa.func.sum(listed.c.waiting_count), 0),
                sa.func.coalesce(sa.func.sum(listed.c.ready_count), 0),
            )
        )
    ).one()
    return Totals(*(int(value) for value in row))


async def all_of(session: ReadSession, actor: Actor) -> Sequence[Dossier]:
    """Every dossier of the firm, by name: for the workbook of present dossiers."""
    return (await session.scalars(visible_to(actor).order_by(Dossier.name, Dossier.id))).all()


async def names(
    session: ReadSession, actor: Actor, dossier_ids: Collection[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Name and code of some dossiers of the firm."""
    if not dossier_ids:
        return {}
    found = await session.scalars(visible_to(actor).where(Dossier.id.in_(dossier_ids)))
    return {row.id: (row.name, row.code) for row in found}


async def cards(session: ReadSession, actor: Actor, dossier_ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Some dossiers of the firm by id."""
    if not dossier_ids:
        return {}
    found = await session.scalars(visible_to(actor).where(Dossier.id.in_(dossier_ids)))
    return {row.id: row for row in found}


async def codes_in_use(session: ReadSession, firm_id: UUID) -> dict[str, UUID]:
    """Dossier codes of a firm."""
    found = await session.execute(
        sa.select(Dossier.code, Dossier.id).where(Dossier.firm_id == firm_id, Dossier.code.is_not(None))
    )
    return {row.code: row.id for row in found}


async def of_company(session: ReadSession, company_id: UUID) -> Sequence[Dossier]:
    """Every dossier on a company that the session may see; in the system scope, of all firms."""
    return (await session.scalars(sa.select(Dossier).where(Dossier.company_id == company_id))).all()


async def keeps_out_of_sight(session: ReadSession, actor: Actor, company_id: UUID) -> bool:
    """Whether the firm has dossiers on a company and the actor may see none of them."""
    of_it = Dossier.company_id == company_id
    found = await session.execute(
        sa.select(
            sa.select(Dossier.id).where(of_it).exists() & ~visible_to(actor).where(of_it).exists(),
        )
    )
    return bool(found.scalar_one())


async def numbers_out_of_sight(session: ReadSession, actor: Actor) -> set[tuple[str, str]]:
    """Country and number of the companies that the firm keeps and of which the actor may see no dossier."""
    if assigned_only(actor) is None:
        return set()
    seen = visible_to(actor).with_only_columns(Dossier.company_id)
    found = await session.execute(
        sa.select(Dossier.country, Dossier.number).where(
            Dossier.number.is_not(None), Dossier.company_id.not_in(seen)
        )
    )
    return {(row.country, row.number) for row in found}


async def move_access(session: WriteSession, dossier_id: UUID, to: Access, at: datetime) -> Dossier | None:
    """One move of the access machine; None when it was not where it may come from."""
    return await session.scalar(
        sa.update(Dossier)
        .where(Dossier.id == dossier_id, Dossier.access.in_(ACCESS.sources(to)))
        .values(access=to, access_since=at)
        .returning(Dossier)
    )


async def note_hand_over(session: WriteSession, dossier_id: UUID, at: datetime) -> None:
    """Remember when the client last sent what is ready; an older moment never replaces a newer one."""
    await session.execute(
        sa.update(Dossier)
        .where(Dossier.id == dossier_id)
        .values(
            handed_over_at=sa.func.greatest(Dossier.handed_over_at, at),
            last_activity_at=sa.func.greatest(Dossier.last_activity_at, at),
        )
    )


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


@dataclass(frozen=True, slots=True)
class MemberDossier:
    """What a member of a company may know of a firm's dossier on it."""

    id: UUID
    firm_id: UUID
    firm_name: str
    name: str
    access: Access
    access_since: datetime
    handed_over_at: datetime | None


_MEMBER_DOSSIER = sa.table(
    "member_dossier",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("firm_name", sa.Text()),
    sa.column("name", sa.Text()),
    sa.column("access", sa.Text()),
    sa.column("access_since", sa.DateTime(timezone=True)),
    sa.column("handed_over_at", sa.DateTime(timezone=True)),
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
        )
        for row in found
    ]


def _imports_of(actor: Actor) -> sa.Select[DossierImport]:
    """The Excel imports an actor may see: a list tells about dossiers, so assistants see their own alone."""
    person_id = assigned_only(actor)
    statement = sa.select(DossierImport)
    return statement if person_id is None else statement.where(DossierImport.created_by == person_id)


async def import_of(
    session: ReadSession, actor: Actor, import_id: UUID, *, lock: bool = False
) -> DossierImport | None:
    """One Excel import that the actor may see."""
    statement = _imports_of(actor).where(DossierImport.id == import_id)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def lock_dossiers(session: WriteSession, firm_id: UUID) -> None:
    """New dossiers of a firm are made one after the other: two forms or lists with the same company or code make one dossier."""
    await session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"dossiers:{firm_id}", 0)))
    )


async def imports(session: ReadSession, actor: Actor, limit: int = 20) -> Sequence[DossierImport]:
    """The latest imports that the actor may see."""
    found = await session.scalars(_imports_of(actor).order_by(DossierImport.id.desc()).limit(limit))
    return found.all()
