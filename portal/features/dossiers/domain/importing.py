"""An Excel list of dossiers: its columns, finding them in a sheet, and judging each row. Pure.

Two lists decide: what the file says, and what is there already (`Known`). The same judgement is shown in the preview and carried
out on acceptance.
"""

import enum
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from portal.features.dossiers.domain import VatRegime
from portal.kernel.language import N_, Language, parse_language
from portal.kernel.numbers import COUNTRIES, NotANumber, parse_company_number

MOST_ROWS = 5000
_EMAIL = re.compile(
    r"[^@\s\"<>()\[\],;:]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,24}", re.ASCII
)


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
        N_("monthly, quarterly, exempt or none; empty means quarterly."),
        ("btw regime", "regime tva", "vat regime", "aangifte", "mwst"),
        14,
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
VAT_WORDS = {
    **{regime.value: regime for regime in VatRegime},
    "maand": VatRegime.MONTHLY,
    "maandelijks": VatRegime.MONTHLY,
    "mensuel": VatRegime.MONTHLY,
    "monatlich": VatRegime.MONTHLY,
    "kwartaal": VatRegime.QUARTERLY,
    "trimestriel": VatRegime.QUARTERLY,
    "vierteljahrlich": VatRegime.QUARTERLY,
    "vrijgesteld": VatRegime.EXEMPT,
    "exempte": VatRegime.EXEMPT,
    "befreit": VatRegime.EXEMPT,
    "geen": VatRegime.NONE,
    "aucun": VatRegime.NONE,
    "keine": VatRegime.NONE,
}


class RowStatus(enum.StrEnum):
    """What accepting a row would do."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REQUEST = "request"
    DUPLICATE = "duplicate"
    ERROR = "error"


GOOD = frozenset({RowStatus.CREATE, RowStatus.UPDATE, RowStatus.REQUEST})
"""Rows that acceptance carries out."""


class Remark(msgspec.Struct, frozen=True):
    """One thing about one cell: what is wrong (or was mended), and how to put it right."""

    column: Column | None
    value: str
    what: str
    fix: str = ""
    error: bool = True
    params: dict[str, str] = {}


class ImportRow(msgspec.Struct):
    """One row as read and judged. `line` is the number Excel shows; `letters` where each column stood."""

    line: int
    values: dict[str, str]
    status: RowStatus
    remarks: list[Remark]
    number: str | None = None
    dossier_id: str | None = None
    changes: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class KnownDossier:
    """A present dossier, as far as the list may change it."""

    id: str
    code: str | None
    country: str
    number: str | None
    activity: str
    values: Mapping[str, str]


@dataclass(slots=True)
class Known:
    """What is there already: the firm's dossiers, and which numbers belong to companies that are claimed."""

    dossiers: Sequence[KnownDossier] = ()
    claimed: frozenset[tuple[str, str]] = frozenset()
    _by_key: dict[tuple[str, str, str], KnownDossier] = field(default_factory=dict)
    _by_code: dict[str, KnownDossier] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.dossiers:
            if one.number:
                self._by_key[(one.country, one.number, folded(one.activity))] = one
            if one.code:
                self._by_code[one.code] = one

    def find(self, country: str, number: str | None, code: str | None, activity: str) -> KnownDossier | None:
        """The dossier a row is about: by number (and activity), else by code where the row has no number."""
        if number:
            return self._by_key.get((country, number, folded(activity)))
        return self._by_code.get(code) if code else None

    def with_code(self, code: str) -> KnownDossier | None:
        """The dossier that has a code."""
        return self._by_code.get(code)


