"""What came before documents were judged is judged once, also what is locked; a UBL that was typed over has pages too."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.documents.repository import judgements as judgements_repository
from portal.features.documents.service.late_judgements import BATCH
from portal.storage import StorageUnavailable
from portal.storage.stores import Store
from tests.slices.records.test_pages import waiting
from tests.support.builders import sign_in
from tests.support.builders_papers import a_ubl
from tests.support.builders_scene import US, an_office
from tests.support.world import World


async def test_documents_of_an_earlier_release_are_judged_once_in_batches_also_locked_ones(
    world: World,
) -> None:
    office = await an_office(world)
    odd = a_ubl(customer=US).replace(
        b'PayableAmount currencyID="EUR">121.00', b'PayableAmount currencyID="EUR">999.99'
    )
    many = {
        f"{place}.xml": odd.replace(b"<cbc:ID>7205519", f"<cbc:ID>{place}".encode())
        for place in range(BATCH + 3)
    }
    await office.hand_in(many)
    await office.export()
    async with world.as_system() as session:
        await session.execute(sa.update(Document).values(findings=[], judged=False))
    await world.sweep()
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(Document)))
    assert len(rows) == BATCH + 3
    assert all(row.judged and "BR-CO-16" in [one["code"] for one in row.findings] for row in rows)
    async with world.as_system() as session:
        assert not await judgements_repository.companies_unjudged(session, 10)


async def test_one_document_that_cannot_be_judged_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that says nonsense has no findings; one whose file is out of reach while others are not waits by itself."""
    office = await an_office(world)
    odd, away, good = [await office.purchase(f"2026-{place}") for place in range(3)]
    async with world.as_system() as session:
        await session.execute(sa.update(Document).values(findings=[], judged=False))
        await session.execute(
            sa.update(Document)
            .where(Document.id == odd.id)
            .values(ubl_sha256=None, tax_subtotals=[{"percent": "a lot"}])
        )
    get = Store.get

    async def unlucky(self: Store, namespace: UUID, sha256: str) -> bytes:
        if sha256 == away.ubl_sha256:
            raise StorageUnavailable
        return await get(self, namespace, sha256)

    monkeypatch.setattr(Store, "get", unlucky)
    await world.sweep()
    async with world.as_system() as session:
        assert set(await session.scalars(sa.select(Document.id).where(Document.judged))) == {odd.id, good.id}
    monkeypatch.undo()
    world.clock.at += timedelta(minutes=1)
    await world.run_jobs()
    async with world.as_system() as session:
        assert not await judgements_repository.companies_unjudged(session, 10)


async def test_a_ubl_that_was_typed_over_is_drawn_where_its_own_pdf_does_not_open(world: World) -> None:
    office = await an_office(world)
    for number, pdf in (("1", b"%PDF-1.4 broken"), ("2", None)):
        data = a_ubl(customer=US, number=number, pdf=pdf)
        await office.hand_in(
            {f"{number}.xml": data.replace(b"DocumentCurrencyCode>EUR", b"DocumentCurrencyCode>XXX")}
        )
        async with sign_in(world, office.accountant) as client:
            entry = {
                "kind": "purchase_invoice",
                "number": number,
                "issue_date": "2026-10-30",
                "counterparty_name": "Telecom NV",
                "currency": "EUR",
                "total": "121,00",
                "vat": "21",
            }
            answer = await client.post(await waiting(client, f"{office.base}/quick-entry"), data=entry)
            assert answer.status_code == 303, answer.text
        world.clock.at += timedelta(minutes=1)
        await world.sweep()
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(Document).order_by(Document.number)))
    assert [row.pdf_origin for row in rows] == ["redrawn", "derived"]
