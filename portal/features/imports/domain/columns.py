"""The columns of an Excel list of dossiers: what they are called, finding them in a sheet, and reading their words. Pure."""

import enum
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from portal.features.dossiers.domain.dossiers import folded
from portal.features.dossiers.domain.vat import NAMES, VatRegime
from portal.features.imports.domain.headings import AMBIGUOUS, heading_key, meaning
from portal.kernel.language import N_, Language, parse_language
from portal.kernel.texts import line


class Column(enum.StrEnum):
    """The columns of the template, in its order."""

    CODE = "code"
    NAME = "name"
    NUMBER = "number"
    COUNTRY = "country"
    LANGUAGE = "language"
    CONTACT = "contact"
    EMAIL = "email"
    PHONE = "phone"
    VAT_REGIME = "vat_regime"
    ACTIVITY = "activity"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    ID = "dossier_id"
    """Hidden, in the workbooks that we write with dossiers in them: which dossier a row is about. Not in the template."""


@dataclass(frozen=True, slots=True)
class ColumnText:
    """How a column is called and explained; `domain.headings` has what else means it, in any language."""

    title: str
    help: str
    width: int = 18
    required: bool = False


COLUMNS: dict[Column, ColumnText] = {
    Column.CODE: ColumnText(
        N_("Dossier code"),
        N_("The number in your bookkeeping package. Zeros in front are kept. May be left empty."),
    ),
    Column.NAME: ColumnText(N_("Company name"), N_("The name of the company."), 34, required=True),
    Column.NUMBER: ColumnText(
        N_("Company number"),
        N_("Ten digits in Belgium, with or without BE and dots. Empty for a company in formation."),
        20,
    ),
    Column.COUNTRY: ColumnText(N_("Country"), N_("Two letters; empty means BE."), 9),
    Column.LANGUAGE: ColumnText(N_("Language"), N_("nl, fr, en or de: the language of the client."), 11),
    Column.CONTACT: ColumnText(N_("Contact person"), N_("Who is invited."), 24),
    Column.EMAIL: ColumnText(N_("E-mail address"), N_("Where the invitation goes. May be left empty."), 30),
    Column.PHONE: ColumnText(N_("Phone"), N_("As people dial it."), 18),
    Column.VAT_REGIME: ColumnText(
        N_("VAT regime"),
        N_(
            "monthly, quarterly, exempt_small, exempt_activity, mixed, flat_rate, unit_member or none; empty means quarterly."
        ),
        16,
    ),
    Column.ACTIVITY: ColumnText(N_("Activity"), N_("To tell two dossiers on one company apart."), 20),
    Column.STREET: ColumnText(N_("Street and number"), "", 28),
    Column.POSTCODE: ColumnText(N_("Postcode"), "", 10),
    Column.CITY: ColumnText(N_("Town"), "", 20),
}


