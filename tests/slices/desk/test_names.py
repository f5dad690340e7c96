"""Names are found however they are written, lists sort them as people do, and their keys follow them everywhere."""

import re

import pytest
import sqlalchemy as sa

from portal.features.documents.domain.documents import DocumentQuery
from portal.features.documents.models import Document
from portal.features.dossiers.domain import queries
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.items.models import DossierItem
from portal.features.parties.models import Company
from portal.features.records.service import details
from tests.support.builders import a_company, a_dossier, sign_in
from tests.support.builders_papers import a_coda
from tests.support.builders_scene import Office, an_office
from tests.support.erasing import erase, finish
from tests.support.names import keyed_models, wrong_keys
from tests.support.world import World

NAME = "Café Müller \u2013 d\u2019Or"
TYPED = ["café", "CAFE", "müller", "Muller", "uller d'o", "\u201cOr\u201d"]


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


@pytest.mark.parametrize("text", [*TYPED, "  "])
async def test_dossiers_and_papers_are_found_however_their_name_is_written(office: Office, text: str) -> None:
    world = office.world
    there = await a_dossier(world, office.firm, await a_company(world, office.firm, NAME), code="02")
    await a_dossier(world, office.firm, await a_company(world, office.firm, "Cappuccino"), code="03")
    document = await office.purchase(supplier_name=NAME)
    async with sign_in(world, office.accountant) as client:
        for path in ("/dossiers", "/search", "/exports", "/history"):
            assert (await client.get(path, params={"q": text})).status_code == 200
        listed = await client.get("/dossiers", params={"q": text})
        assert str(there.id) in listed.text
        assert ("Cappuccino" in listed.text) is (not text.strip())
        found = await client.get("/search", params={"q": text})
        papers = await client.get(f"{office.base}/documents", params={"q": text})
    assert (str(there.id) in found.text) is (str(document.id) in found.text) is bool(text.strip())
    assert str(document.id) in papers.text


async def test_a_text_of_signs_is_looked_for_as_it_stands(office: Office) -> None:
    world = office.world
    for code, name in (("02", "A-Z"), ("03", "AZ")):
        await a_dossier(world, office.firm, await a_company(world, office.firm, name), code=code)
    async with sign_in(world, office.accountant) as client:
        found = re.findall(
            r'ui-row-title" href="/dossiers/[^"]*">([^<]*)<', (await client.get("/dossiers?q=-")).text
        )
    assert found == ["A-Z"]


async def test_lists_walk_through_names_page_by_page_in_the_order_of_people(office: Office) -> None:
    world = office.world
    names = ["2 Rue", "10 Rue", "apotheek", "Ébène", "Zaal 3", "Zaal 12", "zebra", "\u2019"]
    for turn, name in enumerate(reversed(names)):
        await a_dossier(world, office.firm, await a_company(world, office.firm, name), code=f"c{turn}")
    async with world.as_scope(firm_id=office.firm.id) as session:
        seen: list[str] = []
        cursor: str | None = None
        while True:
            query = queries.DossierQuery(cursor=cursor)
            page = await dossiers_repository.page(session, office.accountant, query, size=2)
            seen += [one.name for one in page.rows]
            cursor = page.next
            if cursor is None:
                break
    assert seen == ["\u2019", *names[:3], "Bakkerij Peeters", *names[3:-1]]


async def test_papers_sort_by_their_counterparty(office: Office) -> None:
    for number, name in enumerate(("Zaal 12", "Ébène", "Zaal 3", "eben")):
        await office.purchase(f"F-{number}", supplier_name=name)
    async with office.world.tools.database.transaction(office.opened) as session:
        query = DocumentQuery(dossier_id=office.dossier.id, sort="counterparty", descending=False)
        page = await details.listed(session, office.accountant, office.company.id, query)
    assert [one.document.counterparty_name for one in page.rows][2:] == ["Zaal 3", "Zaal 12"]


async def test_keys_follow_their_names_through_every_door_and_go_with_what_is_erased(office: Office) -> None:
    world = office.world
    document = await office.purchase(supplier_name=NAME)
    await office.hand_in({"a.cod": a_coda()})
    path = f"{office.base}/documents/{document.id}"
    async with sign_in(world, office.accountant) as client:
        form = {"name": "Brûlée 9", "language": "nl", "vat_regime": "quarterly", "code": "7"}
        assert (await client.post(f"{office.base}/edit", data=form)).status_code == 303
        assert (
            await client.post("/dossiers", data={**form, "name": "Ørsted 10", "code": "8"})
        ).status_code == 303
    await world.run_jobs()
    async with world.as_system() as session:
        assert await wrong_keys(session) == []
        for model in keyed_models():
            assert await session.scalar(sa.select(sa.func.count()).select_from(model)), model
        assert (
            await session.scalar(sa.select(Dossier.sort_key).where(Dossier.code == "7"))
            == "brulee 000000000009"
        )
        assert await session.scalar(sa.select(Company.sort_key).where(Company.number.is_(None)))
    await erase(office, path)
    await finish(world)
    async with world.as_system() as session:
        assert await wrong_keys(session) == []
        gone = await session.get_one(Document, document.id)
        assert (gone.counterparty_name, gone.sort_key, gone.fold) == ("", "", "")
        assert "cafe muller d or" not in set(await session.scalars(sa.select(DossierItem.fold)))
