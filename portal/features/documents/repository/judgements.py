"""Which documents were judged by nobody yet."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.documents.models import Document

_UNJUDGED = sa.not_(Document.judged)


async def companies_unjudged(session: ReadSession, limit: int) -> Sequence[UUID]:
    """Companies with documents of releases that judged nothing."""
    return (
        await session.scalars(sa.select(Document.company_id).where(_UNJUDGED).distinct().limit(limit))
    ).all()


async def unjudged(session: ReadSession, limit: int) -> Sequence[Document]:
    """Some of the company's, oldest first."""
    return (
        await session.scalars(sa.select(Document).where(_UNJUDGED).order_by(Document.id).limit(limit))
    ).all()


async def write_findings(session: WriteSession, found: Mapping[UUID, list[dict[str, Any]]]) -> None:
    """What was found of each; one that somebody has amended meanwhile has its own already."""
    for document_id, findings in found.items():
        await session.execute(
            sa.update(Document)
            .where(Document.id == document_id, _UNJUDGED)
            .values(findings=findings, judged=True)
        )
