"""Lists that come back, that other programs wrote, that say something twice: the whole way to the dossiers."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from portal.features.imports.domain.columns import Column
from portal.features.imports.domain.rows import RowStatus
from tests.slices.imports.test_importing import upload
from tests.support.builders import a_dossier
from tests.support.cases import case, of_kind
from tests.support.lists import Lists, lists_of, one_of
from tests.support.world import World

pytestmark = pytest.mark.corpus
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
async def office(world: World) -> AsyncIterator[Lists]:
    """Somebody of an office who brings lists."""
    async with lists_of(world) as lists:
        yield lists


# ── codes, countries, our own files ──────────────────────────────────────────────────────────────────────────────


async def test_codes_that_are_one_folder_are_taken_once_and_names_of_windows_never(office: Lists) -> None:
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


async def test_foreign_lists_are_previewed_row_by_row(office: Lists) -> None:
    where = await office.brings(one_of("K15").read())
    rows = await office.rows(where)
    assert len(rows) >= 5
    assert next(row for row in rows if row.get(Column.CODE) == "NL2").number


async def test_present_dossiers_brought_back_are_all_unchanged(office: Lists, world: World) -> None:
    firm = office.firm
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


async def test_a_company_that_stands_twice_is_told(office: Lists) -> None:
    where = await office.brings(one_of("K17", "29-twice").read())
    assert [row.status for row in await office.rows(where)] == [RowStatus.CREATE, RowStatus.DUPLICATE]
    assert one_of("K17", "08-").read()


@pytest.mark.parametrize(
    ("part", "name"),
    [("26-", "Strikt Opgeslagen BV"), ("formatted-far", "Breed Opgemaakt BV"), ("google", "Spaties Overal")],
)
async def test_workbooks_of_other_programs_are_read(office: Lists, part: str, name: str) -> None:
    where = await office.brings(one_of("K18", part).read())
    assert name in {row.get(Column.NAME) for row in await office.rows(where)}


@pytest.mark.parametrize("part", ["27-", "29-html"])
async def test_files_of_other_programs_are_read(office: Lists, part: str) -> None:
    one = one_of("K19", part)
    where = await office.brings(one.read(), one.path.name)
    assert await office.rows(where)


@pytest.mark.parametrize("part", ["28-", "29-old"])
async def test_files_that_only_begin_like_those_of_other_programs_say_how_to_save_them(
    office: Lists, part: str
) -> None:
    one = one_of("K19", part)
    answer = await upload(office.client, one.read(), one.path.name)
    assert answer.status_code == 422
    assert f"{one.path.name} cannot be read as a list" in answer.text
    assert ".xlsx" in answer.text


async def test_an_old_workbook_is_read_the_whole_way(office: Lists) -> None:
    where = await office.brings((DATA / "list.xls").read_bytes(), "list.xls")
    assert "Café Élan" in {row.get(Column.NAME) for row in await office.rows(where)}


async def test_a_refusal_names_the_file(office: Lists) -> None:
    answer = await upload(office.client, b"%PDF-1.7 no list", "Klanten 2026.pdf")
    assert answer.status_code == 422
    assert "Klanten 2026.pdf cannot be read as a list" in answer.text


async def test_two_heading_rows_tell_contacts_from_companies(office: Lists) -> None:
    where = await office.brings(one_of("K20", "18-").read())
    [row] = await office.rows(where)
    assert row.get(Column.NAME) == "Twee Koppen BV"
    assert row.get(Column.CONTACT) == "Jan Janssens"
    assert row.get(Column.CODE) == "0311"
    where = await office.brings(one_of("K20", "15-").read(), "list.txt")
    assert set(await office.accepts(where)) == {"Café Chez René"}


async def test_the_error_workbook_comes_back_with_the_same_texts(office: Lists) -> None:
    where = await office.brings(one_of("K21", "24-faults.").read())
    before = {(row.get(Column.NAME), row.get(Column.PHONE)) for row in await office.rows(where)}
    errors = (await office.client.get(f"{where}/errors")).content
    again = await office.brings(errors, "to correct.xlsx")
    assert {(row.get(Column.NAME), row.get(Column.PHONE)) for row in await office.rows(again)} == before
    assert '=HYPERLINK("http://x.example","Klik")' in {name for name, _phone in before}
    assert await office.rows(await office.brings(one_of("K21", "returned").read()))


# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_no_page_shows_the_name_of_a_field(office: Lists, world: World) -> None:
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
