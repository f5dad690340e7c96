"""Workbooks we write: the template, the present dossiers in the same form, and the rows that could not be taken.

Every cell that came from somebody is written as a string: a spreadsheet must not compute what a client's name says. The heading's
meaning does not hang on its language: the second, hidden row carries the column ids. Where dossiers are in it, a hidden last column says
which: brought back, each row finds its dossier, whatever was changed.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from portal.features.dossiers.domain.vat import NAMES, VatRegime
from portal.features.imports.domain.columns import COLUMNS, Column, cell_text
from portal.features.imports.domain.rows import ImportRow, Remark, RowStatus
from portal.kernel.clock import local_date
from portal.kernel.language import LANGUAGE_NAMES, N_, gettext

SHEET = N_("Dossiers")
HELP = N_("How to fill this in")
BLANK_ROWS = 500


def template() -> bytes:
    """The empty list, in the reader's language."""
    return _workbook([])


def of_dossiers(rows: Sequence[Mapping[str, str]], *, created: datetime | None = None) -> bytes:
    """The present dossiers in the template's form: change and import it again.

    Args:
        created: what the file says of its making; the same rows and moment give the same bytes.
    """
    return _workbook(rows, created=created)


def of_faults(rows: Sequence[ImportRow]) -> bytes:
    """The rows that were not taken, with what is wrong beside them; correct and import as it is."""
    comments = [
        "; ".join(
            f"{gettext(COLUMNS[remark.column].title) if remark.column else ''}: "
            f"{gettext(remark.what) % remark.params} {_by(remark)}{gettext(remark.fix) if remark.fix else ''}".strip()
            for remark in row.remarks
            if remark.error or row.status is RowStatus.ASK
        )
        for row in rows
    ]
    red = [{remark.column for remark in row.remarks if remark.error} for row in rows]
    known = [{**row.values, Column.ID.value: row.dossier_id or row.get(Column.ID)} for row in rows]
    return _workbook(known, comments=comments, red=red)


def _by(remark: Remark) -> str:
    """Who did what a remark speaks of, and on which day."""
    return f"({remark.by or '–'}, {local_date(remark.at).isoformat()}) " if remark.at is not None else ""


def _write_heading(sheet: Any, head: Any, must: Any, text: Any) -> None:
    """The titles with what belongs in each column, and below them, hidden, the names by which they are read again."""
    for position, (column, words) in enumerate(COLUMNS.items()):
        sheet.set_column(position, position, words.width, text)
        title = gettext(words.title)
        sheet.write_string(
            0, position, title + ("*" if words.required else ""), must if words.required else head
        )
        if words.help:
            sheet.write_comment(0, position, gettext(words.help), {"x_scale": 1.6})
        sheet.write_string(1, position, column.value, text)
    sheet.set_row(0, 24)
    sheet.set_row(1, None, None, {"hidden": True})
    sheet.freeze_panes(2, 2)


def _workbook(
    rows: Sequence[Mapping[str, str]],
    *,
    comments: Sequence[str] | None = None,
    red: Sequence[set[Column | None]] | None = None,
    created: datetime | None = None,
) -> bytes:
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    if created is not None:
        book.set_properties({"created": created})
    head = book.add_format(
        {"bold": True, "bg_color": "#E8EDF3", "border": 1, "border_color": "#C3CCD6", "valign": "vcenter"}
    )
    must = book.add_format(
        {"bold": True, "bg_color": "#D5E3F3", "border": 1, "border_color": "#C3CCD6", "valign": "vcenter"}
    )
    text = book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FBE3E1"})
    sheet = book.add_worksheet(gettext(SHEET)[:31])
    _write_heading(sheet, head, must, text)
    if comments is not None:
        sheet.set_column(len(COLUMNS), len(COLUMNS), 70)
        sheet.write_string(0, len(COLUMNS), gettext(N_("What to correct")), head)
    for index, values in enumerate(rows):
        for position, column in enumerate(COLUMNS):
            marked = red is not None and column in red[index]
            cell = cell_text(values.get(column.value, ""))
            sheet.write_string(index + 2, position, cell, wrong if marked else text)
        if comments is not None:
            sheet.write_string(index + 2, len(COLUMNS), comments[index])
    if any(values.get(Column.ID.value) for values in rows):
        hidden = len(COLUMNS) + (comments is not None)
        sheet.set_column(hidden, hidden, 38, text, {"hidden": True})
        for line in (0, 1):
            sheet.write_string(line, hidden, Column.ID.value, text)
        for index, values in enumerate(rows):
            sheet.write_string(index + 2, hidden, values.get(Column.ID.value, ""), text)
    last = max(len(rows), BLANK_ROWS) + 1
    _choice(sheet, Column.LANGUAGE, last, [language.value for language in LANGUAGE_NAMES])
    _choice(sheet, Column.VAT_REGIME, last, [regime.value for regime in VatRegime])
    _choice(sheet, Column.COUNTRY, last, ["BE", "NL", "LU", "FR", "DE"])
    guide = book.add_worksheet(gettext(HELP)[:31])
    guide.set_column(0, 0, 26)
    guide.set_column(1, 1, 90)
    for line, words in enumerate(COLUMNS.values()):
        guide.write_string(line, 0, gettext(words.title), head)
        guide.write_string(line, 1, gettext(words.help) if words.help else "")
    for line, (regime, name) in enumerate(NAMES.items(), len(COLUMNS) + 1):
        guide.write_string(line, 0, regime.value, text)
        guide.write_string(line, 1, gettext(name))
    book.close()
    return out.getvalue()


def _choice(sheet: Any, column: Column, last: int, source: list[str]) -> None:
    position = list(COLUMNS).index(column)
    sheet.data_validation(
        2, position, last, position, {"validate": "list", "source": source, "ignore_blank": True}
    )


__all__ = ["of_dossiers", "of_faults", "template"]
