"""What rows of one list say of each other: the same dossier, company, code or name twice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import folded
from portal.features.dossiers.domain.names import name_key
from portal.features.imports.domain.columns import Column, cell_text
from portal.features.imports.domain.matches import KnownDossier
from portal.features.imports.domain.rows import Candidate, ImportRow, RowStatus
from portal.kernel.language import N_


@dataclass(slots=True)
class Seen:
    """What earlier rows of the same file were about, with their lines."""

    dossiers: dict[str, int] = field(default_factory=dict)
    companies: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    codes: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    names: dict[str, list[ImportRow]] = field(default_factory=dict)


def ask(row: ImportRow, candidates: Sequence[KnownDossier], what: str, /, **params: str) -> None:
    """The row is not certain: somebody says which of these dossiers it is, if any."""
    row.status = RowStatus.ASK
    row.candidates = [Candidate(one.id, one.name, one.code or "", one.number or "") for one in candidates]
    row.note(Column.NAME, what, **params)


def first_in_file(row: ImportRow, existing: KnownDossier | None, seen: Seen, space: str) -> bool:
    """Whether no row above is the same; one that only may be is asked.

    Args:
        space: where a new dossier gets its code.
    """
    if existing is not None and _twice(row, seen.dossiers.setdefault(existing.id, row.line)):
        row.fault(
            Column.NAME,
            N_("The same dossier stands in row %(row)s."),
            N_(
                "Delete one of the two. For a new dossier, type it into an empty row: a copied row brings its hidden id along."
            ),
            row=str(seen.dossiers[existing.id]),
        )
        return False
    if row.number and existing is None:
        activity = folded(row.get(Column.ACTIVITY))
        lines = seen.companies.setdefault((row.country, row.number), {})
        if lines and activity not in lines and row.status is not RowStatus.ASK:
            ask(
                row,
                [],
                N_(
                    "The same company stands in row %(row)s. Is this a second dossier on it, for this activity?"
                ),
                row=str(next(iter(lines.values()))),
            )
        if _twice(row, lines.setdefault(activity, row.line)):
            row.fault(
                Column.NUMBER,
                N_("The same company stands in row %(row)s."),
                N_(
                    "One company has one dossier, with one code: delete one of the two rows. Where it really has two, give them different activities."
                ),
                row=str(lines[activity]),
            )
            return False
    elif row.number:
        seen.companies.setdefault((row.country, row.number), {}).setdefault(
            folded(row.get(Column.ACTIVITY)), row.line
        )
    code = row.get(Column.CODE)
    if code and not (existing is not None and code == cell_text(existing.code)):
        given = (existing.space if existing is not None else space, code_key(code))
        first, other = seen.codes.setdefault(given, (row.line, code))
        if _twice(row, first):
            what = (
                N_("The same code stands in row %(row)s.")
                if code == other
                else N_("The code %(code)s in row %(row)s names the same folder.")
            )
            row.fault(
                Column.CODE, what, N_("Give each dossier a code of its own."), row=str(first), code=other
            )
            return False
    if existing is None:
        return _first_of_name(row, seen)
    return True


def _first_of_name(row: ImportRow, seen: Seen) -> bool:
    others = seen.names.setdefault(name_key(row.get(Column.NAME)), [])
    like = [one for one in others if not (one.number and row.number)]
    others.append(row)
    if not like:
        return True
    if any(one.values == row.values for one in like):
        row.status = RowStatus.DUPLICATE
        row.fault(
            Column.NAME,
            N_("The same row stands in row %(row)s."),
            N_("Delete one of the two."),
            row=str(like[0].line),
        )
        return False
    if row.status is not RowStatus.ASK:
        ask(
            row,
            [],
            N_("Possibly the same as row %(row)s. Say whether it is another one."),
            row=str(like[0].line),
        )
    return True


def _twice(row: ImportRow, first: int) -> bool:
    if first == row.line:
        return False
    row.status = RowStatus.DUPLICATE
    return True
