"""Which VAT regime holds for a dossier from which day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier, DossierVatRegime


@dataclass(frozen=True, slots=True)
class _From:
    valid_from: date
    regime: VatRegime


def regimes_of(dossier: Dossier) -> Figure[list[RegimeFrom]]:
    """The regimes of a dossier, its oldest first."""
    row = DossierVatRegime
    found = sa.select(row.valid_from, row.regime).where(row.dossier_id == dossier.id).order_by(row.valid_from)
    return few_rows(found, _From).told_as(
        lambda rows: [RegimeFrom(one.valid_from, one.regime) for one in rows]
    )


async def regimes(session: ReadSession) -> dict[UUID, list[RegimeFrom]]:
    """The regimes of all dossiers that the session sees, each dossier's oldest first."""
    row = DossierVatRegime
    statement = sa.select(row.dossier_id, row.valid_from, row.regime).order_by(row.dossier_id, row.valid_from)
    found: dict[UUID, list[RegimeFrom]] = {}
    for dossier_id, valid_from, regime in await session.execute(statement):
        found.setdefault(dossier_id, []).append(RegimeFrom(valid_from, regime))
    return found


def add_regimes(session: WriteSession, dossier: Dossier, regimes: Iterable[RegimeFrom]) -> None:
    """Write regimes of a dossier that is in the database; none of these days has one yet."""
    for one in regimes:
        session.add(
            DossierVatRegime(
                firm_id=dossier.firm_id,
                dossier_id=dossier.id,
                regime=one.regime,
                valid_from=one.valid_from,
            )
        )


async def replace_regimes(session: WriteSession, dossier: Dossier, regimes: Iterable[RegimeFrom]) -> None:
    """Let a dossier have these regimes. The caller has taken its row."""
    await session.execute(
        sa.delete(DossierVatRegime).where(
            DossierVatRegime.firm_id == dossier.firm_id, DossierVatRegime.dossier_id == dossier.id
        )
    )
    add_regimes(session, dossier, regimes)
    await session.flush()
