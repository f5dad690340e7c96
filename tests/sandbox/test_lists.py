"""Lists of every program: what is hidden, shown, computed and mistyped in them comes out, whatever the kind of file."""

import contextlib
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import numbers_parser
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.sandbox import Unreadable, Workbook, read_workbook
from portal.sandbox.tables import text_files
from portal.sandbox.tables.formats import shown

DATA = Path(__file__).parents[1] / "data"
ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    "<office:automatic-styles>"
    '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
    "</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    "</office:document-content>"
)


def ods(tables: str, manifest: str = "<x/>") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(tables=tables))
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def cell(text: str, **attributes: str) -> str:
    said = "".join(
        f' {name.replace("_", ":", 1).replace("_", "-")}="{value}"' for name, value in attributes.items()
    )
    return f"<table:table-cell{said}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, **attributes: str) -> str:
    said = "".join(
        f' {name.replace("_", ":", 1).replace("_", "-")}="{value}"' for name, value in attributes.items()
    )
    return f"<table:table-row{said}>{''.join(cells)}</table:table-row>"


async def refused(data: bytes, **limits: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        await read_workbook(data, **limits)
    return caught.value


def marks(book: Workbook, sheet: int = 0) -> set[tuple[int, int, str, str]]:
    return {(one.row, one.column, one.kind, one.shown) for one in book.sheets[sheet].marks}


async def test_an_excel_list_says_what_is_hidden_and_how_its_numbers_look() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Klanten")
        sheet.write_row(0, 0, ["Code", "Nummer", "Bedrag", "Intern", "Naam"])
        for at in range(1, 4):
            sheet.write_number(at, 0, at, book.add_format({"num_format": "0000"}))
            sheet.write_number(at, 1, 999801368, book.add_format({"num_format": '0000"."000"."000'}))
            sheet.write_number(at, 2, 12.5, book.add_format({"num_format": "#,##0.00"}))
            sheet.write(at, 3, "x")
            sheet.write(at, 4, f"Klant {at}")
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(3, 3, None, None, {"hidden": True})
        sheet.write_boolean(1, 3, True)
        sheet.write_formula(3, 3, "=1/0", None, "#DIV/0!")  # pyright: ignore[reportArgumentType]
        sheet.write_number(3, 2, 1234567890123456)
    book_read = await read_workbook(buffer.getvalue())
    [one] = book_read.sheets
    assert one.rows[1] == ["0001", "0999.801.368", 12.5, True, "Klant 1"]
    assert (one.hidden_rows, one.hidden_columns) == ([2], [3])
    assert marks(book_read) == {
        (1, 3, "boolean", "TRUE"),
        (3, 2, "number", "1.23456789012346e+15"),
        (3, 3, "error", "#DIV/0!"),
    }


async def test_an_old_excel_list_says_the_same() -> None:
    book = await read_workbook((DATA / "list.xls").read_bytes())
    old, clients = book.sheets
    assert (book.kind, old.hidden, clients.hidden) == ("xls", True, False)
    assert clients.rows[1] == ["01204", "Café Élan", "0999.801.368", "x", "a@elan.example"]
    assert (clients.hidden_rows, clients.hidden_columns) == ([3], [3])
    assert marks(book, 1) == {
        (2, 0, "date", "01/03/2026"),
        (2, 1, "boolean", "TRUE"),
        (4, 0, "error", "#DIV/0!"),
    }


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
async def test_an_old_excel_list_that_was_cut_says_what_to_do(keep: float) -> None:
    data = (DATA / "list.xls").read_bytes()
    error = await refused(data[: int(len(data) * keep)])
    assert ".xlsx" in error.text()


async def test_other_files_in_the_container_of_old_excel_are_no_list() -> None:
    data = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2048)
    assert (await refused(data + "WordDocument".encode("utf-16-le"))).code == "workbook.other"
    assert (await refused(data + "EncryptedPackage".encode("utf-16-le"))).code == "workbook.password"