def folded(text: str) -> str:
    """A heading or word without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def find_columns(rows: Sequence[Sequence[Any]]) -> tuple[int, dict[Column, int]] | None:
    """The heading row among the first twenty, and which column is where; None when no row names the company.

    The most named columns win; a technical heading (the template's hidden ids) beats a word.
    """
    words: dict[str, Column] = {}
    for column, text in COLUMNS.items():
        words[column.value] = column
        words[folded(text.title)] = column
        for word in text.words:
            words[folded(word)] = column
    best: tuple[int, dict[Column, int]] | None = None
    for index, row in enumerate(rows[:20]):
        found: dict[Column, int] = {}
        for position, cell in enumerate(row):
            heading = folded(str(cell).removesuffix("*")) if isinstance(cell, str) else ""
            column = words.get(heading) or words.get(heading.replace(" ", "_"))
            if column is not None:
                found.setdefault(column, position)
        if Column.NAME in found and len(found) >= 2 and (best is None or len(found) > len(best[1])):
            best = (index, found)
    return best


def cell_text(value: Any) -> str:
    """A cell as a person sees it: a whole number without its .0, a date in ISO form."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = "" if value is None else str(value)
    return " ".join("".join(c for c in text if c >= " " or c in "\t\n").split())[:400]


def letter(position: int) -> str:
    """A column as Excel names it: 0 is A, 26 is AA."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(65 + rest) + name
    return name


def judge(
    rows: Sequence[Sequence[Any]], heading: int, columns: Mapping[Column, int], known: Known
) -> list[ImportRow]:
    """Every filled row below the heading, with what accepting it would do."""
    judged: list[ImportRow] = []
    seen_keys: dict[tuple[str, str, str], int] = {}
    seen_codes: dict[str, int] = {}
    for index, cells in enumerate(rows[heading + 1 :], start=heading + 2):
        values = {
            column.value: cell_text(cells[position]) if position < len(cells) else ""
            for column, position in columns.items()
        }
        if not any(values.values()):
            continue
        judged.append(_judge_row(index, values, known, seen_keys, seen_codes))
    return judged


def _judge_row(
    line: int,
    values: dict[str, str],
    known: Known,
    seen_keys: dict[tuple[str, str, str], int],
    seen_codes: dict[str, int],
) -> ImportRow:
    remarks: list[Remark] = []
    get = lambda column: values.get(column.value, "")  # noqa: E731 - one word for one thing, used all over below
    if not get(Column.NAME):
        remarks.append(Remark(Column.NAME, "", N_("The company name is missing."), N_("Fill it in.")))
    country = (get(Column.COUNTRY) or "BE").upper()
    if country not in COUNTRIES:
        remarks.append(
            Remark(
                Column.COUNTRY,
                get(Column.COUNTRY),
                N_("This country is not known here."),
                N_("Use BE, NL, LU, FR or DE."),
            )
        )
    number = _number(get(Column.NUMBER), country, remarks)
    email = get(Column.EMAIL)
    if email and not _EMAIL.fullmatch(email):
        remarks.append(
            Remark(
                Column.EMAIL,
                email,
                N_("This is not an e-mail address."),
                N_("Correct it, or leave it empty."),
            )
        )
    if get(Column.LANGUAGE) and language_of(values) is None:
        remarks.append(
            Remark(
                Column.LANGUAGE,
                get(Column.LANGUAGE),
                N_("This language is not known here."),
                N_("Use nl, fr, en or de."),
            )
        )
    if get(Column.VAT_REGIME) and regime_of(values) is None:
        remarks.append(
            Remark(
                Column.VAT_REGIME,
                get(Column.VAT_REGIME),
                N_("This VAT regime is not known here."),
                N_("Use monthly, quarterly, exempt or none."),
            )
        )
    code = get(Column.CODE) or None
    row = ImportRow(line, values, RowStatus.ERROR, remarks, number)
    if any(remark.error for remark in remarks):
        return row
    existing = known.find(country, number, code, get(Column.ACTIVITY))
    if not _first_in_file(row, country, code, seen_keys, seen_codes):
        return row
    holder = known.with_code(code) if code else None
    if holder is not None and (existing is None or holder.id != existing.id):
        remarks.append(
            Remark(
                Column.CODE,
                code or "",
                N_("Another dossier already has this code."),
                N_("Give this one another code."),
            )
        )
        return row
    if existing is not None:
        row.dossier_id = existing.id
        row.changes = {
            name: [existing.values.get(name, ""), value]
            for name, value in wanted(values).items()
            if value and existing.values.get(name, "") != value
        }
        row.status = RowStatus.UPDATE if row.changes else RowStatus.UNCHANGED
    elif number and (country, number) in known.claimed:
        row.status = RowStatus.REQUEST
        remarks.append(
            Remark(
                Column.NUMBER,
                get(Column.NUMBER),
                N_("This company has an account already. Its owner will be asked to give you access."),
                error=False,
            )
        )
    else:
        row.status = RowStatus.CREATE
    return row


def _first_in_file(
    row: ImportRow,
    country: str,
    code: str | None,
    seen_keys: dict[tuple[str, str, str], int],
    seen_codes: dict[str, int],
) -> bool:
    if row.number:
        key = (country, row.number, folded(row.values.get(Column.ACTIVITY.value, "")))
        first = seen_keys.setdefault(key, row.line)
        if first != row.line:
            row.status = RowStatus.DUPLICATE
            row.remarks.append(
                Remark(
                    Column.NUMBER,
                    row.values.get(Column.NUMBER.value, ""),
                    N_("The same company stands in row %(row)s."),
                    N_("Delete one of the two, or give them different activities."),
                    params={"row": str(first)},
                )
            )
            return False
    if code:
        first = seen_codes.setdefault(code, row.line)
        if first != row.line:
            row.status = RowStatus.DUPLICATE
            row.remarks.append(
                Remark(
                    Column.CODE,
                    code,
                    N_("The same code stands in row %(row)s."),
                    N_("Give each dossier a code of its own."),
                    params={"row": str(first)},
                )
            )
            return False
    return True


def _number(text: str, country: str, remarks: list[Remark]) -> str | None:
    if not text:
        remarks.append(
            Remark(
                Column.NUMBER,
                "",
                N_("There is no company number, so this dossier is not matched with other lists."),
                error=False,
            )
        )
        return None
    try:
        parsed = parse_company_number(text, country if country in COUNTRIES else "BE")
    except NotANumber as wrong:
        remarks.append(Remark(Column.NUMBER, text, wrong.reason, N_("Compare it with the register.")))
        return None
    bare = "".join(c for c in text if c.isdigit())
    if country == "BE" and len(bare) == 9:
        remarks.append(
            Remark(
                Column.NUMBER,
                text,
                N_("The company number had lost its zero; it is read as %(number)s."),
                error=False,
                params={"number": parsed.shown()},
            )
        )
    return parsed.number


def language_of(values: Mapping[str, str]) -> Language | None:
    """The language a row names, if it is one of ours."""
    names = {
        "nederlands": "nl",
        "frans": "fr",
        "francais": "fr",
        "engels": "en",
        "english": "en",
        "deutsch": "de",
    }
    text = folded(values.get(Column.LANGUAGE.value, ""))
    return parse_language(names.get(text, text))


def regime_of(values: Mapping[str, str]) -> VatRegime | None:
    """The VAT regime a row names, if it is one."""
    return VAT_WORDS.get(folded(values.get(Column.VAT_REGIME.value, "")))


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


def counts(rows: Sequence[ImportRow]) -> dict[str, int]:
    """How many rows of each status."""
    found = dict.fromkeys((status.value for status in RowStatus), 0)
    for row in rows:
        found[row.status.value] += 1
    return found
