"""SQL of dossier items.

Locks: items are always taken in id order, and before documents and dossiers; the dossier's counters follow by triggers.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import among
from portal.db.figures import Figure, one_value
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.domain import HAS_CODA
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem

FRESH = {"populate_existing": True}
_OUT = (ItemState.BUNDLED, ItemState.DELIVERED)
_LIVE = DossierItem.state != ItemState.SUPERSEDED


async def add_all(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Insert items; those whose firm has the document or statement already are left alone. Returns the new ids."""
    if not rows:
        return []
    ordered = [DossierItem.keyed(row) for row in sorted(rows, key=lambda row: row["id"])]
    found = await session.scalars(
        insert(DossierItem).values(ordered).on_conflict_do_nothing().returning(DossierItem.id)
    )
    return list(found)


async def one(session: ReadSession, item_id: UUID) -> DossierItem | None:
    """One item the session may see."""
    return await session.get(DossierItem, item_id)


async def of_document(
    session: ReadSession, document_id: UUID, *, lock: bool = False
) -> Sequence[DossierItem]:
    """The items on a document that count, in id order; a firm sees its own, a member all, the system all."""
    statement = (
        sa.select(DossierItem).where(DossierItem.document_id == document_id, _LIVE).order_by(DossierItem.id)
    )
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(**FRESH)
    return (await session.scalars(statement)).all()


async def of_paper(session: WriteSession, paper_id: UUID) -> Sequence[DossierItem]:
    """The items on a document or statement that count, taken in id order."""
    found = await session.scalars(
        sa.select(DossierItem)
        .where(sa.or_(DossierItem.document_id == paper_id, DossierItem.statement_id == paper_id), _LIVE)
        .order_by(DossierItem.id)
        .with_for_update(key_share=True)
        .execution_options(**FRESH)
    )
    return found.all()


async def of_subject(
    session: ReadSession,
    dossier_id: UUID,
    *,
    document_id: UUID | None = None,
    statement_id: UUID | None = None,
) -> DossierItem | None:
    """The item of a dossier on one document or statement; one that counts before one that is superseded."""
    where = (
        DossierItem.document_id == document_id
        if document_id is not None
        else DossierItem.statement_id == statement_id
    )
    return await session.scalar(
        sa.select(DossierItem)
        .where(DossierItem.dossier_id == dossier_id, where)
        .order_by(DossierItem.state == ItemState.SUPERSEDED)
        .limit(1)
    )


async def of_documents(
    session: ReadSession, dossier_id: UUID, document_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, DossierItem]:
    """A dossier's items on these documents, by document."""
    found = await _of_dossier(session, dossier_id, among(DossierItem.document_id, document_ids), lock=lock)
    return {item.document_id: item for item in found if item.document_id is not None}


async def of_statements(
    session: ReadSession, dossier_id: UUID, statement_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, DossierItem]:
    """A dossier's items on these statements, by statement."""
    found = await _of_dossier(session, dossier_id, among(DossierItem.statement_id, statement_ids), lock=lock)
    return {item.statement_id: item for item in found if item.statement_id is not None}


async def _of_dossier(
    session: ReadSession, dossier_id: UUID, which: sa.ColumnElement[bool], *, lock: bool
) -> Sequence[DossierItem]:
    statement = sa.select(DossierItem).where(DossierItem.dossier_id == dossier_id, which, _LIVE)
    if lock:
        statement = statement.order_by(DossierItem.id).with_for_update(key_share=True)
    return (await session.scalars(statement.execution_options(**FRESH))).all()


async def holds_open(session: WriteSession, dossier_id: UUID) -> bool:
    """Whether a firm still sees the company of a dossier; its row is taken, so that it stays so until the end of the transaction."""
    access = await session.scalar(
        sa.select(Dossier.access).where(Dossier.id == dossier_id).with_for_update(read=True)
    )
    return access in OPEN_ACCESS


