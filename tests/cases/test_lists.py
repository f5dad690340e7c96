"""Lists as offices bring them, the whole way: the file, what the preview says of it, what accepting it makes."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.features.dossiers.models import Dossier
from portal.features.imports.domain.columns import Column, find_columns
from portal.features.imports.domain.headings import WORDS, heading_key, meaning
from portal.features.imports.domain.judgement import judge_rows
from portal.features.imports.domain.matches import Known
from portal.features.imports.domain.rows import Apart, ImportRow, RowStatus
from portal.features.imports.domain.state import ImportState
from portal.features.imports.domain.table import Choice, reading_of, table_of
from portal.features.imports.models import DossierImport, ImportPart, ImportProfile
from portal.features.imports.service import files
from portal.features.parties.models import Firm
from portal.sandbox import Mark, Sheet, Workbook
from tests.slices.imports.test_importing import upload
from tests.support.builders import a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.cases import Case, case, of_kind
from tests.support.world import World

pytestmark = pytest.mark.corpus
HEADINGS = ["Dossiercode", "Naam", "Ondernemingsnummer", "E-mail"]
READER = pytest.mark.xfail(strict=True, reason="the reader says it")


def one_of(kind: str, part: str = "") -> Case:
    """The input of a kind whose name has a part in it."""
    return next(one for one in of_kind(kind) if part in one.path.name)


def book(*rows: Sequence[Any], kind: str = "xlsx", **more: Any) -> Workbook:
    """A workbook of one sheet, as a reader gives it."""
    of_book = {name: more.pop(name) for name in ("broken_lines", "encodings", "encoding") if name in more}
    width = max(map(len, rows))
    even = [[*row, *[""] * (width - len(row))] for row in rows]
    return Workbook(kind, [Sheet("Klanten", hidden=False, rows=even, **more)], **of_book)


def judged(read: Workbook, choice: Choice | None = None) -> list[ImportRow]:
    """The rows of a workbook, judged as for an office without dossiers."""
    table = table_of(read, choice)
    assert table is not None
    listed = files.listed_in(table)
    return judge_rows(listed.read, Known(), listed.keys, apart=listed.apart, said=listed.said)


def remarks(row: ImportRow) -> str:
    """All that is said of a row."""
    return " ".join(one.what % one.params for one in row.remarks)


@dataclass(slots=True)
class Office:
    """Somebody of an office who brings lists."""

    world: World
    client: httpx.AsyncClient
    firm_id: UUID

    async def brings(self, data: bytes, name: str = "list.xlsx") -> str:
        """Hand a list in; where it goes on."""
        answer = await upload(self.client, data, name)
        assert answer.status_code == 303, re.findall(r"ui-alert[^<]*<[^§]{0,900}", answer.text)[:1]
        return str(answer.headers["location"])

    async def page(self, where: str) -> str:
        """A page."""
        answer = await self.client.get(where)
        assert answer.status_code == 200, (where, answer.status_code)
        return answer.text

    async def rows(self, where: str) -> list[ImportRow]:
        """The rows of a list, as they are kept."""
        async with self.world.as_system() as session:
            found = await session.scalars(
                sa.select(ImportPart)
                .where(ImportPart.import_id == UUID(where.split("/")[3]))
                .order_by(ImportPart.position)
            )
            return [row for part in found for row in part.read_rows()]

    async def accepts(self, where: str, **form: Any) -> dict[str, Dossier]:
        """Accept a list as it is; the dossiers of the office, by name."""
        answer = await self.client.post(f"{where.removesuffix('/columns')}/accept", data=form)
        assert answer.status_code == 303, answer.text
        await self.world.run_jobs()
        return await self.dossiers()

    async def dossiers(self) -> dict[str, Dossier]:
        """The dossiers of the office, by name."""
        async with self.world.as_system() as session:
            found = await session.scalars(sa.select(Dossier).where(Dossier.firm_id == self.firm_id))
            return {one.name: one for one in found}


@pytest.fixture
async def office(world: World) -> Any:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        await client.get("/dossiers/import")
        yield Office(world, client, firm.id)


# ── which sheet, which rows ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_visible_sheet_is_read_before_a_hidden_one_which_is_named_and_can_be_chosen(
    office: Office,
) -> None:
    where = await office.brings(one_of("K01").read())
    page = await office.page(where)
    assert "Schrijnwerkerij Dupon" in page
    assert "Oude Klant Gestopt" not in page
    assert "Archief" in page
    answer = await office.client.post(f"{where}/reading", data={"sheet": "0", "heading": "0"})
    assert answer.headers["location"] == f"{where}/columns"
    assert "Oude Klant Gestopt" in await office.page(where)
    await office.client.post(f"{where}/reading", data={"sheet": "1", "heading": "0"})
    assert set(await office.accepts(where)) == {"Schrijnwerkerij Dupon"}


@READER
async def test_rows_that_are_filtered_out_stay_out_unless_they_are_ticked(office: Office) -> None:
    where = await office.brings(one_of("K02").read())
    apart = [row.get(Column.NAME) for row in await office.rows(where) if row.apart is Apart.HIDDEN]
    assert apart == ["Gestopt Twee"]
    assert set(await office.accepts(where)) == {"Actief Een", "Actief Drie"}


@pytest.mark.parametrize("tick", [False, True])
async def test_hidden_rows_are_marked_unticked_and_taken_in_by_a_tick(
    office: Office, monkeypatch: pytest.MonkeyPatch, tick: bool
) -> None:
    of_kind("K02")
    read = book(HEADINGS, ["1", "Een", a_number(1), ""], ["2", "Twee", a_number(2), ""], hidden_rows=[2])

    async def reads(*_args: Any, **_named: Any) -> Workbook:
        return read

    monkeypatch.setattr(files, "read_workbook", reads)
    where = await office.brings(b"anything")
    page = await office.page(where)
    assert "hidden or filtered out in the file" in page
    assert re.search(r'value="2" checked', page)
    assert re.search(r'name="in" value="3" aria', page)
    made = await office.accepts(where, ticks="2,3", **{"in": ["2", "3"] if tick else ["2"]})
    assert set(made) == ({"Een", "Twee"} if tick else {"Een"})
    told = await office.page(where)
    assert ("left out" in told) is not tick


async def test_any_row_can_be_left_out_and_pages_keep_what_was_ticked(office: Office) -> None:
    rows = [[str(n), f"Klant {n}", a_number(n), ""] for n in range(1, 251)]
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([HEADINGS, *rows])
    where = await office.brings(out.getvalue().encode(), "list.csv")
    first = await office.page(where)
    assert "Klant 200" in first
    assert "Klant 201" not in first
    ticks = ",".join(str(line) for line in range(2, 202))
    form = {"ticks": ticks, "in": [str(line) for line in range(3, 202)], "to": "show=&page=2"}
    answer = await office.client.post(f"{where}/answers", data=form)
    assert answer.headers["location"] == f"{where}?page=2"
    assert "Klant 250" in await office.page(answer.headers["location"])
    assert "Klant 1<" in await office.page(f"{where}?show=left_out")
    made = await office.accepts(where)
    assert len(made) == 249
    assert "Klant 1" not in made


def test_a_visible_row_is_never_measured_by_a_hidden_one() -> None:
    one, twin = ["1", "Een", a_number(1), ""], ["1", "Een", a_number(1), ""]
    rows = judged(book(HEADINGS, twin, one, hidden_rows=[1]))
    assert [(row.apart, row.status) for row in rows] == [
        (Apart.HIDDEN, RowStatus.DUPLICATE),
        (None, RowStatus.CREATE),
    ]


def test_hidden_columns_are_named_and_not_read_except_our_own_id() -> None:
    read = book(
        [*HEADINGS, "Telefoon", "dossier_id"],
        ["1", "Een", a_number(1), "", "02 111", ""],
        hidden_columns=[4, 5],
    )
    table = table_of(read)
    assert table is not None
    assert Column.PHONE not in table.columns
    assert table.columns[Column.ID] == 5
    assert [(one.letter, one.hidden) for one in reading_of(table).unused] == [("E", True)]


# ── what cells are ───────────────────────────────────────────────────────────────────────────────────────────────


@READER
async def test_zeros_that_a_format_shows_are_kept(office: Office) -> None:
    where = await office.brings(one_of("K03").read())
    [made] = (await office.accepts(where)).values()
    assert made.code == "01204"


@READER
async def test_a_cell_that_became_a_date_is_a_fault_with_its_place(office: Office) -> None:
    where = await office.brings(one_of("K04").read())
    page = await office.page(where)
    assert "has made a date of this cell" in page
    assert "A2" in page
    assert not await office.accepts(where)


@pytest.mark.parametrize(
    ("kind", "shown", "words"),
    [
        ("date", "1-mrt", "made a date of this cell: 1-mrt"),
        ("boolean", "WAAR", "made a yes or no"),
        ("error", "#DIV/0!", "error of the spreadsheet: #DIV/0!"),
        ("cut", "xxx", "cut off"),
        ("lost", "", "does not hold what the formula"),
        ("number", "1204", "otherwise than it holds it"),
    ],
)
def test_marked_cells_of_columns_that_are_used_are_faults(kind: str, shown: str, words: str) -> None:
    assert of_kind("K04")
    assert of_kind("K12")
    read = book(
        [*HEADINGS, "Opmerking"],
        ["1-3", "Een", a_number(1), "", "x"],
        ["2", "Twee", a_number(2), "", "1-mrt"],
        marks=[Mark(1, 0, kind, shown), Mark(2, 4, kind, shown)],
    )
    faulty, good = judged(read)
    assert faulty.status is RowStatus.ERROR
    assert words in remarks(faulty)
    assert good.status is RowStatus.CREATE
    assert not good.remarks


@READER
async def test_errors_of_formulas_are_faults(office: Office) -> None:
    where = await office.brings(one_of("K12").read())
    rows = await office.rows(where)
    assert {row.status for row in rows if "#" in str(row.values)} == {RowStatus.ERROR}
    assert any("#DIV/0!" in remarks(row) for row in rows)


def test_full_width_signs_are_read_and_said_and_a_cell_that_is_too_long_is_a_fault() -> None:
    wide, long = judged(
        book(HEADINGS, ["\uff10\uff11\uff12", "Een", a_number(1), ""], ["2", "x" * 500, a_number(2), ""])
    )
    assert (wide.values["code"], wide.status) == ("012", RowStatus.CREATE)
    assert "it is read as 012" in remarks(wide)
    assert long.status is RowStatus.ERROR
    assert "more than 400 signs" in remarks(long)


async def test_numbers_in_every_writing_are_shown_in_one(office: Office) -> None:
    where = await office.brings(one_of("K05", "08-").read())
    page = await office.page(where)
    assert "0999.801.368" in page
    assert "0999.801.566" in page
    assert sum(1 for row in await office.rows(where) if row.number) >= 2


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@READER
@pytest.mark.parametrize(("part", "name"), [("09-", "Garage Claes"), ("11-", "Kinesist Maes")])
async def test_a_title_with_commas_does_not_part_the_cells(office: Office, part: str, name: str) -> None:
    where = await office.brings(one_of("K06", part).read(), "list.csv")
    assert set(await office.accepts(where)) == {name}


@READER
@pytest.mark.parametrize("part", ["13-", "12-"])
async def test_letters_of_other_programs_are_read(office: Office, part: str) -> None:
    where = await office.brings(one_of("K07", part).read(), "list.csv")
    assert set(await office.accepts(where)) == {"Café Chez René"}


async def test_how_letters_and_cells_are_read_can_be_changed(office: Office) -> None:
    data = f"Naam;Ondernemingsnummer\r\nCaf\u00e9;{a_number(1)}\r\n".encode()
    where = await office.brings(data, "list.csv")
    page = await office.page(f"{where}/columns")
    assert 'name="delimiter"' in page
    form = {"sheet": "0", "heading": "0", "delimiter": ","}
    assert (await office.client.post(f"{where}/reading", data=form)).status_code == 303
    async with office.world.as_system() as session:
        kept = (await session.scalars(sa.select(DossierImport))).one()
        assert kept.state is ImportState.MAPPING
        assert kept.reading["delimiter"] == ","
    form = {"sheet": "0", "heading": "0", "delimiter": ";"}
    assert (await office.client.post(f"{where}/reading", data=form)).status_code == 303
    assert set(await office.accepts(where)) == {"Café"}


@READER
async def test_stray_quotation_marks_mark_their_row(office: Office) -> None:
    where = await office.brings(one_of("K08").read(), "list.csv")
    assert len(await office.rows(where)) == 2


def test_a_line_that_cannot_be_parted_is_a_fault_and_the_others_are_read() -> None:
    of_kind("K08")
    read = book(
        HEADINGS, ["1", "De Kroon BV", a_number(1), ""], ["2", "Anker", a_number(2), ""], broken_lines=[1]
    )
    broken, good = judged(read)
    assert (broken.status, good.status) == (RowStatus.ERROR, RowStatus.CREATE)
    assert "quotation mark" in remarks(broken)


async def test_mail_cells_go_through_the_preview(office: Office) -> None:
    where = await office.brings(one_of("K09").read())
    good = {row.get(Column.NAME) for row in await office.rows(where) if row.status is RowStatus.CREATE}
    assert {"Mail Link", "Mail NBSP", "Mail nulbreedte"} <= good


# ── headings and columns ─────────────────────────────────────────────────────────────────────────────────────────


async def test_headings_of_the_trade_are_recognised(office: Office) -> None:
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


async def test_columns_that_are_not_read_are_named_and_may_be_said(office: Office) -> None:
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


async def test_a_list_without_headings_is_not_refused(office: Office) -> None:
    where = await office.brings(f"Garage Claes;{a_number(3)};x@claes.example\r\n".encode(), "kaal.csv")
    assert where.endswith("/columns")
    page = await office.page(where)
    assert "Garage Claes" in page
    answer = await office.client.post(f"{where.removesuffix('/columns')}/accept")
    assert answer.headers["location"] == where, "nothing can be accepted before it was looked at"
    form = {"column_0": "name", "column_1": "number", "column_2": "email"}
    answer = await office.client.post(where, data=form)
    made = await office.accepts(answer.headers["location"])
    assert made["Garage Claes"].contact_email == "x@claes.example"


async def test_the_columns_of_another_offices_list_are_nobodys(office: Office) -> None:
    where = await office.brings(one_of("K10").read())
    stranger = await a_staff_member(office.world, await a_firm(office.world, "ardennes", "Bureau Ardennes"))
    async with sign_in(office.world, stranger, "ardennes.localhost") as client:
        assert (await client.get(f"{where}/columns")).status_code == 404
        for path in ("columns", "reading", "forget", "discard"):
            assert (await client.post(f"{where}/{path}", data={"column_0": "name"})).status_code == 404


async def test_a_list_can_be_thrown_away_and_an_accepted_one_cannot(office: Office) -> None:
    data = one_of("K10").read()
    where = await office.brings(data)
    assert (await office.client.post(f"{where}/discard")).headers["location"] == "/dossiers/import"
    assert (await office.client.get(where)).status_code == 404
    where = await office.brings(data)
    await office.accepts(where)
    assert (await office.client.post(f"{where}/discard")).headers["location"] == where
    assert (await office.client.post(f"{where}/columns", data={"column_0": "name"})).status_code == 303
    await office.page(where)


# ── ends of pages ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_ends_of_lists_become_no_companies(office: Office) -> None:
    where = await office.brings(one_of("K13").read())
    page = await office.page(where)
    assert "end of a page" in page
    assert set(await office.accepts(where)) == {"Echte Klant"}


@pytest.mark.parametrize(
    "row",
    [
        ["", "Totaal: 12 klanten"],
        ["Totaal", "12"],
        ["", "TOTAL GÉNÉRAL", "", ""],
        ["", "Afgedrukt op 28/11/2026 door SV"],
        ["", "Imprimé le 1/2/2026"],
        ["", "Seite 1 von 3"],
        ["", "Page 2/3"],
        ["", "Pagina 2 van 4"],
        ["-----", "-----", "-----"],
        ["", "*** Einde lijst ***"],
        ["Dossiercode", "Naam", "Ondernemingsnummer", "E-mail"],
        ["DOSSIERCODE", "NAAM", "", ""],
    ],
)
def test_what_is_no_company_is_set_apart(row: list[str]) -> None:
    of_kind("K13")
    rows = judged(book(HEADINGS, ["1", "Een", a_number(1), ""], row, ["2", "Twee", a_number(2), ""]))
    assert [one.apart is None for one in rows] == [True, False, True]


@pytest.mark.parametrize(
    "name", ["Total Energies", "Total Belgium NV", "Page & Co", "Stand Up BV", "De Lijst", "Summa"]
)
def test_companies_of_such_names_are_companies(name: str) -> None:
    [row] = judged(book(HEADINGS, ["", name, "", ""]))
    assert row.apart is None


# ── codes, countries, our own files ──────────────────────────────────────────────────────────────────────────────


async def test_codes_that_are_one_folder_are_taken_once_and_names_of_windows_never(office: Office) -> None:
    data, _agent = one_of("K14", "22-").read(), case("107-agent-two-codes.txt")
    assert of_kind("K83")
    where = await office.brings(data)
    by_code = {row.get(Column.CODE): row.status for row in await office.rows(where)}
    assert by_code["A12"] is RowStatus.CREATE
    assert by_code["a12"] is RowStatus.DUPLICATE
    for code in ("CON", "12/34", "12."):
        assert by_code[code] is RowStatus.ERROR, code
    codes = [(one.code or "").casefold() for one in (await office.accepts(where)).values()]
    assert len(codes) == len(set(codes))


async def test_foreign_lists_are_previewed_row_by_row(office: Office) -> None:
    where = await office.brings(one_of("K15").read())
    rows = await office.rows(where)
    assert len(rows) >= 5
    assert next(row for row in rows if row.get(Column.CODE) == "NL2").number


async def test_present_dossiers_brought_back_are_all_unchanged(office: Office, world: World) -> None:
    async with world.as_system() as session:
        firm = await session.get(Firm, office.firm_id)
    for n, name in enumerate(["'t Hoekje", "Appel", "TOTAL", "\uff37ide NV"]):
        await a_dossier(world, firm, code=f"{n}", name=name)
    data = (await office.client.get("/dossiers/import/present")).content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert re.fullmatch(r"[01][0-9]{3}\.[0-9]{3}\.[0-9]{3}", str(sheet[2][2]))
    where = await office.brings(data, "present dossiers.xlsx")
    assert {row.status for row in await office.rows(where)} == {RowStatus.UNCHANGED}
    # another office's export finds nothing of its own by hidden ids
    where = await office.brings(one_of("K16").read())
    rows = await office.rows(where)
    assert rows
    assert all(row.dossier_id is None for row in rows if row.get(Column.NAME) not in ("'t Hoekje", "Appel"))


async def test_a_company_that_stands_twice_is_told(office: Office) -> None:
    where = await office.brings(one_of("K17", "29-twice").read())
    assert [row.status for row in await office.rows(where)] == [RowStatus.CREATE, RowStatus.DUPLICATE]
    assert one_of("K17", "08-").read()


@pytest.mark.parametrize(
    ("part", "name"),
    [("26-", "Strikt Opgeslagen BV"), ("formatted-far", "Breed Opgemaakt BV"), ("google", "Spaties Overal")],
)
async def test_workbooks_of_other_programs_are_read(office: Office, part: str, name: str) -> None:
    where = await office.brings(one_of("K18", part).read())
    assert name in {row.get(Column.NAME) for row in await office.rows(where)}


@READER
@pytest.mark.parametrize("part", ["27-", "28-", "29-old", "29-html"])
async def test_files_of_other_programs_are_read(office: Office, part: str) -> None:
    one = one_of("K19", part)
    where = await office.brings(one.read(), one.path.name)
    assert await office.rows(where)


async def test_a_refusal_names_the_file(office: Office) -> None:
    answer = await upload(office.client, b"%PDF-1.7 no list", "Klanten 2026.pdf")
    assert answer.status_code == 422
    assert "Klanten 2026.pdf cannot be read as a list" in answer.text


async def test_two_heading_rows_tell_contacts_from_companies(office: Office) -> None:
    where = await office.brings(one_of("K20", "18-").read())
    [row] = await office.rows(where)
    assert row.get(Column.NAME) == "Twee Koppen BV"
    assert row.get(Column.CONTACT) == "Jan Janssens"
    assert row.get(Column.CODE) == "0311"
    where = await office.brings(one_of("K20", "15-").read(), "list.txt")
    assert set(await office.accepts(where)) == {"Café Chez René"}


async def test_the_error_workbook_comes_back_with_the_same_texts(office: Office) -> None:
    where = await office.brings(one_of("K21", "24-faults.").read())
    before = {(row.get(Column.NAME), row.get(Column.PHONE)) for row in await office.rows(where)}
    errors = (await office.client.get(f"{where}/errors")).content
    again = await office.brings(errors, "to correct.xlsx")
    assert {(row.get(Column.NAME), row.get(Column.PHONE)) for row in await office.rows(again)} == before
    assert '=HYPERLINK("http://x.example","Klik")' in {name for name, _phone in before}
    assert await office.rows(await office.brings(one_of("K21", "returned").read()))


# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_no_page_shows_the_name_of_a_field(office: Office, world: World) -> None:
    out = io.BytesIO()
    written = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = written.add_worksheet("L")
    for line, row in enumerate(
        [
            ["Naam", "BTW-regime", "Taal", "Dossiercode"],
            ["Een", "56bis", "fr", "7"],
            ["Twee", "zelden", "xx", "CON"],
        ]
    ):
        sheet.write_row(line, 0, row)
    written.close()
    await office.accepts(await office.brings(out.getvalue()))
    where = await office.brings(out.getvalue())
    for path in (where, f"{where}/columns", "/dossiers/import"):
        text = re.sub(r"<[^>]*>", " ", await office.page(path))
        for raw in ("vat_regime", "contact_email", "exempt_small<", "dossier_id", "%("):
            assert raw not in text, (path, raw)
