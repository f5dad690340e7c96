"""The columns of an Excel list of dossiers: what they are called, finding them in a sheet, and reading their words. Pure."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from portal.features.dossiers.domain.dossiers import folded
from portal.features.dossiers.domain.vat import NAMES, VatRegime
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
    """How a column is called and explained; `words` are other headings that mean it, in any language."""

    title: str
    help: str
    words: tuple[str, ...]
    width: int = 18
    required: bool = False


COLUMNS: dict[Column, ColumnText] = {
    Column.CODE: ColumnText(
        N_("Dossier code"),
        N_("The number in your bookkeeping package. Zeros in front are kept. May be left empty."),
        (
            "dossiercode",
            "code",
            "dossier",
            "dossiernummer",
            "numero de dossier",
            "mandantennummer",
            "klantnummer",
        ),
    ),
    Column.NAME: ColumnText(
        N_("Company name"),
        N_("The name of the company."),
        (
            "naam",
            "name",
            "nom",
            "firma",
            "company",
            "onderneming",
            "societe",
            "unternehmen",
            "bedrijfsnaam",
            "denomination",
        ),
        34,
        required=True,
    ),
    Column.NUMBER: ColumnText(
        N_("Company number"),
        N_("Ten digits in Belgium, with or without BE and dots. Empty for a company in formation."),
        (
            "ondernemingsnummer",
            "numero d entreprise",
            "n d entreprise",
            "unternehmensnummer",
            "company number",
            "enterprise number",
            "btw",
            "btw nummer",
            "tva",
            "numero tva",
            "vat",
            "vat number",
            "ust id",
            "kbo",
            "bce",
        ),
        20,
    ),
    Column.COUNTRY: ColumnText(
        N_("Country"), N_("Two letters; empty means BE."), ("land", "country", "pays"), 9
    ),
    Column.LANGUAGE: ColumnText(
        N_("Language"),
        N_("nl, fr, en or de: the language of the client."),
        ("taal", "language", "langue", "sprache"),
        11,
    ),
    Column.CONTACT: ColumnText(
        N_("Contact person"),
        N_("Who is invited."),
        ("contactpersoon", "contact", "personne de contact", "ansprechpartner", "contact person"),
        24,
    ),
    Column.EMAIL: ColumnText(
        N_("E-mail address"),
        N_("Where the invitation goes. May be left empty."),
        ("e mail", "email", "mail", "e mailadres", "adresse e mail", "e mail adresse", "e mail address"),
        30,
    ),
    Column.PHONE: ColumnText(
        N_("Phone"), N_("As people dial it."), ("telefoon", "tel", "telephone", "telefon", "gsm"), 18
    ),
    Column.VAT_REGIME: ColumnText(
        N_("VAT regime"),
        N_(
            "monthly, quarterly, exempt_small, exempt_activity, mixed, flat_rate, unit_member or none; empty means quarterly."
        ),
        ("btw regime", "regime tva", "vat regime", "aangifte", "mwst"),
        16,
    ),
    Column.ACTIVITY: ColumnText(
        N_("Activity"),
        N_("To tell two dossiers on one company apart."),
        ("activiteit", "activite", "tatigkeit", "afdeling"),
        20,
    ),
    Column.STREET: ColumnText(
        N_("Street and number"), "", ("straat", "adres", "rue", "adresse", "street", "strasse"), 28
    ),
    Column.POSTCODE: ColumnText(N_("Postcode"), "", ("postcode", "code postal", "plz", "zip"), 10),
    Column.CITY: ColumnText(
        N_("Town"), "", ("gemeente", "plaats", "ville", "localite", "stadt", "ort", "city", "town"), 20
    ),
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


_HEADINGS = {
    heading: column
    for column, text in COLUMNS.items()
    for heading in (column.value, folded(text.title), *map(folded, text.words))
}
"""What may stand above a column, folded."""


def find_columns(rows: Sequence[Sequence[Any]]) -> tuple[int, dict[Column, int]] | None:
    """The heading row among the first twenty, and which column is where; None when no row names the company.

    The most named columns win; a technical heading (the template's hidden ids) beats a word.
    """
    best: tuple[int, dict[Column, int]] | None = None
    for index, row in enumerate(rows[:20]):
        found: dict[Column, int] = {}
        for position, cell in enumerate(row):
            heading = folded(str(cell).removesuffix("*")) if isinstance(cell, str) else ""
            column = _HEADINGS.get(heading) or _HEADINGS.get(heading.replace(" ", "_"))
            if (
                isinstance(cell, str) and cell.strip() == Column.ID.value
            ):  # as we write it; a list's own "ID" is something else
                column = Column.ID
            if column is not None:
                found.setdefault(column, position)
        if Column.NAME in found and len(found) >= 2 and (best is None or len(found) > len(best[1])):
            best = (index, found)
    return best


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