_WORDS_OF = {
    VatRegime.MONTHLY: (
        *("maand", "maandelijks", "maandaangifte", "maandaangever"),
        *("mensuel", "mensuelle", "déclaration mensuelle", "déposant mensuel"),
        *("monatlich", "Monatserklärung", "monatliche Erklärung"),
    ),
    VatRegime.QUARTERLY: (
        *("kwartaal", "driemaandelijks", "kwartaalaangifte", "kwartaalaangever"),
        *("trimestriel", "trimestrielle", "déclaration trimestrielle", "déposant trimestriel"),
        *("vierteljährlich", "Quartalserklärung", "Vierteljahreserklärung"),
    ),
    VatRegime.EXEMPT_SMALL: (
        *("exempt", "vrijgesteld", "exempté", "exempte", "befreit"),  # all that earlier releases knew
        *("56bis", "art. 56bis", "exempt small business", "small business"),
        *(
            "kleine onderneming",
            "vrijgestelde kleine onderneming",
            "vrijgestelde kleine onderneming (art. 56bis)",
        ),
        *(
            "petite entreprise",
            "franchise",
            "franchise de la taxe",
            "petite entreprise en franchise (art. 56bis)",
        ),
        *("Kleinunternehmen", "befreites Kleinunternehmen", "befreites Kleinunternehmen (Art. 56bis)"),
    ),
    VatRegime.EXEMPT_ACTIVITY: (
        *("art. 44", "exempt activity", "vrijgestelde activiteit", "vrijgestelde activiteit (art. 44)"),
        *("activité exemptée", "activité exonérée", "activité exemptée (art. 44)"),
        *("befreite Tätigkeit", "befreite Tätigkeit (Art. 44)"),
    ),
    VatRegime.MIXED: (
        *("gemengd", "gemengde btw-plichtige", "gemengd belastingplichtige"),
        *("mixte", "assujetti mixte", "gemischt", "gemischt steuerpflichtig"),
    ),
    VatRegime.FLAT_RATE: (
        *("flat rate", "forfait", "forfaitair", "forfaitaire", "forfaitaire regeling", "régime du forfait"),
        *("pauschal", "Pauschale", "Pauschalregelung"),
    ),
    VatRegime.UNIT_MEMBER: (
        *("VAT unit", "btw-eenheid", "lid van een btw-eenheid", "unité TVA", "membre d'une unité TVA"),
        *("MwSt.-Einheit", "Mitglied einer MwSt.-Einheit"),
    ),
    VatRegime.NONE: (
        *(
            "geen",
            "aucun",
            "keine",
            "not liable",
            "niet btw-plichtig",
            "non assujetti",
            "non assujetti à la TVA",
        ),
        *("nicht mehrwertsteuerpflichtig",),
    ),
}
VAT_WORDS = {
    folded(word): regime for regime in VatRegime for word in (regime.value, NAMES[regime], *_WORDS_OF[regime])
}
"""Every word for a regime that a list may have, in four languages; a test compares them with what pages say."""


_TITLES = {heading_key(text.title): column for column, text in COLUMNS.items()}
_IDS = {column.value: column for column in Column}
_EDGE = 20
"""A heading stands in the first rows of a sheet."""
_SAMPLE = 40


def find_columns(
    rows: Sequence[Sequence[Any]], hidden: Collection[int] = ()
) -> tuple[int, dict[Column, int]] | None:
    """The heading row among the first twenty, and which column is where; None when no row names the company.

    The most named columns win; a technical heading (the template's hidden ids) beats a word.

    Args:
        hidden: columns that the file does not show: of these only the one that we hide ourselves is read.
    """
    best: tuple[int, dict[Column, int]] | None = None
    for index in range(min(len(rows), _EDGE)):
        found = columns_of(rows, index, hidden)
        if Column.NAME in found and len(found) >= 2 and (best is None or len(found) > len(best[1])):
            best = (index, found)
    return best


def columns_of(
    rows: Sequence[Sequence[Any]], heading: int, hidden: Collection[int] = ()
) -> dict[Column, int]:
    """Which column of a sheet holds what, by the headings of one row. The first of two that mean the same is it."""
    found: dict[Column, tuple[int, int]] = {}
    above = rows[heading - 1] if heading else ()
    group = ""
    for position, cell in enumerate(rows[heading]):
        if position < len(above) and above[position] not in ("", None):
            group = str(above[position])
        if not isinstance(cell, str) or not cell.strip():
            continue
        column, rank = _meaning(cell, group, rows, heading, position)
        if column is None or (position in hidden and column is not Column.ID):
            continue
        if column not in found or rank < found[column][1]:
            found[column] = (position, rank)
    return {column: position for column, (position, _rank) in found.items()}


