"""Search and order: the kinds K05 (in a search), K70, K71 and K72; and what *Search everything* finds and suggests."""

import re
from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.features.items.models import DossierItem
from portal.kernel.names import fold, name_keys
from portal.kernel.searching import amounts_in, found_by, sought
from tests.support.builders import a_company, a_dossier, a_firm, a_staff_member, sign_in
from tests.support.builders_exports import an_invoice
from tests.support.builders_exports import an_office as a_busy_office
from tests.support.builders_papers import a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.cases import case, of_kind
from tests.support.world import World

TITLE = re.compile(r'ui-row-title" href="[^"]*">([^<]*)<')


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def _named(office: Office, *names: str) -> None:
    for turn, name in enumerate(names):
        company = await a_company(office.world, office.firm, name)
        await a_dossier(office.world, office.firm, company, code=f"k{turn}")


@pytest.mark.corpus
async def test_lists_are_in_the_order_of_people(office: Office) -> None:
    assert of_kind("K70")
    text = case("95-sort.txt").read().decode().split("named: ")[1].split(". Look")[0]
    names = [name.strip() for name in text.split("\u00b7")]
    await _named(office, *reversed(names))
    async with sign_in(office.world, office.accountant) as client:
        shown = TITLE.findall((await client.get("/dossiers?sort=name")).text)
    wanted = sorted([*names, "Bakkerij Peeters"], key=lambda name: name_keys(name).sort_key)
    assert [fold(name) for name in shown] == [fold(name) for name in wanted]
    assert [fold(name) for name in shown][:2] == ["angstrom nv", "appel"]
    assert (
        shown.index("\u00c9douard Traiteur")
        < shown.index("Eduard Metaal")
        < shown.index("\u0152uvre Sociale")
        < shown.index("Zorgpunt")
    )


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("edouard", {"\u00c9douard Traiteur"}),
        ("E\u0301DOUARD", {"\u00c9douard Traiteur"}),
        ("ELAN", {"\u00e9lan vital"}),
        ("D'Hondt", {"D\u2019Hondt Elektro", "D'Hondt Bouw"}),
        ("d\u2019hondt", {"D\u2019Hondt Elektro", "D'Hondt Bouw"}),
        ("senol", {"\u015eENOL"}),
        ("oeuvre", {"\u0152uvre Sociale"}),
        ("\u0153uvre  sociale", {"\u0152uvre Sociale"}),
        ("angstrom", {"\u00c5ngstr\u00f6m NV"}),
        ("istanbul", {"\u0130STANBUL", "ISTANBUL Grill"}),
        ("lodz", {"\u0141\u00f3d\u017a Trans"}),
        ("smorrebrod", {"Sm\u00f8rrebr\u00f8d"}),
    ],
)
async def test_names_are_found_however_they_are_written(office: Office, typed: str, names: set[str]) -> None:
    assert of_kind("K71")
    assert "oeuvre" in case("94-search.txt").read().decode()
    every = [
        "\u00c9douard Traiteur",
        "D\u2019Hondt Elektro",
        "D'Hondt Bouw",
        "\u015eENOL",
        "\u0152uvre Sociale",
    ]
    every += [
        "\u00c5ngstr\u00f6m NV",
        "\u00e9lan vital",
        "\u0130STANBUL",
        "ISTANBUL Grill",
        "\u0141\u00f3d\u017a Trans",
        "Sm\u00f8rrebr\u00f8d",
    ]
    await _named(office, *every)
    async with sign_in(office.world, office.accountant) as client:
        for path in ("/dossiers", "/search"):
            found = TITLE.findall((await client.get(path, params={"q": typed})).text)
            assert {name.replace("&#39;", "'") for name in found} == names, path


@pytest.mark.corpus
@pytest.mark.parametrize(
    "typed",
    [
        "BE0999700113",
        "BE 0999 700 113",
        "999700113",
        "0999.700.113",
        "BTW BE 0999.700.113",
        "\u200b0999\u2011700\u2011113",
        "\uff10\uff19\uff19\uff19700113",
        "0999.700",
    ],
)
async def test_a_vat_number_is_found_in_every_spelling(office: Office, typed: str) -> None:
    assert of_kind("K72")
    assert of_kind("K05")
    world = office.world
    there = await a_dossier(
        world, office.firm, await a_company(world, office.firm, "Nummer", "0999700113"), code="n"
    )
    await _named(office, "Ander")
    document = await office.purchase(supplier="0999700113", supplier_name="Leverancier")
    async with sign_in(world, office.accountant) as client:
        listed = await client.get("/dossiers", params={"q": typed})
        found = await client.get("/search", params={"q": typed})
        typing = await client.get("/search/suggestions", params={"q": typed})
        papers = await client.get(f"{office.base}/documents", params={"q": typed})
        exports = await client.get("/exports", params={"q": typed})
    assert TITLE.findall(listed.text) == ["Nummer"]
    for page in (found, typing):
        assert str(there.id) in page.text
        assert str(document.id) in page.text, "the supplier's number"
    assert str(document.id) in papers.text
    assert exports.status_code == 200