async def lock_statements(session: WriteSession, statement_ids: Sequence[UUID]) -> Sequence[DossierItem]:
    """The items on several statements that count, at every firm the session sees, taken in id order."""
    found = await session.scalars(
        sa.select(DossierItem)
        .where(among(DossierItem.statement_id, statement_ids), _LIVE)
        .order_by(DossierItem.id)
        .with_for_update(key_share=True)
        .execution_options(**FRESH)
    )
    return found.all()


async def move(
    session: WriteSession, ids: Sequence[UUID], to: ItemState, sources: Iterable[ItemState], **values: Any
) -> list[UUID]:
    """Items in one of `sources` move on; returns those that did."""
    moved = await session.scalars(
        sa.update(DossierItem)
        .where(among(DossierItem.id, ids), DossierItem.state.in_(list(sources)))
        .values(state=to, **DossierItem.keyed(values))
        .returning(DossierItem.id)
    )
    return list(moved)


async def set_reason(session: WriteSession, ids: Sequence[UUID], reason: str | None) -> list[UUID]:
    """Items that have left are, or are no more, put aside: they stay where they are and leave no second time. Returns who was."""
    marked = await session.scalars(
        sa.update(DossierItem)
        .where(among(DossierItem.id, ids), DossierItem.state.in_(_OUT))
        .values(state_reason=reason)
        .returning(DossierItem.id)
    )
    return list(marked)


async def set_locked(session: WriteSession, ids: Sequence[UUID], *, locked: bool) -> None:
    """Tell the items whether their documents are locked (the lock itself is the documents slice's)."""
    await session.execute(sa.update(DossierItem).where(among(DossierItem.id, ids)).values(locked=locked))


async def change(session: WriteSession, item_id: UUID, values: Mapping[str, Any]) -> None:
    """Write columns of one item that the caller has locked."""
    await session.execute(
        sa.update(DossierItem).where(DossierItem.id == item_id).values(**DossierItem.keyed(values))
    )


