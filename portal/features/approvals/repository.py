"""SQL of decisions, of the queue of what waits, and of hand-overs.

Documents and items belong to slices below: only the columns that put the queue in its order are known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.search import called, holding
from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.models import CompanyMember, Person
from portal.features.approvals.domain import PUT_ASIDE, STATEMENT_PUT_ASIDE
from portal.features.approvals.models import (
    ApprovalDecision,
    ApproverLook,
    ApproverMail,
    ClientNotice,
    HandOver,
)
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier, managed_by
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem

# What a member sees of the dossiers on the company: a view of the database (migration 0002).
_MEMBER_DOSSIER = sa.table(
    "member_dossier",
    sa.column("id", sa.Uuid()),
    sa.column("access", sa.Text()),
)
_OPEN = tuple(OPEN_ACCESS)


@dataclass(frozen=True, slots=True)
class Place:
    """One document's place in the queue, from 1, and its neighbours."""

    document_id: UUID
    number: int
    total: int
    previous: UUID | None
    next: UUID | None


def _waiting(search: str = "") -> sa.Select[Any]:
    """What waits for the company of the session; ids alone."""
    asked = (
        sa.select(DossierItem.document_id)
        .join(_MEMBER_DOSSIER, _MEMBER_DOSSIER.c.id == DossierItem.dossier_id)
        .where(
            DossierItem.company_id == sa.select(sa.func.current_company(type_=sa.Uuid())).scalar_subquery(),
            DossierItem.approval == ApprovalState.WAITING,
            DossierItem.document_id.is_not(None),
            _MEMBER_DOSSIER.c.access.in_(_OPEN),
        )
    )
    # An array is made once, before anything else: what waits is little, whatever else the company has.
    statement = sa.select(Document.id).where(Document.id == sa.any_(sa.func.array(asked.scalar_subquery())))
    if search:
        statement = statement.where(
            sa.or_(
                holding(Document.number, search),
                called(search, fold_column=Document.fold, name=Document.counterparty_name),
            )
        )
    return statement


# What must be paid first comes first; then the oldest.
_ORDER = (
    sa.func.coalesce(Document.due_date, Document.issue_date),
    Document.issue_date,
    Document.id,
)


async def count_waiting(session: ReadSession) -> int:
    """How many documents wait for the company's approval."""
    found = await session.scalar(sa.select(sa.func.count()).select_from(_waiting().subquery()))
    return found or 0


async def waiting(session: ReadSession, search: str, limit: int) -> tuple[list[Document], int]:
    """The first documents that wait, most urgent first, and how many there are."""
    statement = (
        _waiting(search).with_only_columns(Document, sa.func.count().over()).order_by(*_ORDER).limit(limit)
    )
    found = (await session.execute(statement)).all()
    return [row[0] for row in found], found[0][1] if found else 0


async def first(session: ReadSession) -> UUID | None:
    """The document that is most urgent; None when nothing waits."""
    return await session.scalar(_waiting().order_by(*_ORDER).limit(1))


async def place(session: ReadSession, document_id: UUID) -> Place | None:
    """Where a document stands in the queue; None when it does not wait."""
    queue = (
        _waiting()
        .add_columns(
            sa.func.row_number().over(order_by=_ORDER).label("number"),
            sa.func.count().over().label("total"),
            sa.func.lag(Document.id).over(order_by=_ORDER).label("previous"),
            sa.func.lead(Document.id).over(order_by=_ORDER).label("following"),
        )
        .subquery()
    )
    row = (await session.execute(sa.select(queue).where(queue.c.id == document_id))).one_or_none()
    if row is None:
        return None
    return Place(row.id, row.number, row.total, row.previous, row.following)


async def following(session: ReadSession, document_id: UUID) -> UUID | None:
    """The document that waits behind this one, which need not wait itself any more; the first one when none does."""
    here = sa.select(*_ORDER).where(Document.id == document_id).subquery()
    columns = list(here.c)
    after = sa.tuple_(*_ORDER) > sa.tuple_(*(sa.select(column).scalar_subquery() for column in columns))
    found = await session.scalar(_waiting().where(after).order_by(*_ORDER).limit(1))
    return found or await session.scalar(
        _waiting().where(Document.id != document_id).order_by(*_ORDER).limit(1)
    )


def add(session: WriteSession, row: ApprovalDecision | HandOver | ClientNotice) -> None:
    """Append a decision, a hand-over or a notice."""
    session.add(row)


async def decisions(session: ReadSession, document_id: UUID) -> Sequence[ApprovalDecision]:
    """Everything that was decided about a document, oldest first."""
    found = await session.scalars(
        sa.select(ApprovalDecision)
        .where(ApprovalDecision.document_id == document_id)
        .order_by(ApprovalDecision.id)
    )
    return found.all()


