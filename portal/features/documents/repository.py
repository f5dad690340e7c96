"""SQL of documents and locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain import DocumentQuery, Kind
from portal.features.documents.models import Document, DocumentLock

# Items and proofs belong to slices above this one: only the columns that lists and the way of a document show are known here.
_ITEM = sa.table(
    "dossier_item",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("dossier_id", sa.Uuid()),
    sa.column("document_id", sa.Uuid()),
    sa.column("state", sa.Text()),
    sa.column("state_reason", sa.Text()),
    sa.column("approval", sa.Text()),
    sa.column("approval_reason", sa.Text()),
    sa.column("decided_by_name", sa.Text()),
    sa.column("decided_at", sa.DateTime(timezone=True)),
    sa.column("bundle_number", sa.Integer()),
    sa.column("locked", sa.Boolean()),
)
_PROOF = sa.table(
    "delivery_proof",
    sa.column("item_id", sa.Uuid()),
    sa.column("role", sa.Text()),
    sa.column("agent_name", sa.Text()),
    sa.column("path", sa.Text()),
    sa.column("written_at", sa.DateTime(timezone=True)),
    sa.column("confirmed_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Way:
    """How far a document is on its way to the bookkeeping, in one dossier (or, for members, in one of the firm's)."""

    item_id: UUID
    state: str
    state_reason: str | None
    approval: str
    approval_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    bundle: int | None
    locked: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One file of a document, written by an agent."""

    agent: str
    path: str
    written_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A row of a list: the document and the state of its item."""

    document: Document
    state: str | None
    approval: str | None
    bundle: int | None
    locked: bool


async def insert_new(session: WriteSession, values: Mapping[str, Any]) -> Document | None:
    """A new document; None when the company has these bytes or this duplicate key already (also from a rival at this moment)."""
    return await session.scalar(
        insert(Document).values(**values).on_conflict_do_nothing().returning(Document)
    )


async def one(session: ReadSession, document_id: UUID, received_by: UUID | None = None) -> Document | None:
    """One document the session may see, as it is now."""
    statement = sa.select(Document).where(Document.id == document_id)
    if received_by is not None:
        statement = statement.where(Document.received_by == received_by)
    return await session.scalar(statement.execution_options(populate_existing=True))


async def locked(session: WriteSession, document_id: UUID) -> Document | None:
    """One document as it is now, taken for writing; None when it is gone."""
    return await session.scalar(
        sa.select(Document)
        .where(Document.id == document_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Document]:
    """Several at once."""
    if not ids:
        return {}
    found = await session.scalars(
        sa.select(Document).where(Document.id.in_(ids)).execution_options(populate_existing=True)
    )
    return {row.id: row for row in found}


async def with_bytes(session: ReadSession, company_id: UUID, sha256: str) -> Document | None:
    """The document whose original, or whose PDF handed in beside it, these bytes are."""
    return await session.scalar(
        sa.select(Document)
        .where(
            Document.company_id == company_id,
            sa.or_(
                Document.original_sha256 == sha256,
                sa.and_(Document.pdf_sha256 == sha256, Document.pdf_origin == "received"),
            ),
        )
        .order_by(sa.case((Document.original_sha256 == sha256, 0), else_=1), Document.id)
        .limit(1)
    )


async def with_key(session: ReadSession, company_id: UUID, key: str) -> Document | None:
    """The document with this duplicate key."""
    return await session.scalar(
        sa.select(Document).where(Document.company_id == company_id, Document.duplicate_key == key)
    )


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[Document]:
    """Final documents of a company in id order, behind `after`."""
    statement = sa.select(Document).where(Document.company_id == company_id, Document.state != "draft")
    if after is not None:
        statement = statement.where(Document.id > after)
    return (await session.scalars(statement.order_by(Document.id).limit(limit))).all()


async def change(
    session: WriteSession, document_id: UUID, version: int, values: Mapping[str, Any]
) -> Document | None:
    """Write columns of one version of a document; None when it has another version by now."""
    return await session.scalar(
        sa.update(Document)
        .where(Document.id == document_id, Document.version == version)
        .values(**values)
        .returning(Document)
        .execution_options(populate_existing=True)
    )


async def set_pdf(
    session: WriteSession,
    document_id: UUID,
    *,
    sha256: str,
    name: str,
    size: int,
    origin: str,
    over: Sequence[str],
) -> bool:
    """Give a document its PDF where it has none, or one of an origin in `over`."""
    changed = await session.scalar(
        sa.update(Document)
        .where(
            Document.id == document_id,
            sa.or_(Document.pdf_sha256.is_(None), Document.pdf_origin.in_(list(over))),
        )
        .values(pdf_sha256=sha256, pdf_name=name, pdf_size=size, pdf_origin=origin)
        .returning(Document.id)
    )
    return changed is not None


async def lock_items(session: WriteSession, document_id: UUID) -> None:
    """Take the items of a document, in id order, before the document itself: the order everywhere."""
    await session.execute(
        sa.select(_ITEM.c.id)
        .where(_ITEM.c.document_id == document_id)
        .order_by(_ITEM.c.id)
        .with_for_update(key_share=True)
    )


async def left_in(session: ReadSession, document_id: UUID) -> bool:
    """Whether an item on the document is in an export or has left in a bundle, as far as the session sees."""
    found = await session.scalar(
        sa.select(_ITEM.c.id)
        .where(
            _ITEM.c.document_id == document_id,
            sa.or_(
                _ITEM.c.bundle_number.is_not(None), _ITEM.c.state.in_(("reserved", "bundled", "delivered"))
            ),
        )
        .limit(1)
    )
    return found is not None


async def delete(session: WriteSession, document_id: UUID) -> bool:
    """Delete a document; its items that never left go with it (the foreign key's cascade)."""
    gone = await session.scalar(sa.delete(Document).where(Document.id == document_id).returning(Document.id))
    return gone is not None


async def locks(session: ReadSession, document_id: UUID) -> Sequence[DocumentLock]:
    """Why a document can't change."""
    found = await session.scalars(
        sa.select(DocumentLock).where(DocumentLock.document_id == document_id).order_by(DocumentLock.since)
    )
    return found.all()


async def add_locks(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert locks; an item that has one keeps it. Ordered by the document, so that two exports meet in one order."""
    ordered = sorted(rows, key=lambda row: row["document_id"] or row["statement_id"])
    for start in range(0, len(ordered), 1000):  # a statement has at most 32,767 parameters
        batch = ordered[start : start + 1000]
        await session.execute(insert(DocumentLock).values(batch).on_conflict_do_nothing())


async def keep_locks(session: WriteSession, item_ids: Sequence[UUID], reason: str) -> None:
    """Locks taken by an open export stand for good."""
    await session.execute(
        sa.update(DocumentLock).where(DocumentLock.item_id.in_(item_ids)).values(reason=reason)
    )


async def drop_locks(session: WriteSession, item_ids: Sequence[UUID], reason: str | None) -> int:
    """Lift the locks of items; with `reason` only those that stand for it."""
    where: list[sa.ColumnElement[bool]] = [DocumentLock.item_id.in_(item_ids)]
    if reason is not None:
        where.append(DocumentLock.reason == reason)
    gone = await session.scalars(sa.delete(DocumentLock).where(*where).returning(DocumentLock.id))
    return len(gone.all())


async def versions(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The present version of each document."""
    found = await session.execute(sa.select(Document.id, Document.version).where(Document.id.in_(ids)))
    return {row.id: row.version for row in found}


async def ways(session: ReadSession, document_id: UUID, dossier_id: UUID | None) -> Sequence[Way]:
    """The items on a document: of one dossier, or all the session sees."""
    statement = sa.select(
        _ITEM.c.id,
        _ITEM.c.state,
        _ITEM.c.state_reason,
        _ITEM.c.approval,
        _ITEM.c.approval_reason,
        _ITEM.c.decided_by_name,
        _ITEM.c.decided_at,
        _ITEM.c.bundle_number,
        _ITEM.c.locked,
    ).where(_ITEM.c.document_id == document_id)
    if dossier_id is not None:
        statement = statement.where(_ITEM.c.dossier_id == dossier_id)
    return [Way(*row) for row in await session.execute(statement.order_by(_ITEM.c.id))]


async def proofs(session: ReadSession, item_ids: Sequence[UUID]) -> Sequence[Proof]:
    """Where agents have written the files of these items; a member of the company sees none."""
    found = await session.execute(
        sa.select(_PROOF.c.agent_name, _PROOF.c.path, _PROOF.c.written_at, _PROOF.c.confirmed_at)
        .where(_PROOF.c.item_id.in_(item_ids))
        .order_by(_PROOF.c.written_at)
    )
    return [Proof(*row) for row in found]


SORTS: dict[str, tuple[Any, type[Any]]] = {
    "date": (Document.issue_date, date),
    "received": (Document.received_at, datetime),
    "counterparty": (Document.counterparty_name, str),
    "number": (Document.number, str),
    "amount": (Document.gross, Decimal),
}
_ORDER = ("new", "waiting", "held", "ready", "reserved", "bundled", "delivered")


def _items_of(query: DocumentQuery) -> sa.Subquery:
    """One row a document: of the dossier, or of the furthest item."""
    furthest = sa.case({state: place for place, state in enumerate(_ORDER)}, value=_ITEM.c.state, else_=-1)
    statement = sa.select(
        _ITEM.c.document_id,
        _ITEM.c.state,
        _ITEM.c.approval,
        _ITEM.c.bundle_number,
        _ITEM.c.locked,
    ).where(_ITEM.c.document_id.is_not(None))
    if query.dossier_id is not None:
        return statement.where(_ITEM.c.dossier_id == query.dossier_id).subquery()
    one_each = statement.ext(distinct_on(_ITEM.c.document_id))
    return one_each.order_by(_ITEM.c.document_id, furthest.desc()).subquery()


def _filtered(statement: Any, query: DocumentQuery, item: sa.Subquery) -> Any:
    statement = statement.select_from(sa.outerjoin(Document, item, item.c.document_id == Document.id))
    if query.kinds:
        statement = statement.where(Document.kind.in_(query.kinds))
    if query.states:
        statement = statement.where(item.c.state.in_(query.states))
    if query.received_by is not None:
        statement = statement.where(Document.received_by == query.received_by)
    if query.search:
        escaped = query.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
        matches: list[sa.ColumnElement[bool]] = [
            Document.number.ilike(pattern),
            Document.counterparty_name.ilike(pattern),
            Document.note.ilike(pattern),
        ]
        digits = "".join(character for character in query.search if character.isalnum())
        if digits:
            matches += [
                Document.counterparty_number.ilike(f"%{digits}%"),
                Document.structured_communication.like(f"%{digits}%"),
            ]
        statement = statement.where(sa.or_(*matches))
    return statement


async def page(
    session: ReadSession, company_id: UUID, query: DocumentQuery, size: int = PAGE_SIZE
) -> Page[ListedDocument]:
    """One page of a company's documents with the states of their items."""
    column, kind = SORTS.get(query.sort, SORTS["date"])
    item = _items_of(query)
    wanted = sa.select(Document, item.c.state, item.c.approval, item.c.bundle_number, item.c.locked).where(
        Document.company_id == company_id
    )
    statement, backwards = keyset(
        _filtered(wanted, query, item),
        sort=column,
        tie=Document.id,
        kind=kind,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    found: Any = await session.execute(statement)
    rows = [ListedDocument(row[0], row[1], row[2], row[3], locked=bool(row[4])) for row in found]
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: getattr(row.document, column.key),
        row_id=lambda row: row.document.id,
        size=size,
    )


async def count_states(session: ReadSession, company_id: UUID, query: DocumentQuery) -> dict[str, int]:
    """How many documents of a list are in each state; `""` for those without an item."""
    item = _items_of(query)
    wanted = sa.select(sa.func.coalesce(item.c.state, ""), sa.func.count()).where(
        Document.company_id == company_id
    )
    found: Any = await session.execute(_filtered(wanted, query, item).group_by(item.c.state))
    return {row[0]: row[1] for row in found}


async def count_kinds(session: ReadSession, company_id: UUID, query: DocumentQuery) -> dict[Kind, int]:
    """How many documents of a list are of each kind."""
    item = _items_of(query)
    wanted = sa.select(Document.kind, sa.func.count()).where(Document.company_id == company_id)
    found: Any = await session.execute(_filtered(wanted, query, item).group_by(Document.kind))
    return {row[0]: row[1] for row in found}