async def change_many(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write columns of several items that the caller has locked, in one statement; each row has `id` and the same columns."""
    if not rows:
        return
    columns = DossierItem.__table__.c
    rows = [DossierItem.keyed(row) for row in rows]
    names = list(rows[0])
    new = sa.values(*(sa.column(name, columns[name].type) for name in names), name="new").data(
        [tuple(row[name] for name in names) for row in rows]
    )
    await session.execute(
        sa.update(DossierItem)
        .where(DossierItem.id == new.c.id)
        # cast, since a column of nothing but NULL has no type of its own
        .values({name: sa.cast(new.c[name], columns[name].type) for name in names if name != "id"})
        .execution_options(synchronize_session=False)
    )


async def lock(session: WriteSession, ids: Sequence[UUID]) -> Sequence[DossierItem]:
    """Take these items in id order; gives them as they are now."""
    found = await session.scalars(
        sa.select(DossierItem)
        .where(among(DossierItem.id, ids))
        .order_by(DossierItem.id)
        .with_for_update(key_share=True)
        .execution_options(**FRESH)
    )
    return found.all()


async def held(
    session: ReadSession, dossier_id: UUID, approvals: Iterable[ApprovalState], *, lock: bool = False
) -> Sequence[DossierItem]:
    """Items of a dossier that are put aside, in id order: with one of these words of the entrepreneur, or after they left."""
    statement = (
        sa.select(DossierItem)
        .where(
            DossierItem.dossier_id == dossier_id,
            put_aside(approvals),
        )
        .order_by(DossierItem.id)
        .execution_options(**FRESH)
    )
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await session.scalars(statement)).all()


def put_aside(approvals: Iterable[ApprovalState]) -> sa.ColumnElement[bool]:
    """Items that wait for a person of ours: held with one of these words of the entrepreneur, or kept out after they left.

    Not statements that stay because their account has CODA: nobody has anything to do about them.
    """
    return sa.or_(
        sa.and_(
            DossierItem.state == ItemState.HELD,
            DossierItem.approval.in_(list(approvals)),
            DossierItem.state_reason.is_distinct_from(HAS_CODA),
        ),
        sa.and_(DossierItem.state.in_(_OUT), DossierItem.state_reason.is_not(None)),
    )


async def lock_documents(session: WriteSession, document_ids: Sequence[UUID]) -> None:
    """Take every item on these documents that the session may change, in id order: before deciding about several."""
    await session.execute(
        sa.select(DossierItem.id)
        .where(among(DossierItem.document_id, document_ids))
        .order_by(DossierItem.id)
        .with_for_update(key_share=True)
    )


async def dossiers_to_reassess(session: ReadSession, firm_id: UUID) -> Sequence[UUID]:
    """Dossiers of a firm in which a change of policy may move something; in the firm's scope or the system's."""
    found = await session.scalars(
        sa.select(DossierItem.dossier_id)
        .where(
            DossierItem.firm_id == firm_id,
            DossierItem.state.in_((ItemState.WAITING, ItemState.READY, ItemState.HELD)),
        )
        .distinct()
        .order_by(DossierItem.dossier_id)
    )
    return found.all()


async def undecided(
    session: WriteSession, dossier_id: UUID, after: UUID | None, limit: int
) -> Sequence[DossierItem]:
    """Documents of a dossier that wait for an approval, or are ready without one, behind `after`; taken in id order."""
    statement = sa.select(DossierItem).where(
        DossierItem.dossier_id == dossier_id,
        DossierItem.document_id.is_not(None),
        sa.or_(
            sa.and_(DossierItem.state == ItemState.WAITING, DossierItem.approval == ApprovalState.WAITING),
            sa.and_(DossierItem.state == ItemState.READY, DossierItem.approval == ApprovalState.NOT_NEEDED),
        ),
    )
    if after is not None:
        statement = statement.where(DossierItem.id > after)
    found = await session.scalars(
        statement.order_by(DossierItem.id)
        .limit(limit)
        .with_for_update(key_share=True)
        .execution_options(**FRESH)
    )
    return found.all()


async def holdable(
    session: WriteSession, dossier_id: UUID, codes: Collection[str], limit: int
) -> Sequence[tuple[UUID, list[dict[str, Any]]]]:
    """Items of a dossier that are on their way out, nobody has let go, and whose document has one of these findings: taken in id order."""
    has_one = sa.or_(*(Document.findings.contains([{"code": code}]) for code in sorted(codes)))
    found = await session.execute(
        sa.select(DossierItem.id, Document.findings)
        .join(Document, Document.id == DossierItem.document_id)
        .where(
            DossierItem.dossier_id == dossier_id,
            DossierItem.state.in_((ItemState.WAITING, ItemState.READY)),
            ~DossierItem.attachments_passed,
            has_one,
        )
        .order_by(DossierItem.id)
        .limit(limit)
        .with_for_update(of=DossierItem, key_share=True)
    )
    return [(row[0], row[1]) for row in found]


async def forget_unbundled(session: WriteSession, dossier_id: UUID) -> int:
    """Delete what never left in a bundle; returns how many."""
    gone = await session.scalars(
        sa.delete(DossierItem)
        .where(DossierItem.dossier_id == dossier_id, DossierItem.bundle_number.is_(None))
        .returning(DossierItem.id)
    )
    return len(gone.all())


async def blank(session: WriteSession, dossier_id: UUID) -> None:
    """Empty what items copied from the company's papers; kind, date and bundle stay with the firm's history."""
    await session.execute(
        sa.update(DossierItem)
        .where(DossierItem.dossier_id == dossier_id)
        .values(
            **DossierItem.keyed({"counterparty": ""}),
            found_by="",
            number="",
            due_date=None,
            net=0,
            tax=0,
            gross=0,
            approval_reason=None,
            decided_by_name=None,
        )
    )


def left_in(paper_id: UUID) -> Figure[bool]:
    """Whether an item on a document or statement is in an export or has left in a bundle, as far as the session sees."""
    out = (ItemState.RESERVED, ItemState.BUNDLED, ItemState.DELIVERED)
    there = sa.exists().where(
        sa.or_(DossierItem.document_id == paper_id, DossierItem.statement_id == paper_id),
        sa.or_(DossierItem.bundle_number.is_not(None), DossierItem.state.in_(out)),
    )
    return one_value(sa.select(there))
