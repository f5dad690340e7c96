"""The Excel import: judging rows, preview, acceptance once, the error workbook."""

import asyncio
import io
from typing import Any

import httpx
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.features.dossiers.service import dossiers
from portal.features.imports.domain.columns import Column, cell_text, find_columns, letter
from portal.features.imports.domain.judgement import judge
from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.rows import RowStatus
from portal.features.imports.service import previews, workbooks
from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.world import World

HEADINGS = ["Ondernemingsnummer", "Naam", "Dossiercode", "E-mail"]


def judged(*rows: list[Any], known: Known | None = None) -> list[Any]:
    """The rows of a list with Dutch headings, judged."""
    table = [HEADINGS, *rows]
    found = find_columns(table)
    assert found is not None
    return judge(table, found[0], found[1], known or Known())


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of somebody else's making: numbers as numbers, no technical row."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Klanten")
    for index, row in enumerate([HEADINGS, *rows]):
        for position, value in enumerate(row):
            sheet.write(index, position, value)
    book.close()
    return out.getvalue()


def test_a_good_row_makes_a_dossier_and_keeps_the_zeros_of_its_code() -> None:
    [row] = judged([a_number(1), "Bakkerij", "00012", "info@bakker.be"])
    assert row.status is RowStatus.CREATE
    assert row.values["code"] == "00012"


def test_a_number_that_lost_its_zero_as_a_spreadsheet_number_is_mended_and_said() -> None:
    [row] = judged([float(a_number(2)), "Bakkerij", "", ""])
    assert row.status is RowStatus.CREATE
    assert row.number == a_number(2)
    assert any("zero" in remark.what for remark in row.remarks)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["0999888471", "Garage", "", ""], "check digits"),
        ([a_number(3), "", "7", ""], "name is missing"),
        ([a_number(3), "Garage", "", "info@@garage.be"], "e-mail"),
    ],
)
def test_a_bad_row_says_what_is_wrong(row: list[Any], words: str) -> None:
    [found] = judged(row)
    assert found.status is RowStatus.ERROR
    assert any(words in remark.what for remark in found.remarks)


def test_the_second_of_two_rows_on_one_company_or_one_code_is_a_duplicate_that_names_the_first() -> None:
    rows = judged([a_number(4), "A", "1", ""], [a_number(4), "A again", "2", ""], [a_number(5), "B", "1", ""])
    assert [row.status for row in rows] == [RowStatus.CREATE, RowStatus.DUPLICATE, RowStatus.DUPLICATE]
    assert rows[1].remarks[-1].params == {"row": "2"}


def test_a_claimed_company_gets_a_request_and_a_present_one_shows_what_changes() -> None:
    mine = KnownDossier("1", "7", "BE", a_number(6), "", {"name": "Old name", "code": "7"})
    known = Known([mine], frozenset({("BE", a_number(7))}))
    rows = judged([a_number(6), "New name", "7", ""], [a_number(7), "Theirs", "", ""], known=known)
    assert rows[0].status is RowStatus.UPDATE
    assert rows[0].changes == {"name": ["Old name", "New name"]}
    assert rows[1].status is RowStatus.REQUEST


def test_a_list_without_headings_is_not_guessed_at() -> None:
    assert find_columns([["a", "b"], ["c", "d"]]) is None


@given(st.integers(0, 16_000))
def test_columns_are_named_as_in_excel(position: int) -> None:
    number = 0
    for character in letter(position):
        number = number * 26 + ord(character) - 64
    assert number - 1 == position


@given(
    st.lists(st.one_of(st.text(max_size=20), st.floats(), st.booleans(), st.none()), min_size=4, max_size=4)
)
def test_no_cell_breaks_the_judgement(row: list[Any]) -> None:
    assert len(judged(row)) <= 1
    assert all(isinstance(cell_text(cell), str) for cell in row)


async def upload(client: httpx.AsyncClient, data: bytes, name: str = "list.xlsx") -> httpx.Response:
    return await client.post("/dossiers/import", files={"files": (name, data)})


async def test_a_list_is_previewed_accepted_once_and_the_rest_comes_back_as_a_workbook(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    claimed = await a_company(world, None, "Brouwerij", claimed=True)
    data = workbook(
        [a_number(11), "Bakkerij", "01204", "els@bakkerij.example"],
        ["0999888471", "Garage", "01422", ""],
        [claimed.number, "Brouwerij", "01500", ""],
    )
    async with sign_in(world, owner) as client:
        answer = await upload(client, data)
        assert answer.status_code == 303, answer.text
        where = answer.headers["location"]
        page = await client.get(where)
        assert "check digits" in page.text
        answers = await asyncio.gather(*[client.post(f"{where}/accept") for _ in range(2)])
        assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, where)] * 2
        await world.run_jobs()
        errors = await client.get(f"{where}/errors")
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(errors.content)).get_sheet_by_index(0).to_python()
        assert "0999888471" in [cell for row in sheet for cell in row]
        again = await upload(client, data)
        assert "unchanged" in (await client.get(again.headers["location"])).text
    async with world.as_scope(firm_id=firm.id) as session:
        found = {one.name: one.access.value for one in await dossiers.all_of(session, owner)}
    assert found == {"Bakkerij": "managed", "Brouwerij": "requested"}


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"%PDF-1.7", "Excel"), (b"PK\x03\x04 broken", "damaged"), (b"", "first"), (workbook(), "empty")],
)
async def test_a_wrong_file_is_refused_with_a_sentence(world: World, data: bytes, words: str) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        answer = await upload(client, data, "list.xlsx" if data else "")
    assert answer.status_code == 422
    assert words in answer.text


