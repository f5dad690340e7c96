"""A small office with one client, as most tests of papers need it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import Scope
from portal.features.documents.models import Document
from portal.features.documents.service import locks
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.intake.service.lookups import Upload
from portal.features.items.domain import ItemState
from portal.features.items.service import moves
from portal.features.parties.models import Company, Firm
from portal.kernel.actor import Actor, Role
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, opened
from tests.support.builders_papers import a_ubl, hand_in
from tests.support.world import World

US = "0999888767"


@dataclass(slots=True)
class Office:
    """A firm, its accountant, the dossier on company 0999.888.767, and that company's entrepreneur."""

    world: World
    firm: Firm
    company: Company
    dossier: Dossier
    accountant: Actor
    entrepreneur: Actor

    @property
    def opened(self) -> Scope:
        """The firm's scope with the dossier open."""
        return opened(self.firm, self.dossier)

    @property
    def base(self) -> str:
        """What the dossier's paths begin with."""
        return f"/dossiers/{self.dossier.id}"

    async def hand_in(self, files: dict[str, bytes]) -> Upload:
        """The accountant hands files in, and the worker looks at them."""
        return await hand_in(self.world, self.accountant, files, self.dossier.id)

    async def purchase(self, number: str = "7205519", **more: Any) -> Document:
        """A purchase from a UBL."""
        upload = await self.hand_in({f"{number}.xml": a_ubl(customer=US, number=number, **more)})
        document = upload.outcomes[0].document
        assert document is not None
        return document

    async def export(self, number: int = 1, *, locked: bool = True) -> UUID:
        """What an export does to items and locks, without making a bundle."""
        export_id = new_id()
        async with self.world.tools.database.transaction(self.opened) as session:
            found = await moves.candidates(session, self.dossier.id, lock=True)
            chosen = [item for item in found if item.state is not ItemState.RESERVED]
            await moves.reserve(session, [item.id for item in chosen], export_id)
            await locks.lock_for_export(session, self.accountant, chosen, number)
            held = await moves.lock_reserved(session, export_id)
            await moves.bundle(session, export_id, number, locked=locked)
            settle = locks.keep_export_locks if locked else locks.release_export_locks
            await settle(session, held)
        return export_id

    async def count(self, table: type) -> int:
        """Rows of a table."""
        async with self.world.as_system() as session:
            return await session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def an_office(world: World) -> Office:
    """The office on noordzee.localhost."""
    firm = await a_firm(world)
    company = await a_company(world, firm, number=US, claimed=True)
    dossier = await a_dossier(world, firm, company, access=Access.GRANTED)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    entrepreneur = await a_member(world, firm, company.id)
    return Office(world, firm, company, dossier, accountant, entrepreneur)
