"""Which VAT regime holds for a dossier from which day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import among, insert_rows
from portal.db.figures import Figure, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier, DossierVatRegime
from portal.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class _From:
    valid_from: date
    regime: VatRegime


def regimes_of(dossier: Dossier) -> Figure[list[RegimeFrom]]:
    """The regimes of a dossier, its oldest first."""
    row = DossierVatRegime
    found = sa.select(row.valid_from, row.regime).where(row.dossier_id == dossier.id).order_by(row.valid_from)
    return few_rows(found, _From).mapped(
        lambda rows: [RegimeFrom(one.valid_from, one.regime) for one in rows]
    )


async def regimes(
    session: ReadSession, dossier_ids: Collection[UUID] | None = None
) -> dict[UUID, list[RegimeFrom]]:
    """The regimes of some dossiers, or of all that the session sees, each dossier's oldest first."""
    row = DossierVatRegime
    statement = sa.select(row.dossier_id, row.valid_from, row.regime).order_by(row.dossier_id, row.valid_from)
    if dossier_ids is not None:
        statement = statement.where(among(row.dossier_id, dossier_ids))
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
