"""A firm whose policy asks for approval of purchases, a claimed company, its people and its papers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.db.session import WriteSession, scope_of
from portal.features.approvals.domain import Decision
from portal.features.approvals.service import decisions
from portal.features.approvals.service.decisions import Decided
from portal.features.audit.models import AuditEvent
from portal.features.documents.domain.documents import StoredFile
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.patch import EntryPatch
from portal.features.documents.domain.totals import Rate
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, lookups
from portal.features.documents.service import changes as documents_changes
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.items.models import DossierItem
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Actor, Role
from portal.kernel.kinds import Kind
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, opened
from tests.support.builders_papers import a_pdf
from tests.support.entries import patch_of
from tests.support.world import World

US = "0999888767"


def an_entry(number: str, **changes: object) -> EntryPatch:
    values: dict[str, object] = {
        "kind": Kind.PURCHASE_INVOICE,
        "number": number,
        "issue_date": date(2026, 10, 12),
        "counterparty_name": "Telecom NV",
        "rates": (Rate(percent=Decimal(21), taxable=Decimal(100), tax=Decimal(21)),),
        **changes,
    }
    return patch_of(Entry(**values))  # type: ignore[arg-type] - a test names the fields it means


class Scene:
    """Who and what the tests of approvals are about."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def set(self) -> "Scene":
        world = self.world
        self.firm = await a_firm(world)
        async with world.as_system() as session:
            await session.execute(
                sa.update(ExportPolicy).values(needs_approval=True, approval_kinds=["purchase_invoice"])
            )
        self.company = await a_company(world, self.firm, number=US, claimed=True)
        self.accountant = await a_staff_member(world, self.firm, Role.ACCOUNTANT, name="Els Accountant")
        self.dossier = await a_dossier(
            world, self.firm, self.company, access=Access.GRANTED, manager_id=self.accountant.person_id
        )
        self.bert = await a_member(world, self.firm, self.company.id)
        self.approver = await a_member(world, self.firm, self.company.id, Role.APPROVER)
        return self

    @asynccontextmanager
    async def member(self, actor: Actor | None = None) -> AsyncIterator[WriteSession]:
        """A transaction of a member of the company."""
        scope = scope_of(actor or self.bert)
        async with self.world.tools.database.transaction(scope) as session:
            yield session

    @asynccontextmanager
    async def office(self) -> AsyncIterator[WriteSession]:
        """A transaction of the firm with the dossier open."""
        async with self.world.tools.database.transaction(opened(self.firm, self.dossier)) as session:
            yield session

    async def paper(self, number: str, **changes: object) -> Document:
        """A document typed from a PDF: a purchase of 121.00 unless told otherwise."""
        data = a_pdf(number)
        stored = await self.world.tools.store.put(self.company.id, data, media_type="application/pdf")
        file = StoredFile(
            sha256=stored.sha256, size=stored.size, name=f"{number}.pdf", media_type="application/pdf"
        )
        async with self.office() as session:
            taken = await arrivals.enter(
                session,
                self.accountant,
                self.company.id,
                an_entry(number, **changes),
                file,
                us=f"BE:{US}",
            )
        await self.world.run_jobs()
        return taken.document

    async def amend(self, document: Document, **changes: object) -> Document:
        """The document becomes another version; the items follow."""
        async with self.office() as session:
            now = await lookups.document(session, self.accountant, self.company.id, document.id)
            new = await documents_changes.amend(
                session, self.accountant, now, an_entry(document.number, **changes), us=f"BE:{US}"
            )
        await self.world.run_jobs()
        return new

    async def decide(
        self,
        document: Document,
        decision: Decision = Decision.APPROVED,
        reason: str = "",
        *,
        actor: Actor | None = None,
        version: int | None = None,
    ) -> Decided:
        """One decision, in a transaction of its own, a second after whatever was before."""
        self.world.clock.at += timedelta(seconds=1)
        who = actor or self.bert
        async with self.member(who) as session:
            return await decisions.decide(
                session, who, document.id, version or document.version, decision, reason
            )

    async def item(self, document_id: UUID) -> DossierItem:
        async with self.world.as_system() as session:
            found = await session.scalar(sa.select(DossierItem).where(DossierItem.document_id == document_id))
        assert found is not None
        return found

    async def set_item(self, document_id: UUID, **values: object) -> None:
        async with self.world.as_system() as session:
            await session.execute(
                sa.update(DossierItem).where(DossierItem.document_id == document_id).values(**values)
            )

    async def dossier_now(self) -> Dossier:
        async with self.world.as_system() as session:
            found = await session.get(Dossier, self.dossier.id)
        assert found is not None
        return found

    async def audited(self, prefix: str = "approvals.") -> list[AuditEvent]:
        async with self.world.as_system() as session:
            found = await session.scalars(
                sa.select(AuditEvent).where(AuditEvent.action.startswith(prefix)).order_by(AuditEvent.id)
            )
            return list(found)


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()