@pytest.mark.parametrize(
    "typed", ["1234,50", "1.234,50", "1234.50", "1,234.50", "\u20ac 1234,50", "1 234,50 EUR", "-1234,50"]
)
async def test_an_amount_is_found_as_it_is_typed(office: Office, typed: str) -> None:
    world = office.world
    document = await office.purchase("A-1", net="1020.25", tax="214.25")
    other = await office.purchase("A-2", net="1020.26", tax="214.25")
    async with sign_in(world, office.accountant) as client:
        for path in ("/search", "/search/suggestions", f"{office.base}/documents"):
            page = (await client.get(path, params={"q": typed})).text
            assert str(document.id) in page, path
            assert str(other.id) not in page, path


@pytest.mark.parametrize("typed", ["Caf\u00e9_bon", "cafe bon", "CAFE-BON", "bon.xml"])
async def test_a_document_is_found_by_the_name_of_its_file(office: Office, typed: str) -> None:
    upload = await office.hand_in({"Caf\u00e9_bon.xml": a_ubl(customer=US, number="N-1")})
    document = upload.outcomes[0].document
    assert document is not None
    async with sign_in(office.world, office.accountant) as client:
        assert str(document.id) in (await client.get("/search", params={"q": typed})).text
        assert str(document.id) not in (await client.get("/search", params={"q": "bonbon"})).text


async def test_a_document_is_found_by_why_it_was_rejected(office: Office) -> None:
    document = await office.purchase("R-1")
    async with office.world.as_system() as session:
        await session.execute(
            sa.update(DossierItem)
            .where(DossierItem.document_id == document.id)
            .values(approval_reason="Dit is niet d\u2019onze: priv\u00e9-aankoop")
        )
    async with sign_in(office.world, office.accountant) as client:
        for typed in ("prive aankoop", "d'onze", "PRIV\u00c9"):
            assert str(document.id) in (await client.get("/search", params={"q": typed})).text


async def test_nothing_of_another_office_is_found_or_suggested(world: World) -> None:
    ours = await a_busy_office(world)
    item = await an_invoice(world, ours, "GEHEIM-77", date(2026, 10, 6))
    await a_firm(world, "zuid", "Kantoor Zuid")
    theirs = await a_firm(world, "oost", "Kantoor Oost")
    stranger = await a_staff_member(world, theirs)
    async with sign_in(world, stranger, "oost.localhost") as client:
        for typed in ("GEHEIM-77", "GEHEIM", f"{item.gross}", "Molens", "0999", "Bloem", "xml"):
            for path in ("/search", "/search/suggestions"):
                page = await client.get(path, params={"q": typed})
                assert page.status_code == 200
                assert str(item.document_id) not in page.text
                assert str(item.dossier_id) not in page.text


async def test_suggestions_are_few_and_need_two_characters(office: Office) -> None:
    await _named(office, *(f"Zaak {one}" for one in range(9)))
    for one in range(9):
        await office.purchase(f"Z-{one}", supplier_name="Zaak leverancier")
    async with sign_in(office.world, office.accountant) as client:
        nothing = await client.get("/search/suggestions?q=z")
        some = await client.get("/search/suggestions?q=zaak")
        page = await client.get("/")
    assert 'role="option"' not in nothing.text
    assert some.text.count('role="option"') == 4 + 6 + 1
    assert "<html" not in some.text
    assert 'hx-get="/search/suggestions"' in page.text
    async with sign_in(office.world, office.entrepreneur) as client:
        assert (await client.get("/search/suggestions?q=zaak")).status_code in (403, 404)


async def test_the_database_folds_latin_texts_as_we_do(world: World) -> None:
    """What is found in a folded name by us is found in a note by the database."""
    signs = [chr(code) for code in range(0x20, 0x250) if code not in (0x7F, 0xAD) and not 0x80 <= code < 0xA0]
    texts = [f"x{sign}x" for sign in signs if unfolded(sign)]
    given_texts = (
        sa.func.unnest(sa.cast(texts, sa.ARRAY(sa.Text())))
        .table_valued(sa.column("said", sa.Text()))
        .render_derived()
    )
    async with world.as_system() as session:
        found = await session.execute(sa.select(given_texts.c.said, sa.func.folded(given_texts.c.said)))
    assert [(said, there) for said, there in found if there != fold(said)] == []


def unfolded(sign: str) -> bool:
    """Signs that stand for several with a space between them are nothing that names have."""
    return " " not in fold(f"x{sign}x") or len(fold(f"x{sign}x")) == 3


@given(st.text(max_size=120))
def test_any_text_may_be_looked_for(text: str) -> None:
    wanted = sought(text)
    assert len(wanted.text) <= 100
    assert all(abs(amount) < 10**12 for amount in wanted.amounts)


def test_a_typed_text_is_read_in_every_way_it_may_be_meant() -> None:
    assert sought("BE 0999.700.113").company == "be0999700113"
    assert sought("BE 0999.7").digits == "09997"
    assert sought("Facturen van Jan").number == ""
    assert {str(one) for one in amounts_in("1.234")} == {"1234.00", "-1234.00", "1.23", "-1.23"}
    assert "fr404833048" in found_by(["Facture_1.pdf"], "FR", "83404833048").split()
    assert "fr83404833048" in found_by(["Facture_1.pdf"], "FR", "83404833048").split()
