"""Papers that may be exported: invoices, statements and typed papers, taken in through the slices' own services."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from exports import coda, ubl
from portal.db.figures import figures
from portal.db.session import ReadSession
from portal.demo.companies import BAKKERIJ, HOTEL, MOLENS
from portal.demo.samples import invoice, statement
from portal.features.banking.domain import codas
from portal.features.banking.service import statements as banking
from portal.features.bundles.domain import ExportOptions
from portal.features.bundles.models import Export
from portal.features.bundles.service import selection
from portal.features.bundles.service.selection import Rehearsal
from portal.features.documents.domain.documents import PdfOrigin, StoredFile
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.patch import EntryPatch
from portal.features.documents.domain.totals import Rate
from portal.features.documents.service import arrivals
from portal.features.dossiers.models import Dossier
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.features.parties.models import Firm
from portal.features.policies import service as policies
from portal.features.policies.models import ExportPolicy
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from portal.kernel.kinds import Kind
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, opened
from tests.support.entries import patch_of
from tests.support.world import World

PAPER = b"%PDF-1.4\n% a paper of our own making\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Office:
    """A firm, its owner, and one dossier."""

    firm: Firm
    owner: Actor
    dossier: Dossier

    @property
    def host(self) -> str:
        return f"{self.firm.slug}.localhost"

    @property
    def export_path(self) -> str:
        return f"/dossiers/{self.dossier.id}/export"


async def an_office(world: World, slug: str = "noordzee", *, code: str | None = "01204") -> Office:
    """A firm (exports by hand, no approval, locks) with an owner and a managed dossier."""
    firm = await a_firm(world, slug, f"Kantoor {slug}")
    return Office(
        firm, await a_staff_member(world, firm, Role.OWNER), await a_dossier(world, firm, code=code)
    )


async def set_policy(world: World, office: Office, **values: Any) -> None:
    """Change the firm's default policy, as it stands in the table; one that asks for approval finds somebody to ask."""
    if values.get("needs_approval"):
        await a_member(world, office.firm, office.dossier.company_id)
    async with world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).where(ExportPolicy.firm_id == office.firm.id).values(**values)
        )


async def stored(world: World, dossier: Dossier, data: bytes, name: str, media_type: str) -> StoredFile:
    """Bytes of the dossier's company in the store."""
    kept = await world.tools.store.put(dossier.company_id, data, media_type=media_type)
    return StoredFile(sha256=kept.sha256, size=kept.size, name=name, media_type=media_type)


async def an_invoice(
    world: World,
    office: Office,
    number: str = "F-1",
    day: date = date(2026, 10, 6),
    *,
    sale: bool = False,
    pdf: bool = False,
    dossier: Dossier | None = None,
) -> DossierItem:
    """A purchase (or a sale) received as UBL, optionally with a loose PDF beside it; gives its item."""
    where = dossier or office.dossier
    seller, buyer = (BAKKERIJ, HOTEL) if sale else (MOLENS, BAKKERIJ)
    made = invoice(seller, buyer, number, day, [("Bloem", "4", "25.00", 6)])
    file = await stored(world, where, ubl.write(made), f"{number}.xml", "application/xml")
    paper = (
        await stored(world, where, PAPER + number.encode(), f"{number}.pdf", "application/pdf")
        if pdf
        else None
    )
    async with world.tools.database.transaction(opened(office.firm, where)) as session:
        taken = await arrivals.ingest_invoice(
            session,
            office.owner,
            where.company_id,
            made,
            file,
            supplier_is_us=sale,
            pdf=paper,
            pdf_origin=PdfOrigin.RECEIVED,
        )
    await world.run_jobs()
    return await item_of(world, where, document_id=taken.document.id)