async def lock_hand_overs(session: WriteSession, company_id: UUID) -> None:
    """One hand-over of a company at a time."""
    key = f"hand-over:{company_id}"
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


async def hand_overs(session: ReadSession, firm_id: UUID, limit: int) -> Sequence[HandOver]:
    """The latest hand-overs to a firm that the session may see, newest first."""
    found = await session.scalars(
        sa.select(HandOver).where(HandOver.firm_id == firm_id).order_by(HandOver.id.desc()).limit(limit)
    )
    return found.all()


async def hand_overs_since(session: ReadSession, firm_id: UUID, since: datetime) -> Sequence[HandOver]:
    """Hand-overs to a firm after a moment, newest first."""
    found = await session.scalars(
        sa.select(HandOver)
        .where(HandOver.firm_id == firm_id, HandOver.sent_at > since)
        .order_by(HandOver.id.desc())
    )
    return found.all()


async def hand_over(session: ReadSession, hand_over_id: UUID) -> HandOver | None:
    """One hand-over by id; None where the session sees none."""
    return await session.get(HandOver, hand_over_id)


# ── what clients said ────────────────────────────────────────────────────────────────────────────────────────────


async def lock_notices(session: WriteSession, dossier_id: UUID) -> None:
    """One at a time writes notices of a dossier or mails them: what is written while a mail is made is in the next one."""
    key = f"client-notice:{dossier_id}"
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


def _open_notices(dossier_id: UUID | None, manager_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [ClientNotice.handled_at.is_(None)]
    if dossier_id is not None:
        where.append(ClientNotice.dossier_id == dossier_id)
    if manager_id is not None:
        where.append(ClientNotice.dossier_id.in_(managed_by(manager_id)))
    return where


async def open_notices(
    session: ReadSession, dossier_id: UUID | None, manager_id: UUID | None, limit: int
) -> tuple[Sequence[ClientNotice], int]:
    """The newest notices that nobody has handled, of a dossier or of the firm, and how many there are."""
    where = _open_notices(dossier_id, manager_id)
    found = await session.execute(
        sa.select(ClientNotice, sa.func.count().over())
        .where(*where)
        .order_by(ClientNotice.id.desc())
        .limit(limit)
    )
    rows = found.all()
    return [row[0] for row in rows], rows[0][1] if rows else 0


async def handled_notices(session: ReadSession, dossier_id: UUID, limit: int) -> Sequence[ClientNotice]:
    """The notices of a dossier that were handled, the latest first."""
    found = await session.scalars(
        sa.select(ClientNotice)
        .where(ClientNotice.dossier_id == dossier_id, ClientNotice.handled_at.is_not(None))
        .order_by(ClientNotice.handled_at.desc(), ClientNotice.id.desc())
        .limit(limit)
    )
    return found.all()


async def unmailed(session: ReadSession, dossier_id: UUID) -> Sequence[ClientNotice]:
    """What a dossier's file manager was not told yet, oldest first."""
    found = await session.scalars(
        sa.select(ClientNotice)
        .where(
            ClientNotice.dossier_id == dossier_id,
            ClientNotice.mailed_at.is_(None),
            ClientNotice.handled_at.is_(None),
        )
        .order_by(ClientNotice.id)
    )
    return found.all()


async def settle_notices(
    session: WriteSession, which: sa.ColumnElement[bool], name: str, at: datetime
) -> Sequence[ClientNotice]:
    """Open notices are handled; gives those that were."""
    found = await session.scalars(
        sa.update(ClientNotice)
        .where(which, ClientNotice.handled_at.is_(None))
        .values(handled_at=at, handled_by_name=name)
        .returning(ClientNotice)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return found.all()


def of_document(document_id: UUID, dossier_id: UUID | None = None) -> sa.ColumnElement[bool]:
    """Notices about a document, in one dossier or wherever the session sees any."""
    about = ClientNotice.document_id == document_id
    return about if dossier_id is None else sa.and_(about, ClientNotice.dossier_id == dossier_id)


def of_dossier(dossier_id: UUID, notice_id: UUID | None) -> sa.ColumnElement[bool]:
    """One notice of a dossier, or all of them."""
    mine = ClientNotice.dossier_id == dossier_id
    return mine if notice_id is None else sa.and_(mine, ClientNotice.id == notice_id)


def about_put_aside(paper_id: UUID) -> sa.ColumnElement[bool]:
    """Notices that a client put a document or statement aside."""
    about = sa.or_(ClientNotice.document_id == paper_id, ClientNotice.file_id == paper_id)
    return sa.and_(about, ClientNotice.decision.in_((PUT_ASIDE, STATEMENT_PUT_ASIDE)))


async def forget_notices(session: WriteSession, dossier_id: UUID) -> None:
    """A firm's sight of a company ended: what its people said goes."""
    await session.execute(sa.delete(ClientNotice).where(ClientNotice.dossier_id == dossier_id))


# ── mails to who can approve ─────────────────────────────────────────────────────────────────────────────────────


async def looked(session: WriteSession, company_id: UUID, person_id: UUID, at: datetime) -> None:
    """A person has what waits before their eyes."""
    await session.execute(
        insert(ApproverLook)
        .values(company_id=company_id, person_id=person_id, looked_at=at)
        .on_conflict_do_update(
            index_elements=[ApproverLook.company_id, ApproverLook.person_id], set_={"looked_at": at}
        )
    )


def _approvers(roles: Sequence[str]) -> sa.Select[Any, Any]:
    return (
        sa.select(Dossier.firm_id, CompanyMember.person_id)
        .join(CompanyMember, CompanyMember.company_id == Dossier.company_id)
        .join(Person, Person.id == CompanyMember.person_id)
        .where(
            Dossier.access.in_(_OPEN),
            Dossier.waiting_count > 0,
            CompanyMember.ended_at.is_(None),
            CompanyMember.role.in_(roles),
            Person.disabled_at.is_(None),
            Person.approval_mails,
        )
    )


async def approvers_due(session: ReadSession, roles: Sequence[str], day: date) -> list[tuple[UUID, UUID]]:
    """Firm and person where something waits and nothing was decided about today's mail; in the system scope."""
    statement = (
        _approvers(roles)
        .outerjoin(
            ApproverMail,
            sa.and_(
                ApproverMail.firm_id == Dossier.firm_id, ApproverMail.person_id == CompanyMember.person_id
            ),
        )
        .where(sa.or_(ApproverMail.looked_on.is_(None), ApproverMail.looked_on < day))
        .distinct()
    )
    return [(row.firm_id, row.person_id) for row in await session.execute(statement)]


async def claim_day(session: WriteSession, firm_id: UUID, person_id: UUID, day: date) -> ApproverMail | None:
    """This transaction alone decides about a person's mail of a day; None when another one did."""
    statement = insert(ApproverMail).values(firm_id=firm_id, person_id=person_id, looked_on=day, told_at=None)
    return await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[ApproverMail.firm_id, ApproverMail.person_id],
            set_={"looked_on": day},
            where=ApproverMail.looked_on < day,
        ).returning(ApproverMail),
        execution_options={"populate_existing": True},
    )


