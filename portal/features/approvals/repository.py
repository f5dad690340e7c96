"""SQL of decisions, of the queue of what waits, and of hand-overs.

Documents and items belong to slices below: only the columns that put the queue in its order are known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.search import containing
from portal.db.session import ReadSession, WriteSession
from portal.features.approvals.models import ApprovalDecision, HandOver

_DOCUMENT = sa.table(
    "document",
    sa.column("id", sa.Uuid()),
    sa.column("company_id", sa.Uuid()),
    sa.column("issue_date", sa.Date()),
    sa.column("due_date", sa.Date()),
    sa.column("number", sa.Text()),
    sa.column("counterparty_name", sa.Text()),
)
_ITEM = sa.table(
    "dossier_item",
    sa.column("document_id", sa.Uuid()),
    sa.column("dossier_id", sa.Uuid()),
    sa.column("approval", sa.Text()),
)
# What a member sees of the dossiers on the company: a view of the database (migration 0002).
_DOSSIER = sa.table(
    "member_dossier",
    sa.column("id", sa.Uuid()),
    sa.column("access", sa.Text()),
)
_OPEN = ("managed", "granted")


@dataclass(frozen=True, slots=True)
class Place:
    """One document's place in the queue, from 1, and its neighbours."""

    document_id: UUID
    number: int
    total: int
    previous: UUID | None
    next: UUID | None


def _waiting(search: str = "") -> sa.Select[Any]:
    asked = (
        sa.select(_ITEM.c.document_id)
        .join(_DOSSIER, _DOSSIER.c.id == _ITEM.c.dossier_id)
        .where(
            _ITEM.c.document_id == _DOCUMENT.c.id,
            _ITEM.c.approval == "waiting",
            _DOSSIER.c.access.in_(_OPEN),
        )
    )
    statement = sa.select(_DOCUMENT.c.id).where(asked.exists())
    if search:
        pattern = containing(search)
        statement = statement.where(
            sa.or_(_DOCUMENT.c.number.ilike(pattern), _DOCUMENT.c.counterparty_name.ilike(pattern))
        )
    return statement


# What must be paid first comes first; then the oldest.
_ORDER = (
    sa.func.coalesce(_DOCUMENT.c.due_date, _DOCUMENT.c.issue_date),
    _DOCUMENT.c.issue_date,
    _DOCUMENT.c.id,
)


async def count_waiting(session: ReadSession, search: str = "") -> int:
    """How many documents wait for the company's approval."""
    found = await session.scalar(sa.select(sa.func.count()).select_from(_waiting(search).subquery()))
    return found or 0


async def waiting(session: ReadSession, search: str, limit: int) -> list[UUID]:
    """The first documents that wait, most urgent first."""
    return list(await session.scalars(_waiting(search).order_by(*_ORDER).limit(limit)))


async def place(session: ReadSession, document_id: UUID) -> Place | None:
    """Where a document stands in the queue; None when it does not wait."""
    queue = (
        _waiting()
        .add_columns(
            sa.func.row_number().over(order_by=_ORDER).label("number"),
            sa.func.count().over().label("total"),
            sa.func.lag(_DOCUMENT.c.id).over(order_by=_ORDER).label("previous"),
            sa.func.lead(_DOCUMENT.c.id).over(order_by=_ORDER).label("following"),
        )
        .subquery()
    )
    row = (await session.execute(sa.select(queue).where(queue.c.id == document_id))).one_or_none()
    if row is None:
        return None
    return Place(row.id, row.number, row.total, row.previous, row.following)


async def following(session: ReadSession, document_id: UUID) -> UUID | None:
    """The document that waits behind this one, which need not wait itself any more; the first one when none does."""
    here = sa.select(*_ORDER).where(_DOCUMENT.c.id == document_id).subquery()
    columns = list(here.c)
    after = sa.tuple_(*_ORDER) > sa.tuple_(*(sa.select(column).scalar_subquery() for column in columns))
    found = await session.scalar(_waiting().where(after).order_by(*_ORDER).limit(1))
    return found or await session.scalar(
        _waiting().where(_DOCUMENT.c.id != document_id).order_by(*_ORDER).limit(1)
    )


def add(session: WriteSession, row: ApprovalDecision | HandOver) -> None:
    """Append a decision or a hand-over."""
    session.add(row)


async def decisions(session: ReadSession, document_id: UUID) -> Sequence[ApprovalDecision]:
    """Everything that was decided about a document, oldest first."""
    found = await session.scalars(
        sa.select(ApprovalDecision)
        .where(ApprovalDecision.document_id == document_id)
        .order_by(ApprovalDecision.id)
    )
    return found.all()


async def take_hand_overs(session: WriteSession, company_id: UUID) -> None:
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
    """One hand-over."""
    return await session.get(HandOver, hand_over_id)
