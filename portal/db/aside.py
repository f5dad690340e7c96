"""Putting rows aside: the three columns of whatever may be put aside, and the statements that write them. `model` is a table that has them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.db.session import WriteSession


async def put_aside(
    session: WriteSession, model: Any, row_id: UUID, *, at: datetime, reason: str, by: str
) -> bool:
    """Mark a row; False when it is put aside already, or gone."""
    done = await session.scalar(
        sa.update(model)
        .where(model.id == row_id, model.aside_at.is_(None))
        .values(aside_at=at, aside_reason=reason, aside_by=by)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return done is not None


async def bring_back(session: WriteSession, model: Any, row_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    statement = (
        sa.update(model)
        .where(model.id == row_id, model.aside_at.is_not(None))
        .values(aside_at=None, aside_reason=None, aside_by=None)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    try:
        async with session.begin_nested():
            return await session.scalar(statement) is not None
    except IntegrityError:
        return None


async def is_aside(session: WriteSession, model: Any, row_id: UUID) -> bool | None:
    """Whether a row is put aside at this moment, the row taken; None when it is gone."""
    found = await session.execute(
        sa.select(model.aside_at).where(model.id == row_id).with_for_update(key_share=True)
    )
    row = found.first()
    return None if row is None else row.aside_at is not None
