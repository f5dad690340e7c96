"""Which VAT regime holds for a dossier from which day."""

from collections.abc import Collection, Iterable
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import insert_rows, one_of
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.vat import RegimeFrom
from portal.features.dossiers.models import Dossier, DossierVatRegime
from portal.kernel.ids import new_id


async def regimes(
    session: ReadSession, dossier_ids: Collection[UUID] | None = None
) -> dict[UUID, list[RegimeFrom]]:
    """The regimes of some dossiers, or of all that the session sees, each dossier's oldest first."""
    row = DossierVatRegime
    statement = sa.select(row.dossier_id, row.valid_from, row.regime).order_by(row.dossier_id, row.valid_from)
    if dossier_ids is not None:
        statement = statement.where(one_of(row.dossier_id, dossier_ids))
    found: dict[UUID, list[RegimeFrom]] = {}
    for dossier_id, valid_from, regime in await session.execute(statement):
        found.setdefault(dossier_id, []).append(RegimeFrom(valid_from, regime))
    return found


async def add_regimes(
    session: WriteSession, firm_id: UUID, regimes: Iterable[tuple[UUID, RegimeFrom]]
) -> None:
    """Write regimes of dossiers that are in the database, each with the dossier's id; none of these days has one yet."""
    rows = [
        {"id": new_id(), "dossier_id": dossier_id, "regime": one.regime, "valid_from": one.valid_from}
        for dossier_id, one in regimes
    ]
    await insert_rows(session, DossierVatRegime, rows, {"firm_id": firm_id})


async def replace_regimes(session: WriteSession, dossier: Dossier, regimes: Iterable[RegimeFrom]) -> None:
    """Let a dossier have these regimes. The caller has taken its row."""
    await session.execute(
        sa.delete(DossierVatRegime).where(
            DossierVatRegime.firm_id == dossier.firm_id, DossierVatRegime.dossier_id == dossier.id
        )
    )
    await add_regimes(session, dossier.firm_id, [(dossier.id, one) for one in regimes])
