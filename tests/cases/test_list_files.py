"""Lists as other programs write them: what the reader says of each input, before anybody judges a row."""

import pytest

from portal.sandbox import Sheet, Unreadable, Workbook, read_workbook
from tests.support.cases import Case, case, of_kind

pytestmark = pytest.mark.corpus


async def read(one: Case) -> Workbook:
    return await read_workbook(one.read())


def shown(sheet: Sheet) -> list[str]:
    return [cell for row in sheet.rows for cell in row if isinstance(cell, str)]


async def test_a_hidden_sheet_is_told_from_the_visible_one() -> None:
    [one] = of_kind("K01")
    assert [(sheet.name, sheet.hidden) for sheet in (await read(one)).sheets] == [
        ("Archief", True),
        ("Klanten 2026", False),
    ]


async def test_a_row_that_a_filter_leaves_out_of_sight_is_told() -> None:
    [one] = of_kind("K02")
    [sheet] = (await read(one)).sheets
    assert sheet.hidden_rows == [2]
    assert sheet.rows[2][1] == "Gestopt Twee"


async def test_the_zeros_of_a_number_format_are_read() -> None:
    [one] = of_kind("K03")
    assert (await read(one)).sheets[0].rows[1][0] == "01204"


async def test_a_cell_that_became_a_day_is_marked() -> None:
    [one] = of_kind("K04")
    [mark] = (await read(one)).sheets[0].marks
    assert (mark.row, mark.column, mark.kind, mark.shown) == (1, 0, "date", "01/03/2026")


async def test_the_delimiter_is_what_cuts_most_lines_alike() -> None:
    for one in of_kind("K06"):
        book = await read(one)
        assert book.delimiter == ";"
        assert any("Ondernemingsnummer" in row for row in book.sheets[0].rows)


async def test_files_of_other_code_pages_are_read_with_their_accents() -> None:
    for one in of_kind("K07"):
        book = await read(one)
        assert "Café Chez René" in shown(book.sheets[0])
        assert book.encoding in {"mac-roman", "utf-16-le"}
        assert book.encodings[0] == book.encoding
        assert "cp1252" in book.encodings


async def test_a_stray_quotation_mark_marks_its_row_alone() -> None:
    [one] = of_kind("K08")
    book = await read(one)
    assert book.broken_lines == [1]
    assert [row[0] for row in book.sheets[0].rows] == ["Naam", '"De Kroon" BV', 'Taverne "Het Anker"']


async def test_broken_formulas_keep_their_errors() -> None:
    [one] = of_kind("K12")
    marks = (await read(one)).sheets[0].marks
    assert {(mark.kind, mark.shown) for mark in marks} == {
        ("error", "#N/A"),
        ("error", "#DIV/0!"),
        ("lost", '=CONCATENATE("A","B")'),
    }


async def test_what_was_read_before_is_read() -> None:
    for one in (*of_kind("K18"), *of_kind("K20")):
        book = await read(one)
        assert any("Naam" in map(str, row) for row in book.sheets[0].rows)


async def test_files_of_other_programs_are_read_or_told_what_to_do() -> None:
    for one in of_kind("K19"):
        if one.path.name in {"29-old.xls", "28-apple.numbers"}:  # with nothing in them
            with pytest.raises(Unreadable) as caught:
                await read(one)
            assert ".xlsx" in caught.value.text()
        else:
            book = await read(one)
            assert book.kind in {"ods", "html"}
            assert book.sheets[0].rows[0] == ["Naam", "Ondernemingsnummer"]


async def test_the_list_of_faults_comes_back_as_texts() -> None:
    assert len(of_kind("K21")) == 2
    [sheet] = (await read(case("24-faults-returned.xlsx"))).sheets[:1]
    assert sheet.rows[2][:2] == ["00077", '=HYPERLINK("http://x.example","Klik")']
    assert not sheet.marks
