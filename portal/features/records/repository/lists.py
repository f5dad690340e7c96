"""Lists of documents: searched, filtered, sorted and counted."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing, holding
from portal.db.session import ReadSession
from portal.features.documents.domain.documents import DocumentQuery
from portal.features.documents.models import Document
from portal.features.dossiers.models import belongs_to
from portal.features.items.domain import REJECTED, ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.records.domain import FROM_BEGINNING_TO_END
from portal.kernel.searching import sought

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


_FURTHEST = sa.case(
    {state: place for place, state in enumerate(FROM_BEGINNING_TO_END)}, value=DossierItem.state
)
_MAY_SAY = {
    ApprovalState.DISPUTED.value: frozenset({ItemState.HELD, ItemState.WAITING}),
    ApprovalState.NOT_OURS.value: frozenset({ItemState.HELD, ItemState.WAITING}),
    ApprovalState.APPROVED.value: frozenset({ItemState.READY}),
}
"""The states in which an item may be shown by a word that is no state (`_SHOWN`)."""
_OUT_OF_SIGHT = sa.or_(_ASIDE, Document.erased_at.is_not(None))


def _one_each(query: DocumentQuery, *columns: Any) -> Any:
    """The item that counts of each document: of the dossier, else the furthest. Whose documents, the caller says."""
    statement = sa.select(*columns).where(DossierItem.document_id.is_not(None))
    if query.dossier_id is not None:
        return statement.where(DossierItem.dossier_id == query.dossier_id), (
            DossierItem.state == ItemState.SUPERSEDED,
        )
    # Of items equally far on the first counts, in the page of the document too (`trails`): lists, filters and counts tell the same.
    return statement.where(DossierItem.state != ItemState.SUPERSEDED), (_FURTHEST.desc(), DossierItem.id)


def _item_of(query: DocumentQuery) -> sa.Lateral:
    """The item that counts of the document of this row, looked up for it alone."""
    statement, first = _one_each(
        query,
        DossierItem.document_id,
        DossierItem.state,
        _SHOWN,
        DossierItem.approval,
        DossierItem.bundle_number,
        DossierItem.locked,
        DossierItem.reexports,
    )
    return statement.where(DossierItem.document_id == Document.id).order_by(*first).limit(1).lateral("item")


def _said(column: Any) -> Any:
    return sa.case((Document.erased_at.is_not(None), "erased"), (_ASIDE, "aside"), else_=column)


def _filtered(statement: Any, company_id: UUID, query: DocumentQuery, item: sa.Lateral) -> Any:
    statement = statement.select_from(sa.outerjoin(Document, item, sa.true())).where(
        Document.company_id == company_id
    )
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
        statement = statement.where(_said(item.c.shown).in_(query.states), _may_say(company_id, query.states))
    if query.received_by is not None:
        statement = statement.where(Document.received_by == query.received_by)
    if query.since is not None:
        statement = statement.where(Document.issue_date >= query.since)
    if query.until is not None:
        statement = statement.where(Document.issue_date <= query.until)
    if query.search:
        wanted = sought(query.search)
        matches: list[sa.ColumnElement[bool]] = [
            holding(Document.number, query.search),
            called(query.search, fold_column=Document.fold, name=Document.counterparty_name),
            holding(Document.note, query.search),
            holding(Document.original_name, query.search),
            *(Document.gross == amount for amount in wanted.amounts),
            *(Document.counterparty_number.like(containing(number)) for number in wanted.numbers),
        ]
        if wanted.digits:
            matches += [
                Document.counterparty_number.ilike(containing(wanted.digits)),
                Document.structured_communication.like(containing(wanted.digits)),
            ]
        statement = statement.where(sa.or_(*matches))
    return statement


def _may_say(company_id: UUID, words: frozenset[str]) -> sa.ColumnElement[bool]:
    """Documents of which a list may say one of these words: what can be known without looking up the item of each."""
    states = frozenset[ItemState]().union(
        *(_MAY_SAY.get(word) or {ItemState(word)} for word in words - {"aside", "erased"})
    )
    found = sa.select(DossierItem.document_id).where(
        DossierItem.company_id == company_id,
        DossierItem.document_id.is_not(None),
        DossierItem.state.in_(states),
    )
    # An array is made once, before anything else: the planner takes a company for one document, and would look it up last.
    said = Document.id == sa.any_(sa.func.array(found.scalar_subquery()))
    if words.isdisjoint({"aside", "erased"}):
        return said
    return sa.or_(_OUT_OF_SIGHT, said) if states else _OUT_OF_SIGHT


async def page(
    session: ReadSession, company_id: UUID, query: DocumentQuery, size: int = PAGE_SIZE
) -> Page[ListedDocument]:
    """One page of a company's documents with the states of their items."""
    column, kind = SORTS.get(query.sort, SORTS["date"])
    item = _item_of(query)
    columns = (
        item.c.state,
        item.c.approval,
        item.c.bundle_number,
        item.c.locked,
        item.c.reexports,
    )
    wanted = sa.select(Document, *columns)
    if not query.states:
        wanted = wanted.where(~_ASIDE)
    statement, backwards = keyset(
        _filtered(wanted, company_id, query, item),
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
    """How many documents of a list are in each state, as the list says it; those without an item and in sight are not counted."""
    item = _item_of(query)
    said = _said(item.c.shown).label("said")
    if query.search or (query.received_by, query.since, query.until) != (None, None, None):
        # What only the documents know: each is looked at.
        wanted = sa.select(said, sa.func.count().label("papers"))
        counted = _filtered(wanted, company_id, query, item).group_by(sa.text("said"))
    else:
        hidden = sa.select(Document.id).where(Document.company_id == company_id, _OUT_OF_SIGHT)
        out_of_sight = _filtered(sa.select(said).where(_OUT_OF_SIGHT), company_id, query, item)
        items, first = _one_each(query, DossierItem.document_id, _SHOWN)
        if query.kinds:
            items = items.where(DossierItem.kind.in_(query.kinds))
        in_sight = (
            items.where(DossierItem.company_id == company_id, DossierItem.document_id.not_in(hidden))
            .ext(distinct_on(DossierItem.document_id))
            .order_by(DossierItem.document_id, *first)
            .subquery()
        )
        both = sa.union_all(out_of_sight, sa.select(in_sight.c.shown)).subquery()
        counted = sa.select(both.c.said, sa.func.count()).group_by(both.c.said)
    found: Any = await session.execute(counted)
    return {row[0]: row[1] for row in found if row[0] is not None}
