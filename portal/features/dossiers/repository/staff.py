"""Who of the office has which part in which dossier."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import insert_rows
from portal.db.figures import Figure, few_rows
from portal.db.session import WriteSession
from portal.features.accounts.models import Person
from portal.features.dossiers.domain.staff import Managed, StaffRole
from portal.features.dossiers.models import Dossier, DossierStaff
from portal.kernel.ids import new_id


def begin_manager(session: WriteSession, dossier: Dossier, person_id: UUID, since: date) -> None:
    """Write who manages a dossier from a day on. Nobody does until then, and the dossier is in the database already."""
    session.add(
        DossierStaff(
            firm_id=dossier.firm_id,
            dossier_id=dossier.id,
            person_id=person_id,
            role=StaffRole.MANAGER,
            since=since,
            until=None,
        )
    )
    dossier.manager_id = person_id


async def begin_managers(
    session: WriteSession, firm_id: UUID, managers: Sequence[tuple[UUID, UUID]], since: date
) -> None:
    """Write who manages new dossiers from a day on, as `begin_manager`: the dossier and the person."""
    rows = [
        {"id": new_id(), "dossier_id": dossier_id, "person_id": person_id}
        for dossier_id, person_id in managers
    ]
    same = {"firm_id": firm_id, "role": StaffRole.MANAGER, "since": since, "until": None}
    await insert_rows(session, DossierStaff, rows, same)


async def set_manager(session: WriteSession, dossier: Dossier, person_id: UUID | None, day: date) -> None:
    """End the present manager of a dossier, and begin another, or (None) nobody. The caller has taken the dossier's row."""
    await session.execute(
        sa.update(DossierStaff)
        .where(
            DossierStaff.firm_id == dossier.firm_id,
            DossierStaff.dossier_id == dossier.id,
            DossierStaff.role == StaffRole.MANAGER,
            DossierStaff.until.is_(None),
        )
        .values(until=sa.func.greatest(DossierStaff.since, day))
    )
    dossier.manager_id = None
    if person_id is not None:
        begin_manager(session, dossier, person_id, day)
        await session.flush()


def managers_of(dossier: Dossier) -> Figure[list[Managed]]:
    """Everybody who manages or managed a dossier, the latest first."""
    row = DossierStaff
    found = (
        sa.select(sa.func.coalesce(Person.name, "").label("name"), row.since, row.until)
        .outerjoin(Person, Person.id == row.person_id)
        .where(
            row.firm_id == dossier.firm_id,
            row.dossier_id == dossier.id,
            row.role == StaffRole.MANAGER,
        )
        .order_by(row.since.desc(), row.until.desc().nulls_first(), row.id.desc())
    )
    return few_rows(found, Managed)
