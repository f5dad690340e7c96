"""Reading spreadsheets and CSV: honest ones come out right, hostile ones are refused with a reason."""

import datetime as dt
import io
import zipfile
import zlib
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.sandbox import Limits, TooComplex, Unreadable, read_workbook, run
from portal.sandbox.tables.places import column_name
from portal.sandbox.tables.xlsx import oversized_references

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="{target}" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/></Relationships>'
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = (
    f'<?xml version="1.0"?><workbook xmlns="{MAIN}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def workbook(rows: list[list[Any]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "remove_timezone": True}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet = book.add_worksheet("Liste")
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(at, column, value, None, 12)
                elif isinstance(value, dt.datetime):
                    sheet.write_datetime(at, column, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(at, column, dt.datetime.combine(value, dt.time()), day)
                elif value is not None:
                    sheet.write(at, column, value)
        book.add_worksheet("Hidden one").hide()
    return buffer.getvalue()


def raw(sheet: str = "", /, **parts: bytes | str) -> bytes:
    """A workbook made by hand, with whatever in it."""
    buffer = io.BytesIO()
    files: dict[str, bytes | str] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": (
            f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>'
        ),
        **parts,
    }
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


async def refused(data: bytes, **limits: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        await read_workbook(data, **limits)
    assert caught.value.text()
    return caught.value


async def test_cells_keep_their_types() -> None:
    row = [
        "Ünïcode €",
        12,
        12.5,
        True,
        dt.date(2026, 1, 31),
        dt.datetime.fromisoformat("2026-01-31T13:45"),
        "=1+11",
        "0123",
    ]
    book = await read_workbook(workbook([row]))
    assert book.kind == "xlsx"
    assert [(sheet.name, sheet.hidden) for sheet in book.sheets] == [("Liste", False), ("Hidden one", True)]
    [read] = book.sheets[0].rows
    assert read == [*row[:6], 12, "0123"]
    assert [type(value) for value in read[:6]] == [str, int, float, bool, dt.date, dt.datetime]


async def test_the_index_of_a_row_is_the_number_excel_shows_and_rows_are_equally_long() -> None:
    book = await read_workbook(workbook([[], [], ["a", None, "c"], ["only one"], [], [""]]))
    assert book.sheets[0].rows == [["", "", ""], ["", "", ""], ["a", "", "c"], ["only one", "", ""]]


async def test_two_thousand_rows_are_read() -> None:
    rows = [[f"r{at}c{column}" for column in range(15)] for at in range(2000)]
    assert (await read_workbook(workbook(rows))).sheets[0].rows == rows


async def test_styled_but_empty_cells_to_the_last_row_do_no_harm() -> None:
    ghost = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    book = await read_workbook(raw('<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>' + ghost))
    assert book.sheets[0].rows == [["x"]]


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "A20001"])
async def test_a_cell_far_away_is_named_before_anything_is_laid_out(cell: str) -> None:
    error = await refused(raw(f'<row><c r="A1"><v>1</v></c><c s="0" r="{cell}"><v>1</v></c></row>'))
    assert error.code == ("workbook.columns" if cell.startswith("XFD") else "workbook.rows")
    assert error.params["found"] in {"XFD", 1048576, 20001}


@pytest.mark.parametrize("prefix", ["", "x:"])
async def test_a_million_rows_are_refused_with_their_number(prefix: str) -> None:
    body = "".join(
        f'<{prefix}row><{prefix}c r="A{at}"><v>1</v></{prefix}c></{prefix}row>' for at in range(1, 1_000_001)
    )
    error = await refused(raw(body))
    assert (error.code, error.params) == ("workbook.rows", {"found": 1_000_000, "limit": 20_000})
    assert "1000000" in error.text()


async def test_rows_without_places_are_counted_too() -> None:
    error = await refused(raw("<row><c><v>1</v></c></row>" * 30_000))
    assert (error.code, error.params["found"]) == ("workbook.rows", 30_000)


@pytest.mark.parametrize("cell", ["ZZZZZZ2", "A0", "A99999999999", "1A"])
async def test_a_place_that_makes_the_reader_panic_is_a_refusal(cell: str) -> None:
    await refused(raw(f'<row><c r="{cell}"><v>1</v></c><c r="A1"><v>1</v></c></row>'))


async def test_a_part_that_unpacks_to_gigabytes_is_refused_by_what_it_declares() -> None:
    error = await refused(raw(**{"xl/sharedStrings.xml": b" " * 120_000_000}))
    assert (error.code, error.params) == ("workbook.size", {"limit": 100})


