"""Papers of every kind from quick entry to the bundle: typed, listed, asked about, filed."""

import zipfile
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from exports import bundle
from portal.features.documents.models import Document
from portal.features.items.models import DossierItem
from portal.kernel.kinds import DOCUMENTS, KIND_NAMES, PAPERS, Kind
from portal.kernel.language import Language, capitalised, use_language
from tests.slices.records.test_pages import waiting
from tests.support.builders import a_member, sign_in
from tests.support.builders_exports import an_office, exports_of, press_export
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.world import World

NEW = (Kind.DAILY_RECEIPTS, Kind.PAYROLL, Kind.TAX_LETTER, Kind.CONTRACT)


async def test_new_kinds_are_typed_listed_and_leave_in_the_folder_of_other_papers(world: World) -> None:
    office = await an_office(world)
    intake = f"/dossiers/{office.dossier.id}/quick-entry"
    async with sign_in(world, office.owner, office.host) as client:
        for kind in NEW:
            await hand_in(world, office.owner, {f"{kind}.pdf": a_pdf(kind)}, office.dossier.id)
            path = await waiting(client, intake)
            page = await client.get(path)
            for known in DOCUMENTS:
                assert f'<option value="{known}">{capitalised(KIND_NAMES[known])}' in page.text
            typed = {"kind": kind, "issue_date": "2026-10-12", "counterparty_name": "Sociaal secretariaat"}
            if kind not in PAPERS:
                assert (await client.post(path, data=typed)).status_code == 422, "what was taken in is booked"
                typed |= {"total": "1.210,00", "vat": "21"}
            answer = await client.post(path, data=typed)
            assert answer.status_code == 303, answer.text
        await world.run_jobs()
        listed = await client.get(f"/dossiers/{office.dossier.id}/documents?kind=contract&kind=payroll")
        assert "Contract" in listed.text
        async with world.as_system() as session:
            documents = list(await session.scalars(sa.select(Document)))
            items = list(await session.scalars(sa.select(DossierItem)))
        found = {one.kind: (one.issuer, one.gross) for one in documents}
        assert found.pop(Kind.DAILY_RECEIPTS) == ("us", 1210)
        assert set(found.values()) == {("counterparty", 0)}
        assert {item.kind for item in items} == set(NEW)
        for document in documents:
            page = await client.get(f"/dossiers/{office.dossier.id}/documents/{document.id}")
            assert page.status_code == 200
            assert ("Customer" in page.text) is (document.kind is Kind.DAILY_RECEIPTS)
        assert (await press_export(client, office)).status_code == 303
    await world.run_jobs()
    (export,) = await exports_of(world, office.dossier)
    assert export.sha256 is not None
    data = await world.tools.store.get(export.firm_id, export.sha256)
    assert not bundle.verify(BytesIO(data))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        manifest = bundle.read_manifest(archive.read("manifest.json"))
    assert {entry.kind.value for entry in manifest.items} == {kind.value for kind in NEW}
    folders = {file.path.rpartition("/")[0] for entry in manifest.items for file in entry.files}
    assert folders == {"Demat/Andere"}


async def test_a_policy_asks_about_the_kinds_that_were_chosen(world: World) -> None:
    office = await an_office(world)
    await a_member(world, office.firm, office.dossier.company_id)
    policy = f"/dossiers/{office.dossier.id}/policy"
    form = {"cadence": "never", "needs_approval": "yes", "layout": "generic", "approval_kinds": ["contract"]}
    intake = f"/dossiers/{office.dossier.id}/quick-entry"
    async with sign_in(world, office.owner, office.host) as client:
        assert 'value="tax_letter"' in (await client.get(policy)).text
        assert (await client.post(policy, data=form)).status_code == 303
        for kind in (Kind.CONTRACT, Kind.PAYROLL):
            await hand_in(world, office.owner, {f"{kind}.pdf": a_pdf(kind)}, office.dossier.id)
            typed = {"kind": kind, "issue_date": "2026-10-12", "counterparty_name": "Sociaal secretariaat"}
            assert (await client.post(await waiting(client, intake), data=typed)).status_code == 303
    await world.run_jobs()
    async with world.as_system() as session:
        states = {item.kind: item.state for item in await session.scalars(sa.select(DossierItem))}
    assert states == {Kind.CONTRACT: "waiting", Kind.PAYROLL: "ready"}


@pytest.mark.parametrize("language", list(Language))
async def test_the_mail_has_words_for_any_number_of_every_kind(world: World, language: Language) -> None:
    with use_language(language):
        module: Any = world.tools.templates.get_template("mail/papers.txt").module
        said = {kind: str(module.counted(kind.value, 2)) for kind in DOCUMENTS}
    assert len(set(said.values())) == len(DOCUMENTS)
    assert all("2" in text for text in said.values())
