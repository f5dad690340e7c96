"""Rows of a list that are no companies, or that whoever made it does not show: set apart, and left out unless somebody takes them in. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from portal.features.dossiers.domain.dossiers import folded
from portal.features.imports.domain.columns import Column, cell_text
from portal.features.imports.domain.headings import heading_key
from portal.features.imports.domain.reading import Read
from portal.features.imports.domain.rows import Apart
from portal.kernel.language import N_

WHY: dict[Apart, str] = {
    Apart.HIDDEN: N_("This row is hidden or filtered out in the file. It stays out unless you tick it."),
    Apart.HEADING: N_("These are the headings once more, no company. They stay out unless you tick them."),
    Apart.FOOTER: N_(
        "This looks like the end of a printed page or list, not like a company. It stays out unless you tick it."
    ),
}

_TOTALS = frozenset(
    (
        *(
            "totaal",
            "totalen",
            "subtotaal",
            "tussentotaal",
            "eindtotaal",
            "total",
            "totals",
            "subtotal",
            "totaux",
            "soustotal",
        ),
        *(
            "summe",
            "gesamtsumme",
            "zwischensumme",
            "gesamt",
            "insgesamt",
            "gesamtzahl",
            "aantal",
            "nombre",
            "anzahl",
            "count",
        ),
    )
)
_COUNTED = frozenset(
    (
        *(
            "klanten",
            "klant",
            "clients",
            "client",
            "kunden",
            "kunde",
            "mandanten",
            "customers",
            "customer",
            "relaties",
            "debiteuren",
        ),
        *(
            "dossiers",
            "dossier",
            "fiches",
            "items",
            "entries",
            "records",
            "record",
            "bedrijven",
            "societes",
            "companies",
            "firmen",
        ),
        *("rijen", "rij", "lijnen", "lignes", "ligne", "zeilen", "zeile", "rows", "row", "lines", "eintrage"),
        *(
            "algemeen",
            "general",
            "generaal",
            "generale",
            "grand",
            "sous",
            "eur",
            "euro",
            "aantal",
            "nombre",
            "anzahl",
            "number",
            "of",
            "count",
        ),
        *(
            "pagina",
            "page",
            "seite",
            "lijst",
            "liste",
            "list",
            "de",
            "des",
            "van",
            "van de",
            "der",
            "the",
            "this",
            "deze",
            "cette",
            "dieser",
        ),
    )
)
"""What a total may be one of. A company may be called *Total Energies*: other words make a row one of the list."""
_PAGES = frozenset(("pagina", "page", "seite", "blz", "bladzijde", "pag", "p", "blatt", "blad", "feuille"))
_OF = frozenset(("van", "de", "of", "von", "sur", "uit", "aus"))
_ENDS = frozenset(("einde", "end", "fin", "ende"))
_END_OF = frozenset(
    (
        *("van", "of", "de", "der", "du", "la", "het", "the", "des"),
        *("lijst", "list", "liste", "rapport", "report", "overzicht", "bericht", "export"),
    )
)
_PRINTED = re.compile(
    "(?:afgedrukt|gedrukt|uitgeprint|geprint|gegenereerd|geexporteerd|opgemaakt|aangemaakt|imprime|edite|genere|exporte|etabli"
    "|printed|generated|exported|created|gedruckt|ausgedruckt|erstellt|exportiert|stand)"
    " (?:op|le|on|am|door|par|by|von|vom|per|at|om|a) .*"
    "|(?:print|afdruk|druk|druck|export|impressie)(?:datum|date| datum| date)[ 0-9]*"
    "|date (?:d )?(?:impression|edition|export)[ 0-9]*"
)
_WITHOUT = (Column.NUMBER, Column.EMAIL, Column.PHONE, Column.ID)
"""A row that says one of these is about somebody, whatever it looks like."""


def set_apart(
    rows: Sequence[Sequence[Any]],
    heading: int,
    columns: Mapping[Column, int],
    read: Sequence[Read],
    hidden: Collection[int] = (),
) -> dict[int, Apart]:
    """Which read rows are set apart, by line.

    Args:
        rows: of the sheet.
        heading: the index of the row of headings; -1 where there is none.
        hidden: indexes of rows that the file does not show.
    """
    titles = {
        column: heading_key(cell_text(rows[heading][position]))
        for column, position in columns.items()
        if heading >= 0 and position < len(rows[heading])
    }
    found: dict[int, Apart] = {}
    for line, values in read:
        if line - 1 in hidden:
            found[line] = Apart.HIDDEN
        elif titles and _is_heading(values, titles):
            found[line] = Apart.HEADING
        elif _is_footer(rows[line - 1], values):
            found[line] = Apart.FOOTER
    return found


def _is_heading(values: Mapping[str, str], titles: Mapping[Column, str]) -> bool:
    name = values.get(Column.NAME.value, "")
    if not name or len(name) > 80 or heading_key(name) != titles.get(Column.NAME):
        return False
    same = sum(
        1 for column, title in titles.items() if title and heading_key(values.get(column.value, "")) == title
    )
    return same >= 2


def _is_footer(row: Sequence[Any], values: Mapping[str, str]) -> bool:
    says = any(column.value in values for column in _WITHOUT)
    if says and any(map(str.isalnum, values.get(Column.NAME.value, "x"))):
        return False
    texts = [text for cell in row if cell not in ("", None) and (text := cell_text(cell))]
    if not texts:
        return False
    if not any(map(folded, texts)):
        return True  # a line of dashes
    if says:
        return False
    if Column.NAME.value not in values and all(map(_is_figure, texts)) and Column.CODE.value not in values:
        return True  # sums alone
    first = folded(texts[0])
    return (
        bool(first)
        and any(map(str.isalpha, first))
        and _is_closing(texts[0])
        and all(_is_figure(text) or _is_closing(text) for text in texts[1:])
    )


def _is_closing(text: str) -> bool:
    """Whether a text is what ends a page or a list."""
    if len(text) > 200:
        return False
    plain = folded(text)
    words = [word for word in plain.split() if not word.isdigit()]
    if not words:
        return bool(plain)
    first, rest = words[0], words[1:]
    if _TOTALS.intersection(words):
        return all(word in _TOTALS or word in _COUNTED for word in words)
    if first in _PAGES:
        return len(words) < len(plain.split()) and all(word in _OF for word in rest)
    if first in _ENDS:
        return all(word in _END_OF for word in rest)
    counted = plain.split()[0].isdigit() and len(words) == 1 and first in _COUNTED
    return counted or _PRINTED.fullmatch(plain) is not None


_FIGURE = re.compile(r"[-+(]{0,2}[€$£]?\s?[0-9][0-9 .,']*\)?\s?(?:€|%|EUR)?-?")


def _is_figure(text: str) -> bool:
    return _FIGURE.fullmatch(text) is not None


__all__ = ["WHY", "set_apart"]
