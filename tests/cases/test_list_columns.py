"""Which column of a list is what: headings of the trade, a guess, what somebody says instead, and what is kept of it."""

import csv
import io
import re
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.features.imports.domain.columns import Column, find_columns
from portal.features.imports.domain.headings import WORDS, heading_key, meaning
from portal.features.imports.models import ImportProfile
from tests.support.builders import a_firm, a_number, a_staff_member, sign_in
from tests.support.cases import of_kind
from tests.support.lists import Lists, lists_of, one_of
from tests.support.world import World

pytestmark = pytest.mark.corpus


@pytest.fixture
async def office(world: World) -> AsyncIterator[Lists]:
    """Somebody of an office who brings lists."""
    async with lists_of(world) as lists:
        yield lists


# ── headings and columns ─────────────────────────────────────────────────────────────────────────────────────────


async def test_headings_of_the_trade_are_recognised(office: Lists) -> None:
    for one in of_kind("K10"):
        where = await office.brings(one.read(), one.path.name)
        assert not where.endswith("/columns"), one.path.name
        [row] = await office.rows(where)
        assert row.get(Column.NAME) == "Koppen Test BV", one.path.name
        assert row.number == "0999812157"
        assert row.get(Column.EMAIL) == "k@t.example"


SIBLINGS = {
    Column.NAME: (
        "Raison sociale|Dénomination sociale|Klantnaam|Firmenname|Benaming|Bedrijf|Intitulé|Relatie(naam)|Relatienaam"
        "|Nom de la société|Naam van de klant|NAAM (verplicht)*|Klant|Kunde|Client|Nom / Naam|Bedrijfsnaam:"
    ),
    Column.NUMBER: (
        "N° TVA|TVA/BTW|VAT no.|BTW-nr.|Ondernemingsnr.|USt-IdNr.|BCE/KBO|N° d'entreprise|Nº TVA|No. TVA|BTW nummer"
        "|Numéro de TVA (obligatoire)|KBO-nummer|VAT number|Btw-\nnummer|N°BCE|T.V.A."
    ),
    Column.CODE: "Klantnr.|Code client|Klantnummer|N° client|Dossier nr.|Kunden-Nr.|Customer no.|Code dossier|Mandantennummer",
    Column.PHONE: "Tel.|GSM|Mobile|Téléphone|Tel. 1|Telefoon (vast)|Tél. portable|Tel./GSM",
    Column.EMAIL: "e-mail 1|E-mailadres|Adresse e-mail|Courriel|E-Mail-Adresse|Mail|E-mail contactpersoon",
    Column.CONTACT: "Contactpersoon|Personne de contact|Ansprechpartner|Naam contact|Zaakvoerder|Gérant",
    Column.POSTCODE: "CP|C.P.|Code postal|PLZ|Postcode",
    Column.CITY: "Localité|Woonplaats|Ville|Gemeente|Ort|Plaats",
    Column.LANGUAGE: "Taal|Langue|Sprache|Code langue",
    Column.COUNTRY: "Land|Pays|Landcode|Code pays",
}


@pytest.mark.parametrize(
    ("column", "heading"), [(column, one) for column, text in SIBLINGS.items() for one in text.split("|")]
)
def test_every_writing_of_a_heading_means_its_column(column: Column, heading: str) -> None:
    of_kind("K10")
    cells = {Column.NAME: "Koppen BV", Column.CODE: "0311"}
    table = [[heading, "Naam klant"], [cells.get(column, "x"), "Y BV"]]
    found = find_columns(table if column is not Column.NAME else [[heading, "BTW"], ["Koppen BV", "1"]])
    assert found is not None
    assert found[1].get(column) == 0


@given(
    st.sampled_from(
        [(c, w.strip()) for c, text in WORDS.items() for w in re.split(r"[,\n]", text) if w.strip()]
    )
)
def test_no_heading_means_two_columns_however_it_is_written(known: tuple[str, str]) -> None:
    column, word = known
    for written in (
        word,
        word.upper(),
        f"{word} *",
        f"{word} (verplicht)",
        f"{word}:",
        word.replace(" ", "-"),
    ):
        assert meaning(written) == (column, 0), written
        assert heading_key(written) == heading_key(word)


