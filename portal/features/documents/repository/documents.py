"""Documents and their locks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import among, insert_rows, rows_of
from portal.db.figures import Figure, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain.documents import DocumentFiles, DocumentState, Lock, PdfOrigin
from portal.features.documents.models import Document, DocumentLock
from portal.kernel.ids import new_id

_LOCK = cast("sa.Table", DocumentLock.__table__)


class NewLock(NamedTuple):
    """A lock on the paper of one item, without what all locks of an export have in common."""

    company_id: UUID
    firm_id: UUID
    item_id: UUID
    document_id: UUID | None
    statement_id: UUID | None


async def insert_new(session: WriteSession, values: Mapping[str, Any]) -> Document | None:
    """A new document; None when the company has these bytes or this duplicate key already (also from a rival at this moment)."""
    return await session.scalar(
        insert(Document).values(**Document.keyed(values)).on_conflict_do_nothing().returning(Document)
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
    """Some documents by id; those the session does not see are left out."""
    if not ids:
        return {}
    found = await session.scalars(
        sa.select(Document).where(among(Document.id, ids)).execution_options(populate_existing=True)
    )
    return {row.id: row for row in found}


async def files_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, DocumentFiles]:
    """The files and VAT lines of some documents by id; those the session does not see are left out."""
    columns = [Document.__table__.c[name] for name in DocumentFiles._fields]
    found = await session.execute(sa.select(Document.id, *columns).where(among(Document.id, ids)))
    return {id_: DocumentFiles(*files) for id_, *files in found}


async def with_bytes(session: ReadSession, company_id: UUID, sha256: str) -> Document | None:
    """The document whose original, or whose PDF handed in beside it, these bytes are; not one that was erased."""
    return await session.scalar(
        sa.select(Document)
        .where(
            Document.company_id == company_id,
            Document.erased_at.is_(None),
            sa.or_(
                Document.original_sha256 == sha256,
                sa.and_(Document.pdf_sha256 == sha256, Document.pdf_origin == PdfOrigin.RECEIVED),
            ),
        )
        .order_by(sa.case((Document.original_sha256 == sha256, 0), else_=1), Document.id)
        .limit(1)
    )


async def with_key(session: ReadSession, company_id: UUID, key: str) -> Document | None:
    """The document with this duplicate key; what is put aside holds up no other."""
    return await session.scalar(
        sa.select(Document).where(
            Document.company_id == company_id, Document.duplicate_key == key, Document.aside_at.is_(None)
        )
    )


async def with_prefix(
    session: ReadSession, company_id: UUID, prefix: str, limit: int = 20
) -> Sequence[Document]:
    """Documents whose duplicate key begins so, the oldest first; without those put aside."""
    found = await session.scalars(
        sa.select(Document)
        .where(
            Document.company_id == company_id,
            Document.duplicate_key.startswith(prefix, autoescape=True),
            Document.aside_at.is_(None),
        )
        .order_by(Document.id)
        .limit(limit)
    )
    return found.all()


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[Document]:
    """Final documents of a company in id order, behind `after`; without those put aside."""
    statement = sa.select(Document).where(
        Document.company_id == company_id, Document.state != DocumentState.DRAFT, Document.aside_at.is_(None)
    )
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
        .values(**Document.keyed(values))
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
    over: Collection[str],
) -> bool:
    """Give a document its PDF where it has none, or one of an origin in `over`."""
    changed = await session.scalar(
        sa.update(Document)
        .where(
            Document.id == document_id,
            sa.or_(Document.pdf_sha256.is_(None), Document.pdf_origin.in_(list(over))),
        )
        .values(pdf_sha256=sha256, pdf_name=name, pdf_size=size, pdf_origin=origin, drawing_due_at=None)
        .returning(Document.id)
    )
    return changed is not None


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


def locks_of(document_id: UUID) -> Figure[list[Lock]]:
    """Why a document can't change, to be shown."""
    row = DocumentLock
    found = sa.select(row.item_id, row.bundle, row.reason).where(row.document_id == document_id)
    return few_rows(found.order_by(row.since), Lock)


async def add_locks(
    session: WriteSession, rows: Sequence[NewLock], *, bundle: int, reason: str, since: datetime
) -> None:
    """Insert locks; an item that has one keeps it. A trigger takes the papers in id order, so that two exports meet in one order."""
    new = [{"id": new_id(), **row._asdict()} for row in rows]
    same = {"bundle": bundle, "reason": reason, "since": since}
    await insert_rows(session, DocumentLock, new, same, skip_present=True)


async def keep_locks(session: WriteSession, item_ids: Iterable[UUID], reason: str) -> None:
    """Locks taken by an open export stand for good."""
    await session.execute(sa.update(_LOCK).where(among(_LOCK.c.item_id, item_ids)).values(reason=reason))


async def drop_locks(session: WriteSession, item_ids: Iterable[UUID], reason: str) -> None:
    """Lift the locks of items that stand for this reason."""
    await session.execute(sa.delete(_LOCK).where(among(_LOCK.c.item_id, item_ids), _LOCK.c.reason == reason))


async def has_changed(session: ReadSession, versions: Mapping[UUID, int]) -> bool:
    """Whether one of these documents is not in this version (any more), or not to be seen."""
    known = rows_of("known", {"id": Document.id, "version": Document.version}, list(versions.items()))
    found = await session.scalar(
        sa.select(
            sa.exists()
            .select_from(known.outerjoin(Document, Document.id == known.c.id))
            .where(Document.version.is_distinct_from(known.c.version))
        )
    )
    return bool(found)
