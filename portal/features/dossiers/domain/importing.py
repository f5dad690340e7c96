"""An Excel list of dossiers: its columns, finding them in a sheet, and judging each row. Pure.

Two lists decide: what the file says, and what is there already (`Known`). The same judgement is shown in the preview and carried
out on acceptance.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.dossiers.domain.codes import code_fault
from portal.features.dossiers.domain.columns import Column, cell_text, folded, language_of, regime_of, wanted
from portal.kernel.language import N_
from portal.kernel.numbers import COUNTRIES, NotANumber, parse_company_number

MOST_ROWS = 5000


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
    """What is there already: the dossiers in sight, the numbers of claimed companies, and those the firm keeps out of sight."""

    dossiers: Sequence[KnownDossier] = ()
    claimed: frozenset[tuple[str, str]] = frozenset()
    kept_already: frozenset[tuple[str, str]] = frozenset()
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
    if email and not is_address(email):
        remarks.append(
            Remark(
                Column.EMAIL,
                email,
                NOT_AN_ADDRESS,
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
    if code and (fault := code_fault(code)) is not None:
        remarks.append(Remark(Column.CODE, code, fault, N_("Give this one another code.")))
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
    elif number and (country, number) in known.kept_already:
        remarks.append(
            Remark(
                Column.NUMBER,
                get(Column.NUMBER),
                N_("Your office keeps this company already."),
                N_("Ask its file manager."),
            )
        )
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


def counts(rows: Sequence[ImportRow]) -> dict[str, int]:
    """How many rows of each status."""
    found = dict.fromkeys((status.value for status in RowStatus), 0)
    for row in rows:
        found[row.status.value] += 1
    return found