async def test_columns_that_are_not_read_are_named_and_may_be_said(office: Lists) -> None:
    where = await office.brings(one_of("K11").read())
    [row] = await office.rows(where)
    assert row.number == "0999812157"
    out = io.StringIO()
    heads = ["Naam", "Tel.", "Tel. 2", "Opmerking", "Vrij veld"]
    csv.writer(out, delimiter=";").writerows([heads, ["Een", "02 1", "02 2", "bel na 18u", a_number(9)]])
    where = await office.brings(out.getvalue().encode(), "eigen.csv")
    assert where.endswith("/columns"), "a column of numbers has no heading that says so"
    page = await office.page(where)
    assert "heading stands twice" in page
    assert "A guess, by what is in it" in page
    assert a_number(9) in page
    form = {"column_0": "name", "column_1": "phone", "column_3": "activity", "column_4": "number"}
    answer = await office.client.post(where, data={**form, "column_2": "phone"})
    assert answer.status_code == 422
    assert "column B and for column C" in answer.text
    answer = await office.client.post(where, data=form)
    where = answer.headers["location"]
    page = await office.page(where)
    assert "Not used" in page
    assert "02 1" in page, "what else a row says is shown"
    # the next list with these headings, in another order, is read the same way; and forgotten on demand
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([heads[::-1], [a_number(8), "nooit", "3", "02 3", "Twee"]])
    again = await office.brings(out.getvalue().encode(), "eigen2.csv")
    assert "as your office said" in await office.page(again)
    [row] = await office.rows(again)
    assert (row.get(Column.NAME), row.get(Column.ACTIVITY), row.number) == ("Twee", "nooit", a_number(8))
    answer = await office.client.post(f"{again}/forget")
    assert answer.headers["location"] == f"{again}/columns"
    async with office.world.as_system() as session:
        assert not (await session.scalars(sa.select(ImportProfile))).all()


async def test_a_list_without_headings_is_not_refused(office: Lists) -> None:
    where = await office.brings(f"Garage Claes;{a_number(3)};x@claes.example\r\n".encode(), "kaal.csv")
    assert where.endswith("/columns")
    assert "Garage Claes" in await office.page(where)
    assert "kaal.csv" in await office.page("/dossiers/import")
    answer = await office.client.post(f"{where.removesuffix('/columns')}/accept")
    assert answer.headers["location"] == where, "nothing can be accepted before it was looked at"
    form = {"column_0": "name", "column_1": "number", "column_2": "email"}
    answer = await office.client.post(where, data=form)
    made = await office.accepts(answer.headers["location"])
    assert made["Garage Claes"].contact_email == "x@claes.example"


async def test_the_columns_of_another_offices_list_are_nobodys(office: Lists) -> None:
    where = await office.brings(one_of("K10").read())
    stranger = await a_staff_member(office.world, await a_firm(office.world, "ardennes", "Bureau Ardennes"))
    async with sign_in(office.world, stranger, "ardennes.localhost") as client:
        assert (await client.get(f"{where}/columns")).status_code == 404
        for path in ("columns", "reading", "forget", "discard"):
            assert (await client.post(f"{where}/{path}", data={"column_0": "name"})).status_code == 404


async def test_a_list_can_be_thrown_away_and_an_accepted_one_cannot(office: Lists) -> None:
    data = one_of("K10").read()
    where = await office.brings(data)
    assert "Throw this list away?" in await office.page(f"{where}/discard")
    assert (await office.client.post(f"{where}/discard")).headers["location"] == "/dossiers/import"
    assert (await office.client.get(where)).status_code == 404
    where = await office.brings(data)
    await office.accepts(where)
    assert (await office.client.post(f"{where}/discard")).headers["location"] == where
    assert (await office.client.post(f"{where}/columns", data={"column_0": "name"})).status_code == 303
    await office.page(where)