async def test_a_part_that_lies_about_its_size_is_refused_by_what_it_holds() -> None:
    data = bytearray(raw(**{"xl/sharedStrings.xml": b" " * 60_000_000}))
    true, lie = (60_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert true in data
    await refused(bytes(data.replace(true, lie)))


async def test_what_passes_the_look_but_not_the_memory_is_too_complex() -> None:
    data = raw(f"<row>{'<c><v>1</v></c>' * 100}</row>" * 5000)
    with pytest.raises(TooComplex) as caught:
        await run(
            "portal.sandbox.readers.workbook",
            data,
            limits=Limits(memory=20 * 1024 * 1024),
            max_rows=20_000,
            max_columns=200,
        )
    assert caught.value.params == {"cause": "memory"}
    assert caught.value.text()


async def test_too_many_parts_are_refused() -> None:
    assert (await refused(raw(**{f"x/{at}.xml": b"" for at in range(2100)}))).code == "workbook.parts"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
async def test_a_document_type_is_refused_in_every_part(part: str) -> None:
    lol = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;">]><x>&l2;</x>'
    assert (await refused(raw(**{part: lol}))).code == "workbook.doctype"


async def test_old_and_encrypted_workbooks_say_what_to_do() -> None:
    error = await refused(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))
    assert error.code == "workbook.old"
    assert ".xlsx" in error.text()


async def test_other_office_files_and_other_files_are_named_as_such() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES.replace("spreadsheetml", "wordprocessingml"))
    assert (await refused(other.getvalue())).code == "workbook.other"
    nothing = io.BytesIO()
    with zipfile.ZipFile(nothing, "w") as archive:
        archive.writestr("invoice.xml", "<x/>")
    assert (await refused(nothing.getvalue())).code == "workbook.other"
    assert (await refused(b"<html><table></table></html>")).code == "workbook.other"
    assert (await refused(b"%PDF-1.7\n" + b"x" * 100)).code == "workbook.unknown"
    assert (await refused(b"")).code == "empty"
    assert (await refused(b"  \r\n ")).code == "empty"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
async def test_a_truncated_workbook_is_damaged(keep: float) -> None:
    data = workbook([["x"] * 10] * 100)
    assert (await refused(data[: int(len(data) * keep)])).code == "damaged"


async def test_a_flipped_byte_never_gets_past_the_checksum() -> None:
    data = raw("".join(f'<row><c r="A{at}"><v>{at}</v></c></row>' for at in range(1, 500)))
    at = data.index(b"xl/worksheets/sheet1.xml") + 200
    broken = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
    assert (await refused(broken)).code == "damaged"


@given(st.integers(1, 20_000), st.integers(1, 18_278), st.integers(1, 2_000_000), st.integers(1, 20_000))
def test_a_cell_beyond_the_limits_is_looked_at_and_no_other(
    max_rows: int, max_columns: int, row: int, column: int
) -> None:
    sheet = f'<c r="{column_name(column)}{row}" t="s"><v>1</v></c>'.encode()
    looked_at = oversized_references(max_rows, max_columns).search(sheet) is not None
    assert looked_at == (row > max_rows or column > max_columns)


async def test_random_bytes_after_the_zip_mark_are_damaged_or_other() -> None:
    for seed in range(20):
        noise = zlib.compress(str(seed).encode() * 50)
        assert (await refused(b"PK\x03\x04" + noise)).code in {"damaged", "workbook.other"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
async def test_csv_is_read_as_excel_writes_it(encoding: str, delimiter: str) -> None:
    text = (
        delimiter.join(["Naam", "Straat"])
        + "\r\n"
        + delimiter.join(['"Café ""Zeeëend"", bv; ja"', "Één"])
        + "\r\n"
    )
    book = await read_workbook(text.encode(encoding))
    assert (book.kind, book.sheets[0].rows) == (
        "csv",
        [["Naam", "Straat"], ['Café "Zeeëend", bv; ja', "Één"]],
    )


async def test_csv_may_declare_its_delimiter_have_lines_in_cells_and_short_rows() -> None:
    book = await read_workbook(b'sep=,\r\na,b\r\n"one\ntwo",x\r\nshort\r\n,\r\n')
    assert book.sheets[0].rows == [["a", "b"], ["one\ntwo", "x"], ["short", ""]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a;b\n1;\x002\n", "csv.binary"),
        (b"a;b\n" * 20_001, "workbook.rows"),
        (b";" * 300 + b"\n", "workbook.columns"),
        (b"\xff\xfea", "damaged"),
    ],
)
async def test_bad_csv_is_refused_with_its_reason(data: bytes, code: str) -> None:
    assert (await refused(data)).code == code
