"""SQL of pages of history, out of the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import aliased

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, holding
from portal.db.session import ReadSession
from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier, managed_by
from portal.features.history.domain import HistoryQuery, Whose
from portal.features.items.models import DossierItem
from portal.features.retention.domain import ErasureState
from portal.features.retention.models import Erasure


async def page(
    session: ReadSession, whose: Whose, query: HistoryQuery, papers: Sequence[str], size: int = PAGE_SIZE
) -> Page[AuditEvent]:
    """One page, newest first. Each part of it (a dossier's events, its company's papers) is read by its own index."""
    found: list[AuditEvent] = []
    backwards = False
    for part in _parts(whose, papers):
        statement, backwards = _newest(sa.select(AuditEvent).where(part), query, size)
        found += await session.scalars(statement)
    if whose.firm_id is not None and whose.dossier_id is None:
        found += await session.scalars(_of_clients(whose, query, papers, size))
    found.sort(key=lambda event: (event.at, event.id), reverse=not backwards)
    return cut(
        found[: size + 1],
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda event: event.at,
        row_id=lambda event: event.id,
        size=size,
    )


def _newest(statement: Any, query: HistoryQuery, size: int) -> tuple[Any, bool]:
    """Of these events those on one page and one more, newest first; and whether the page is read backwards."""
    return keyset(
        statement.where(*_filters(query)),
        sort=AuditEvent.at,
        tie=AuditEvent.id,
        kind=datetime,
        descending=True,
        cursor=query.cursor,
        size=size,
    )


def _of_clients(whose: Whose, query: HistoryQuery, papers: Sequence[str], size: int) -> sa.Select[AuditEvent]:
    """What members of a firm's clients did.

    What is on a page belongs to the companies whose newest events are the newest: each is asked for one, and those few for a page.
    """
    dossiers, companies = _seen(whose.manager_id)
    theirs = sa.and_(
        _OF_MEMBERS,
        sa.or_(
            AuditEvent.dossier_id.is_(None) & AuditEvent.subject_type.in_(papers),
            AuditEvent.dossier_id.in_(dossiers),
        ),
    )
    company = companies.distinct().subquery("company")
    one, backwards = _newest(
        sa.select(AuditEvent.at, AuditEvent.id).where(AuditEvent.company_id == company.c.company_id, theirs),
        query,
        0,
    )
    newest = one.lateral("newest")
    order = [column.asc() if backwards else column.desc() for column in (newest.c.at, newest.c.id)]
    few = (
        sa.select(company.c.company_id)
        .join(newest, sa.true())
        .order_by(*order)
        .limit(size + 1)
        .subquery("few")
    )
    paged, _backwards = _newest(
        sa.select(AuditEvent).where(AuditEvent.company_id == few.c.company_id, theirs), query, size
    )
    event = aliased(AuditEvent, paged.lateral("event"))
    ends = [column.asc() if backwards else column.desc() for column in (event.at, event.id)]
    return sa.select(event).select_from(few).join(event, sa.true()).order_by(*ends).limit(size + 1)


_OF_MEMBERS = sa.and_(
    AuditEvent.firm_id.is_(None),
    # An owner's answer stands in both chains; the firm's own copy is shown.
    AuditEvent.action.not_like("dossiers.access\\_%"),
)


def _parts(whose: Whose, papers: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    is_paper = AuditEvent.subject_type.in_(papers)
    nowhere = AuditEvent.dossier_id.is_(None)
    if whose.dossier_id is not None:
        own = sa.or_(AuditEvent.firm_id.is_not(None), _OF_MEMBERS)
        parts = [sa.and_(AuditEvent.dossier_id == whose.dossier_id, own)]
        if whose.company_ids:
            parts.append(sa.and_(AuditEvent.company_id.in_(whose.company_ids), nowhere, is_paper))
        return parts
    mine = _by(whose.reader)
    if whose.firm_id is None:
        told = sa.or_(*(AuditEvent.action.startswith(action) for action in whose.actions))
        return [
            sa.and_(
                AuditEvent.company_id.in_(whose.company_ids),
                mine if whose.own else sa.or_(told, sa.and_(mine, AuditEvent.action.startswith("accounts."))),
            )
        ]
    dossiers, companies = _seen(whose.manager_id)
    seen = sa.or_(
        AuditEvent.dossier_id.in_(dossiers), sa.and_(nowhere, is_paper, AuditEvent.company_id.in_(companies))
    )
    return [
        sa.and_(AuditEvent.firm_id == whose.firm_id, sa.true() if whose.everything else sa.or_(seen, mine))
    ]


def _seen(manager_id: UUID | None) -> tuple[sa.Select[UUID], sa.Select[UUID]]:
    """The dossiers of the firm that a reader sees, and the companies of the open ones."""
    theirs = sa.true() if manager_id is None else Dossier.id.in_(managed_by(manager_id))
    return (
        sa.select(Dossier.id).where(theirs),
        sa.select(Dossier.company_id).where(theirs, Dossier.access.in_(OPEN_ACCESS)),
    )


def _by(person_id: UUID | None) -> sa.ColumnElement[bool]:
    """What a person did, and what was done on their behalf."""
    if person_id is None:
        return sa.false()
    wanted = str(person_id)
    return sa.or_(
        AuditEvent.actor["person_id"].astext == wanted,
        AuditEvent.actor["on_behalf_of", "person_id"].astext == wanted,
    )


def _filters(query: HistoryQuery) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if query.subject_id is not None:
        where.append(AuditEvent.subject_id == query.subject_id)
    if query.person_id is not None:
        where.append(_by(query.person_id))
    if query.actions:
        where.append(sa.or_(*(AuditEvent.action.startswith(action) for action in query.actions)))
    if query.since is not None:
        where.append(AuditEvent.at >= query.since)
    if query.until is not None:
        where.append(AuditEvent.at < query.until)
    if query.search:
        meant = sa.select(DossierItem.document_id).where(
            sa.or_(
                holding(DossierItem.number, query.search),
                called(query.search, fold_column=DossierItem.fold, name=DossierItem.counterparty),
            )
        )
        gone = sa.exists().where(
            Erasure.state == ErasureState.CONFIRMED,
            sa.or_(
                Erasure.subjects.contains(array([AuditEvent.subject_id])),
                AuditEvent.data["item_ids"].has_any(sa.cast(Erasure.subjects, ARRAY(sa.Text()))),
            ),
        )
        where.append(~gone)
        where.append(
            sa.or_(
                holding(AuditEvent.data["what"].astext, query.search),
                holding(
                    AuditEvent.data["name"].astext, query.search
                ),  # files, as earlier releases wrote them
                holding(AuditEvent.data["number"].astext, query.search),
                AuditEvent.subject_id.in_(meant),
            )
        )
    return where