async def test_an_opendocument_list_says_the_same() -> None:
    book = await read_workbook(
        ods(
            '<table:table table:name="Oud" table:style-name="gone">' + row(cell("Naam")) + "</table:table>"
            '<table:table table:name="Klanten"><table:table-column/>'
            '<table:table-column table:visibility="collapse"/>'
            + row(cell("Code"), cell("Intern"), cell("Naam"))
            + row(
                cell("01204", office_value_type="float", office_value="1204"),
                cell("1.204", office_value_type="float", office_value="1204"),
                cell("A<text:s text:c='2'/>B<office:annotation><text:p>note</text:p></office:annotation>"),
            )
            + row(cell("x"), table_visibility="filter")
            + row(
                cell(
                    "01/03/26",
                    office_value_type="date",
                    office_value_date_value="",
                    office_date_value="2026-03-01",
                ),
                cell("#DIV/0!", table_formula="of:=1/0", calcext_value_type="error"),
                cell("WAAR", office_value_type="boolean", office_boolean_value="true"),
            )
            + row("<table:table-cell/>", table_number_rows_repeated="1048000")
            + "</table:table>"
        )
    )
    old, clients = book.sheets
    assert (book.kind, old.hidden, clients.hidden) == ("ods", True, False)
    assert clients.rows[1] == ["01204", 1204, "A  B"]
    assert clients.rows[3] == [dt.date(2026, 3, 1), "#DIV/0!", True]
    assert (len(clients.rows), clients.hidden_rows, clients.hidden_columns) == (4, [2], [1])
    assert marks(book, 1) == {
        (3, 0, "date", "01/03/2026"),
        (3, 1, "error", "#DIV/0!"),
        (3, 2, "boolean", "TRUE"),
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (
            ods("<table:table>" + row(cell("a"), table_number_rows_repeated="999999999") + "</table:table>"),
            "workbook.rows",
        ),
        (
            ods("<table:table>" + row(cell("a", table_number_columns_repeated="99999")) + "</table:table>"),
            "workbook.columns",
        ),
        (ods("", '<m><encryption-data xmlns="x"/></m>'), "workbook.password"),
        (ods("<table:table>"), "damaged"),
        (ods("</x>"), "damaged"),
    ],
)
async def test_an_opendocument_list_that_harms_is_refused(data: bytes, code: str) -> None:
    assert (await refused(data)).code == code


async def test_an_opendocument_list_with_a_document_type_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    assert (await refused(buffer.getvalue())).code == "workbook.doctype"


async def test_a_numbers_document_is_read_table_by_table(tmp_path: Path) -> None:
    document = numbers_parser.Document(num_rows=3, num_cols=3)
    table = document.sheets[0].tables[0]
    for at, line in enumerate(
        [["Naam", "Nummer", "Sinds"], ["Café Élan", 999801368, dt.datetime.fromisoformat("2026-03-01")]]
    ):
        for column, value in enumerate(line):
            table.write(at, column, value)
    document.add_sheet("Oud")
    document.save(tmp_path / "list.numbers")
    book = await read_workbook((tmp_path / "list.numbers").read_bytes())
    assert (book.kind, [sheet.name for sheet in book.sheets]) == ("numbers", ["Sheet 1", "Oud"])
    assert book.sheets[0].rows[:2] == [
        ["Naam", "Nummer", "Sinds"],
        ["Café Élan", 999801368, dt.date(2026, 3, 1)],
    ]
    assert marks(book) == {(1, 2, "date", "01/03/2026")}
    data = bytearray((tmp_path / "list.numbers").read_bytes())
    half = len(data) // 2
    data[half : half + 2000] = bytes(2000)
    assert (await refused(bytes(data))).code in {"workbook.numbers", "damaged"}


async def test_a_web_page_called_xls_is_read_by_its_tables() -> None:
    page = (
        "<html><head><meta charset='windows-1252'></head><body><table><tr><td><table>"
        "<tr><th>Naam</th><th colspan=2>Nummer</th></tr><tr><td>Caf\xe9 <b>Élan</b></td><td>1</td></tr>"
        "</table></td></tr></table></body></html>"
    ).encode("cp1252")
    book = await read_workbook(page)
    assert (book.kind, book.sheets[0].rows) == ("html", [["Naam", "Nummer", ""], ["Café Élan", "1", ""]])


@pytest.mark.parametrize(
    "encoding", ["utf-8", "cp1252", "mac_roman", "cp850", "utf_16_le", "utf_16_be", "utf-16"]
)
@pytest.mark.parametrize(
    "name",
    [
        "Café Chez René",
        "Boulangerie Fête",
        "Élevage Maître Corbeau",
        "Zeeëend bv",
        "Müller & Söhne",
        "Garçon Coiffeur",
        "Noël à Liège",
        "ÉCOLE FRANÇAISE",
    ],
)
async def test_the_encoding_is_told_by_the_words(encoding: str, name: str) -> None:
    text = f"Naam;Ondernemingsnummer;E-mail\r\n{name};0999810474;a@b.example\r\n"
    book = await read_workbook(text.encode(encoding))
    assert book.sheets[0].rows[1][0] == name


async def test_a_person_may_choose_another_encoding_and_delimiter() -> None:
    data = "Naam;Nummer, oud\r\nCafé;1\r\n".encode("cp850")
    first = await read_workbook(data)
    again = await read_workbook(data, encoding="mac-roman", delimiter=",")
    assert (first.encoding, first.delimiter) == ("cp850", ";")
    assert (again.encoding, again.delimiter, again.sheets[0].rows[1][0]) == ("mac-roman", ",", "CafÇ;1")
    unknown = await read_workbook(data, encoding="idna", delimiter="x")
    assert (unknown.encoding, unknown.delimiter) == ("cp850", ";")


