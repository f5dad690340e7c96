"""An office with something in every list: papers in every state, exports, an inbox, approvals, notices and an agent."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.features.bundles.models import Export
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Actor
from tests.support.builders import a_dossier, a_member, sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    an_invoice,
    an_office,
    exports_of,
    press_export,
)
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.inbox import dropped
from tests.support.world import World


@dataclass(slots=True)
class Busy:
    """The office, who approves for its client, and one of each thing that has a page."""

    world: World
    office: Office
    approver: Actor
    document_id: UUID
    file_id: UUID
    statement_id: UUID
    export: Export

    @property
    def base(self) -> str:
        """What the dossier's paths begin with."""
        return f"/dossiers/{self.office.dossier.id}"


async def a_busy_office(world: World) -> Busy:
    """One of everything."""
    office = await an_office(world)
    approver = await a_member(world, office.firm, office.dossier.company_id)
    document_id, file_id, statement_id = await one_more(world, office, 1)
    (export,) = await exports_of(world, office.dossier)
    return Busy(world, office, approver, document_id, file_id, statement_id, export)


async def one_more(world: World, office: Office, number: int) -> tuple[UUID, UUID, UUID]:
    """One more of everything that a list shows; gives a document that left, a file in quick entry, and a statement."""
    await _asks_for_approval(world, office, False)
    left = await an_invoice(world, office, f"LEFT-{number}", pdf=True)
    statement = await a_statement(world, office, 2 * number)
    async with sign_in(world, office.owner, office.host) as client:
        assert (await press_export(client, office)).status_code == 303
    await world.run_jobs()
    await an_invoice(world, office, f"READY-{number}", date(2026, 10, 7))
    await a_statement(world, office, 2 * number + 1)
    other = await a_dossier(world, office.firm, code=f"C-{number}", manager_id=office.owner.person_id)
    await an_invoice(world, office, f"OTHER-{number}", date(2026, 10, 9), dossier=other)
    upload = await hand_in(
        world, office.owner, {f"{number}.pdf": a_pdf(f"paper {number}")}, office.dossier.id
    )
    await dropped(world, office.owner, {f"inbox {number}.pdf": a_pdf(f"inbox {number}")})
    await _asks_for_approval(world, office, True)
    await an_invoice(world, office, f"WAITS-{number}", date(2026, 10, 8))
    assert left.document_id is not None
    assert statement.statement_id is not None
    return left.document_id, upload.outcomes[0].file.id, statement.statement_id


async def _asks_for_approval(world: World, office: Office, asks: bool) -> None:
    async with world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).where(ExportPolicy.firm_id == office.firm.id).values(needs_approval=asks)
        )