def _meaning(
    cell: str, group: str, rows: Sequence[Sequence[Any]], heading: int, position: int
) -> tuple[Column | None, int]:
    own = _IDS.get(cell.strip()) or _TITLES.get(heading_key(cell))  # a list's own "ID" is something else
    if own is not None:
        column, rank = own, 0
    elif (meant := meaning(cell)) is not None:
        rank = meant[1]
        column = _by_content(rows, heading, position) if meant[0] == AMBIGUOUS else Column(meant[0])
        rank += meant[0] == AMBIGUOUS
    else:
        return None, 0
    if column is Column.NAME and (over := meaning(group)) is not None and over[0] == Column.CONTACT.value:
        return Column.CONTACT, 1  # "Contact" over "Naam" and "E-mail"
    return column, rank


def _by_content(rows: Sequence[Sequence[Any]], heading: int, position: int) -> Column:
    """What stands under a heading that means a name in one list and a code in another."""
    cells = [
        cell_text(row[position])
        for row in rows[heading + 1 : heading + 1 + _SAMPLE]
        if position < len(row) and row[position] not in ("", None)
    ]
    coded = sum(1 for cell in cells if any(c.isdigit() for c in cell) and len(cell) <= 12 and " " not in cell)
    return Column.CODE if cells and coded * 2 > len(cells) else Column.NAME


LONGEST_CELL = 400
_NOT_IN_A_CELL = frozenset(chr(n) for n in range(32) if chr(n) not in "\t\n\r") | {"\x7f", "\ufffe", "\uffff"}
"""What no cell of a workbook can hold."""


def cell_text(value: Any) -> str:
    """A cell as a person sees it: a whole number without its .0, a date in ISO form, a text without what hides in it."""
    if isinstance(value, str) and len(value) <= LONGEST_CELL and value.isascii() and value.isprintable():
        return " ".join(value.split())
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = "" if value is None else str(value)
    # Read again after the cut, so that what was read once is read the same again.
    return line(line("".join(c for c in text if c not in _NOT_IN_A_CELL))[:LONGEST_CELL])


_WIDE_SIGNS = re.compile("[\uff01-\uff5e\u3000]")


def narrowed(text: str) -> str:
    """A text with full-width signs as what they stand for; any other as it is."""
    return (
        " ".join(unicodedata.normalize("NFKC", text).split())
        if not text.isascii() and _WIDE_SIGNS.search(text)
        else text
    )


def letter(position: int) -> str:
    """A column as Excel names it: 0 is A, 26 is AA."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(65 + rest) + name
    return name


_LANGUAGES = {
    "nederlands": "nl",
    "frans": "fr",
    "francais": "fr",
    "engels": "en",
    "english": "en",
    "deutsch": "de",
}


@lru_cache(maxsize=256)
def _language(text: str) -> Language | None:
    name = folded(text)
    return parse_language(_LANGUAGES.get(name, name))


@lru_cache(maxsize=256)
def _regime(text: str) -> VatRegime | None:
    return VAT_WORDS.get(folded(text))


def language_of(values: Mapping[str, str]) -> Language | None:
    """The language a row names, if it is one of ours."""
    return _language(values.get(Column.LANGUAGE.value, ""))


def regime_of(values: Mapping[str, str]) -> VatRegime | None:
    """The VAT regime a row names, if it is one."""
    return _regime(values.get(Column.VAT_REGIME.value, ""))


def wanted(values: Mapping[str, str]) -> dict[str, str]:
    """What a row wants a dossier to say, in stored form; what it leaves empty stays as it is."""
    language, regime = language_of(values), regime_of(values)
    plain = {
        "code": values.get(Column.CODE.value, ""),
        "name": values.get(Column.NAME.value, ""),
        "contact_name": values.get(Column.CONTACT.value, ""),
        "contact_email": values.get(Column.EMAIL.value, "").lower(),
        "contact_phone": values.get(Column.PHONE.value, ""),
        "language": language.value if language else "",
        "vat_regime": regime.value if regime else "",
    }
    return {name: value for name, value in plain.items() if value}