async def test_one_wrong_byte_does_not_make_another_encoding_of_a_file() -> None:
    lines = [f"Café {at};élan" for at in range(50)]
    data = "\r\n".join(lines).encode() + b"\r\nX\xe9;y"
    book = await read_workbook(data)
    assert (book.encoding, book.sheets[0].rows[0], book.sheets[0].rows[-1][0]) == (
        "utf-8",
        ["Café 0", "élan"],
        "X\ufffd",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Klanten, stand vandaag\n\nNaam;Nummer\nA;1\nB;2\n",
        "Naam, voornaam;Nummer;Straat, nr\nA;1;x\nB;2;y\n",
        "Lijst: a, b, c, d, e, f\nNaam;Nummer\nA, B, C;1\nD, E, F;2\n",
        'Naam;Bedrag\n"A, x";1,50\nB;2,50\nC;3,50\n',
        "Naam;Nummer;Mail\nA;1\nB;2;b@x.example\nC\n",
        "Naam\nA\nB\n",
    ],
)
async def test_semicolons_are_found_beside_commas(text: str) -> None:
    assert (await read_workbook(text.encode())).delimiter == ";"


@pytest.mark.parametrize("delimiter", list(";,\t|"))
async def test_each_delimiter_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(line) for line in (["Naam", "Nummer", "Mail"], ["A", "1", "a@b.example"]))
    assert (await read_workbook(text.encode())).delimiter == delimiter


async def test_quotation_marks_as_people_type_them_mark_their_rows() -> None:
    text = 'Naam;Nummer\n"De Kroon" BV;1\n"Goed; ook";2\nCafé "\'t Hof;3\n"nooit dicht;4\n"twee\nregels";5\n5" buis;6\n'
    book = await read_workbook(text.encode())
    rows = book.sheets[0].rows
    assert [row[1] for row in rows] == ["Nummer", "1", "2", "3", "4", "5", "6"]
    assert rows[2][0] == "Goed; ook"
    assert rows[5][0] == "twee\nregels"
    assert {rows[at][0] for at in book.broken_lines} >= {'"De Kroon" BV', '"nooit dicht'}


async def test_what_excel_left_in_a_text_file_is_marked() -> None:
    book = await read_workbook(b"Code;Naam;Nr\n1-mrt;A;9,99801E+08\n#N/B;B;#DEEL/0!\nsep-26;C;3\n")
    assert marks(book) == {
        (1, 0, "date", "1-mrt"),
        (1, 2, "number", "9,99801E+08"),
        (2, 0, "error", "#N/B"),
        (2, 2, "error", "#DEEL/0!"),
        (3, 0, "date", "sep-26"),
    }


async def test_a_text_as_long_as_a_cell_is_marked_as_cut() -> None:
    book = await read_workbook(b"Naam;Nr\n" + b"x" * 40_000 + b";1\n")
    assert [(one.kind, len(one.shown)) for one in book.sheets[0].marks] == [("cut", 40)]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1204, "00000", "01204"),
        (999801368, '0000"."000"."000', "0999.801.368"),
        (999801368, r"0000\.000\.000", "0999.801.368"),
        (1204, '[Red]"K"0000;-0', "K1204"),
        (470123456, '0000" "00" "00" "00', "0470 12 34 56"),
        (1234567, "00-00", "12345-67"),
        (12, "0.00", None),
        (12, "#,##0", None),
        (12, "General", None),
        (12, "dd/mm/yyyy", None),
        (1.5, "00000", None),
        (-3, "00000", None),
        (True, "00000", None),
    ],
)
def test_a_number_is_read_as_it_is_shown(value: float, code: str, text: str | None) -> None:
    assert shown(value, code) == text


@given(st.integers(0, 10**12), st.text(alphabet='0#?,"\\;[]_*abc. -%E@', max_size=20))
def test_no_format_makes_other_digits_of_a_number(value: int, code: str) -> None:
    text = shown(value, code)
    if text is not None:
        kept = "".join(sign for sign in text if sign.isdigit())
        assert kept.lstrip("0").endswith(str(value).lstrip("0")) or "0" in code


@given(st.lists(st.lists(st.text(alphabet='ab;,"\n\t é', max_size=6), min_size=1, max_size=4), max_size=8))
def test_no_text_file_ends_the_reader(rows: list[list[str]]) -> None:
    data = "\n".join(";".join(line) for line in rows).encode()
    if data.strip():
        book = text_files.read(data, 10_000, 200)
        assert all(at < len(book.sheets[0].rows) for at in book.broken_lines)


@given(st.binary(min_size=1, max_size=300))
def test_no_bytes_end_the_reader(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        text_files.read(data, 10_000, 200)
