"""Lists as offices bring them, the whole way: which sheet, rows and cells are read, and what of them becomes a dossier."""

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from portal.features.imports.domain.columns import Column
from portal.features.imports.domain.rows import Apart, RowStatus
from portal.features.imports.domain.state import ImportState
from portal.features.imports.domain.table import reading_of, table_of
from portal.features.imports.models import DossierImport
from portal.features.imports.service import files
from portal.sandbox import Mark, Workbook
from tests.support.builders import a_number
from tests.support.cases import of_kind
from tests.support.lists import HEADINGS, Lists, book, judged, lists_of, one_of, remarks
from tests.support.world import World

pytestmark = pytest.mark.corpus


@pytest.fixture
async def office(world: World) -> AsyncIterator[Lists]:
    """Somebody of an office who brings lists."""
    async with lists_of(world) as lists:
        yield lists


# ── which sheet, which rows ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_visible_sheet_is_read_before_a_hidden_one_which_is_named_and_can_be_chosen(
    office: Lists,
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


async def test_rows_that_are_filtered_out_stay_out_unless_they_are_ticked(office: Lists) -> None:
    where = await office.brings(one_of("K02").read())
    apart = [row.get(Column.NAME) for row in await office.rows(where) if row.apart is Apart.HIDDEN]
    assert apart == ["Gestopt Twee"]
    assert set(await office.accepts(where)) == {"Actief Een", "Actief Drie"}


@pytest.mark.parametrize("tick", [False, True])
async def test_hidden_rows_are_marked_unticked_and_taken_in_by_a_tick(
    office: Lists, monkeypatch: pytest.MonkeyPatch, tick: bool
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


async def test_any_row_can_be_left_out_and_pages_keep_what_was_ticked(office: Lists) -> None:
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


async def test_zeros_that_a_format_shows_are_kept(office: Lists) -> None:
    where = await office.brings(one_of("K03").read())
    [made] = (await office.accepts(where)).values()
    assert made.code == "01204"


async def test_a_cell_that_became_a_date_is_a_fault_with_its_place(office: Lists) -> None:
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


async def test_errors_of_formulas_are_faults(office: Lists) -> None:
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


async def test_numbers_in_every_writing_are_shown_in_one(office: Lists) -> None:
    where = await office.brings(one_of("K05", "08-").read())
    page = await office.page(where)
    assert "0999.801.368" in page
    assert "0999.801.566" in page
    assert sum(1 for row in await office.rows(where) if row.number) >= 2


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("part", "name"), [("09-", "Garage Claes"), ("11-", "Kinesist Maes")])
async def test_a_title_with_commas_does_not_part_the_cells(office: Lists, part: str, name: str) -> None:
    where = await office.brings(one_of("K06", part).read(), "list.csv")
    assert set(await office.accepts(where)) == {name}


@pytest.mark.parametrize("part", ["13-", "12-"])
async def test_letters_of_other_programs_are_read(office: Lists, part: str) -> None:
    where = await office.brings(one_of("K07", part).read(), "list.csv")
    assert set(await office.accepts(where)) == {"Café Chez René"}


async def test_how_letters_and_cells_are_read_can_be_changed(office: Lists) -> None:
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


async def test_stray_quotation_marks_mark_their_row(office: Lists) -> None:
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


async def test_mail_cells_go_through_the_preview(office: Lists) -> None:
    where = await office.brings(one_of("K09").read())
    good = {row.get(Column.NAME) for row in await office.rows(where) if row.status is RowStatus.CREATE}
    assert {"Mail Link", "Mail NBSP", "Mail nulbreedte"} <= good


# ── ends of pages ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_ends_of_lists_become_no_companies(office: Lists) -> None:
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