def an_entry(number: str = "B-1", net: str = "100.00", **changes: Any) -> EntryPatch:
    """What a person types from a paper."""
    values: dict[str, Any] = {
        "kind": Kind.PURCHASE_INVOICE,
        "number": number,
        "issue_date": date(2026, 10, 8),
        "counterparty_name": "Papierhandel",
        "rates": (
            Rate(
                percent=Decimal(21),
                taxable=Decimal(net),
                tax=(Decimal(net) * 21 / 100).quantize(Decimal("0.01")),
            ),
        ),
    }
    return patch_of(Entry(**{**values, **changes}))


async def a_typed_paper(world: World, office: Office, number: str = "B-1") -> DossierItem:
    """A PDF whose figures were typed: the only sort of document whose figures can be amended."""
    where = office.dossier
    file = await stored(world, where, PAPER + number.encode(), f"{number}.pdf", "application/pdf")
    async with world.tools.database.transaction(opened(office.firm, where)) as session:
        taken = await arrivals.enter(
            session, office.owner, where.company_id, an_entry(number), file, us=f"BE:{where.number}"
        )
    await world.run_jobs()
    return await item_of(world, where, document_id=taken.document.id)


async def a_statement(world: World, office: Office, number: int = 45) -> DossierItem:
    """A bank statement received as CODA; gives its item."""
    where = office.dossier
    day = date(2026, 10, 1)
    made = statement(number, "1000.00", day, date(2026, 10, 2), [])
    data = coda.write(coda.File(statements=(made,)))
    read = coda.read(data)
    file = await stored(world, where, data, f"{number}.cod", "text/plain")
    async with world.tools.database.transaction(opened(office.firm, where)) as session:
        taken = await banking.ingest(
            session,
            office.owner,
            where.company_id,
            codas(read, [(file.sha256, file.size)], file.name),
            original_sha256=file.sha256,
            original_name=file.name,
        )
    await world.run_jobs()
    return await item_of(world, where, statement_id=taken[0].statement.id)


async def item_of(
    world: World, dossier: Dossier, *, document_id: UUID | None = None, statement_id: UUID | None = None
) -> DossierItem:
    """The item of a document or statement in a dossier, as it is now."""
    async with world.as_system() as session:
        where = (
            DossierItem.document_id == document_id
            if document_id is not None
            else DossierItem.statement_id == statement_id
        )
        found = await session.scalar(
            sa.select(DossierItem).where(where, DossierItem.dossier_id == dossier.id)
        )
    assert found is not None
    return found


async def again(world: World, row: Any) -> Any:
    """A row as it is now."""
    async with world.as_system() as session:
        return await fresh(session, row)


async def fresh(session: AsyncSession, row: Any) -> Any:
    """The same inside a session at hand."""
    found = await session.get(type(row), row.id, populate_existing=True)
    assert found is not None
    return found


async def exports_of(world: World, dossier: Dossier) -> list[Export]:
    """Every run of a dossier, oldest first."""
    async with world.as_system() as session:
        rows = await session.scalars(
            sa.select(Export).where(Export.dossier_id == dossier.id).order_by(Export.id)
        )
        return list(rows)


async def jobs(world: World, name: str | None = None) -> list[JobRow]:
    """Rows of the ledger, oldest first."""
    async with world.as_system() as session:
        statement = sa.select(JobRow).order_by(JobRow.id)
        if name is not None:
            statement = statement.where(JobRow.name == name)
        return list(await session.scalars(statement))


async def press_export(client: httpx.AsyncClient, office: Office, **form: str) -> httpx.Response:
    """Press the button of the Export page."""
    return await client.post(office.export_path, data=form)


async def rehearsed(session: ReadSession, dossier: Dossier, options: ExportOptions) -> Rehearsal:
    """What an export page would say of a dossier now."""
    asked = await figures(
        session,
        policy=policies.asked_for(dossier.firm_id, dossier.id),
        left=moves.left_before(dossier.id),
    )
    told, _shown = await selection.rehearse(
        session, dossier, options, policy=asked.policy, left=asked.left, together=partial(figures, session)
    )
    return told
