"""Lists of documents: searched, filtered, sorted and counted."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing
from portal.db.session import ReadSession
from portal.features.documents.domain.documents import DocumentQuery
from portal.features.documents.models import Document
from portal.features.dossiers.models import belongs_to
from portal.features.items.domain import REJECTED, ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.records.domain import FROM_BEGINNING_TO_END

SORTS: dict[str, tuple[Any, type[Any]]] = {
    "date": (Document.issue_date, date),
    "received": (Document.received_at, datetime),
    "counterparty": (Document.sort_key, str),
    "number": (Document.number, str),
    "amount": (Document.gross, Decimal),
}
# What a list says of an item (the component item_chip), and filters by: the client's word where it says more than the state.
_SHOWN = sa.case(
    (
        sa.and_(
            DossierItem.approval.in_(REJECTED), DossierItem.state.in_((ItemState.HELD, ItemState.WAITING))
        ),
        DossierItem.approval,
    ),
    (
        sa.and_(DossierItem.state == ItemState.READY, DossierItem.approval == ApprovalState.APPROVED),
        DossierItem.approval,
    ),
    else_=DossierItem.state,
).label("shown")
_ASIDE = Document.aside_at.is_not(None)


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A row of a list: the document and the state of its item; None where it has none yet."""

    document: Document
    state: ItemState | None
    approval: ApprovalState | None
    bundle: int | None
    locked: bool
    reexports: int


def _items_of(query: DocumentQuery) -> sa.Subquery:
    """One row a document: of the dossier, or of the furthest item."""
    furthest = sa.case(
        {state: place for place, state in enumerate(FROM_BEGINNING_TO_END)}, value=DossierItem.state
    )
    statement = sa.select(
        DossierItem.document_id,
        DossierItem.state,
        _SHOWN,
        DossierItem.approval,
        DossierItem.bundle_number,
        DossierItem.locked,
        DossierItem.reexports,
    ).where(DossierItem.document_id.is_not(None))
    if query.dossier_id is not None:
        here = statement.where(DossierItem.dossier_id == query.dossier_id).ext(
            distinct_on(DossierItem.document_id)
        )
        return here.order_by(DossierItem.document_id, DossierItem.state == ItemState.SUPERSEDED).subquery()
    one_each = statement.where(DossierItem.state != ItemState.SUPERSEDED).ext(
        distinct_on(DossierItem.document_id)
    )
    return one_each.order_by(DossierItem.document_id, furthest.desc()).subquery()


def _said(column: Any) -> Any:
    return sa.case((Document.erased_at.is_not(None), "erased"), (_ASIDE, "aside"), else_=column)


def _filtered(statement: Any, query: DocumentQuery, item: sa.Subquery) -> Any:
    statement = statement.select_from(sa.outerjoin(Document, item, item.c.document_id == Document.id))
    if query.dossier_id is not None:
        # What has no item yet (it came this moment) belongs where it was handed in, else to the first dossier.
        elsewhere = sa.select(DossierItem.id).where(
            DossierItem.document_id == Document.id,
            DossierItem.dossier_id != query.dossier_id,
            DossierItem.state != ItemState.SUPERSEDED,
        )
        belongs = belongs_to(Document.dossier_id, query.dossier_id)
        statement = statement.where(
            sa.or_(item.c.document_id.is_not(None), sa.and_(~elsewhere.exists(), belongs))
        )
    if query.kinds:
        statement = statement.where(Document.kind.in_(query.kinds))
    if query.states:
        statement = statement.where(_said(item.c.shown).in_(query.states))
    if query.received_by is not None:
        statement = statement.where(Document.received_by == query.received_by)
    if query.search:
        pattern = containing(query.search)
        matches: list[sa.ColumnElement[bool]] = [
            Document.number.ilike(pattern),
            called(query.search, fold_column=Document.fold, name=Document.counterparty_name),
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
    columns = (
        item.c.state,
        item.c.approval,
        item.c.bundle_number,
        item.c.locked,
        item.c.reexports,
    )
    wanted = sa.select(Document, *columns).where(Document.company_id == company_id)
    if not query.states:
        wanted = wanted.where(~_ASIDE)
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
    rows = [
        ListedDocument(
            row[0],
            ItemState.ASIDE if row[0].aside_at else row[1],
            row[2],
            row[3],
            locked=bool(row[4]),
            reexports=row[5] or 0,
        )
        for row in found
    ]
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: getattr(row.document, column.key),
        row_id=lambda row: row.document.id,
        size=size,
    )


async def count_states(session: ReadSession, company_id: UUID, query: DocumentQuery) -> dict[str, int]:
    """How many documents of a list are in each state, as the list says it; `""` for those without an item."""
    item = _items_of(query)
    said = sa.func.coalesce(_said(item.c.shown), "").label("said")
    wanted = sa.select(said, sa.func.count()).where(Document.company_id == company_id)
    found: Any = await session.execute(_filtered(wanted, query, item).group_by(sa.text("said")))
    return {row[0]: row[1] for row in found}
