"""Whether the keys beside names say what the one function says."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from portal.db.base import Base
from portal.db.names import Keyed


def keyed_models() -> list[type[Any]]:
    """Every model with keys beside a name."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Keyed)]
    return sorted(found, key=lambda model: model.__tablename__)


async def wrong_keys(session: AsyncSession | AsyncConnection) -> list[tuple[str, str, str, str]]:
    """Table, name, column and value of every key that is not the name's."""
    wrong: list[tuple[str, str, str, str]] = []
    for model in keyed_models():
        table = model.__table__
        for row in await session.execute(sa.select(table)):
            name = getattr(row, model.named_by)
            wrong += [
                (table.name, name, key, getattr(row, key))
                for key, value in model.keys_of(name).items()
                if getattr(row, key) != value
            ]
    return wrong