async def test_rows_beyond_the_requests_of_a_day_come_back_and_the_others_are_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "REQUESTS_PER_DAY", 1)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    theirs = [await a_company(world, None, f"Brouwerij {n}", claimed=True) for n in (1, 2)]
    data = workbook(
        *[[company.number, company.name, "", ""] for company in theirs], [a_number(13), "Bakkerij", "", ""]
    )
    async with sign_in(world, owner) as client:
        where = (await upload(client, data)).headers["location"]
        assert (await client.post(f"{where}/accept")).status_code == 303
        await world.run_jobs()
        page = await client.get(where)
        assert "Not every row could be carried out" in page.text
        assert "Hand this row in again tomorrow" in page.text
        errors = await client.get(f"{where}/errors")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(errors.content)).get_sheet_by_index(0).to_python()
    cells = [cell for row in sheet for cell in row]
    assert theirs[1].number in cells
    assert theirs[0].number not in cells
    async with world.as_scope(firm_id=firm.id) as session:
        found = {one.name: one.access.value for one in await dossiers.all_of(session, owner)}
    assert found == {"Brouwerij 1": "requested", "Bakkerij": "managed"}


async def test_the_register_cannot_be_looked_up_through_previews(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "NUMBERS_PER_DAY", 2)
    owner = await a_staff_member(world, await a_firm(world))
    data = workbook([a_number(14), "A", "", ""], [a_number(15), "B", "", ""])
    async with sign_in(world, owner) as client:
        assert (await upload(client, data)).status_code == 303
        refused = await upload(client, data)
    assert refused.status_code == 422
    assert "Too many" in refused.text


async def test_another_firms_import_answers_like_an_unknown_one(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, other)
    async with sign_in(world, owner) as client:
        where = (await upload(client, workbook([a_number(12), "A", "1", ""]))).headers["location"]
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        for address in (where, f"{where}/errors"):
            assert (await client.get(address)).status_code == 404
        assert (await client.post(f"{where}/accept")).status_code == 404


async def test_the_present_dossiers_come_back_unchanged(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.ACCOUNTANT)
    await a_dossier(world, firm, code="00077")
    async with sign_in(world, owner) as client:
        present = await client.get("/dossiers/import/present")
        where = (await upload(client, present.content)).headers["location"]
        page = await client.get(where)
    assert 'data-status="unchanged"' in page.text
    assert 'data-status="create"' not in page.text


def test_what_a_name_says_is_never_computed() -> None:
    data = workbooks.of_dossiers([{Column.NAME.value: "=1+1", Column.NUMBER.value: "0123"}])
    [*_, row] = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert "=1+1" in row


async def test_an_assistants_list_is_refused_where_the_office_keeps_the_company_already(world: World) -> None:
    firm = await a_firm(world)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    hidden = await a_dossier(world, firm)
    late = a_number()
    data = workbook(
        [hidden.number, "Mine now", "", ""], [late, "Kept meanwhile", "", ""], [a_number(), "New", "", ""]
    )
    async with sign_in(world, assistant) as client:
        where = (await upload(client, data)).headers["location"]
        rows = (await client.get(f"{where}?show=error")).text
        assert "Mine now" in rows
        assert "Ask its file manager" in rows
        assert "Mine now" not in (await client.get(f"{where}?show=create")).text
        await a_dossier(world, firm, await a_company(world, firm, number=late), code="2")
        assert (await client.post(f"{where}/accept")).status_code == 303
        await world.run_jobs()
        page = await client.get(f"{where}?show=overtaken")
        assert "One row has changed since you looked" in page.text
        assert "Kept meanwhile" in page.text
        assert "Ask its file manager" in page.text
    async with world.as_scope(firm_id=firm.id) as session:
        assert [one.name for one in await dossiers.all_of(session, assistant)] == ["New"]


async def test_an_assistant_sees_and_accepts_the_own_lists_alone(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    data = workbook([a_number(), "Bakkerij", "", ""])
    async with sign_in(world, owner) as client:
        theirs = (await upload(client, data, "owner.xlsx")).headers["location"]
    async with sign_in(world, assistant) as client:
        mine = (await upload(client, data, "assistant.xlsx")).headers["location"]
        page = await client.get("/dossiers/import")
        assert "assistant.xlsx" in page.text
        assert "owner.xlsx" not in page.text
        for path in (theirs, f"{theirs}/errors"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post(f"{theirs}/accept")).status_code == 404
        assert (await client.get(f"{mine}/errors")).status_code == 200
        assert (await client.post(f"{mine}/accept")).status_code == 303
        wrong = await upload(client, b"%PDF-1.7")
        assert wrong.status_code == 422
        assert "owner.xlsx" not in wrong.text
    async with sign_in(world, owner) as client:
        assert "assistant.xlsx" in (await client.get("/dossiers/import")).text
        assert (await client.get(mine)).status_code == 200
        assert (await client.post(f"{theirs}/accept")).status_code == 303