async def waits_for(
    session: ReadSession, firm_id: UUID, person_id: UUID, roles: Sequence[str], before: datetime
) -> Sequence[Any]:
    """Every item of a firm that waited for a person at a moment, most urgent first, with when they last looked."""
    found = await session.execute(
        sa.select(
            Dossier.company_id,
            Dossier.name,
            DossierItem.kind,
            DossierItem.number,
            DossierItem.counterparty,
            DossierItem.gross,
            DossierItem.currency,
            DossierItem.due_date,
            DossierItem.item_date,
            DossierItem.final_at,
            ApproverLook.looked_at,
        )
        .select_from(Dossier)
        .join(DossierItem, DossierItem.dossier_id == Dossier.id)
        .join(CompanyMember, CompanyMember.company_id == Dossier.company_id)
        .join(Person, Person.id == CompanyMember.person_id)
        .outerjoin(
            ApproverLook,
            sa.and_(ApproverLook.company_id == Dossier.company_id, ApproverLook.person_id == person_id),
        )
        .where(
            Dossier.firm_id == firm_id,
            Dossier.access.in_(_OPEN),
            CompanyMember.person_id == person_id,
            CompanyMember.ended_at.is_(None),
            CompanyMember.role.in_(roles),
            Person.disabled_at.is_(None),
            Person.approval_mails,
            DossierItem.state == ItemState.WAITING,
            DossierItem.approval == ApprovalState.WAITING,
            DossierItem.final_at < before,
        )
        .order_by(
            Dossier.sort_key,
            Dossier.id,
            sa.func.coalesce(DossierItem.due_date, DossierItem.item_date),
            DossierItem.id,
        )
    )
    return found.all()


async def drop_notices(session: WriteSession, before: datetime, limit: int) -> int:
    """What clients said and the office has handled; what is open stays. Gives how many went, of the limit at most."""
    old = sa.select(ClientNotice.id).where(ClientNotice.handled_at < before).limit(limit)
    gone = await session.scalars(
        sa.delete(ClientNotice)
        .where(ClientNotice.id.in_(old))
        .returning(ClientNotice.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
