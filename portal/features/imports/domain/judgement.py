"""An Excel list of dossiers: judging each row. Pure.

Two lists decide: what the file says, and what is there already (`matching.Known`). The same judgement is shown in the preview and
carried out on acceptance, batch by batch (`binding` compares the two). Whatever is not certain is asked, and what was not answered is
not done.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.features.dossiers.domain.codes import folder_of
from portal.features.dossiers.domain.dossiers import Access, folded
from portal.features.dossiers.domain.names import name_key
from portal.features.imports.domain.apart import set_apart
from portal.features.imports.domain.cells import OTHER_CODE, check_cells, name_country
from portal.features.imports.domain.certain import Keys, certainly_new, keys_of
from portal.features.imports.domain.columns import Column, cell_text, narrowed, wanted
from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.reading import Read, Said, read_rows
from portal.features.imports.domain.rows import NEW, Apart, Candidate, ImportRow, Remark, RowStatus
from portal.features.imports.domain.twins import Seen, ask, first_in_file
from portal.kernel.language import N_

CODE_ELSEWHERE = N_("Another dossier already has this code.")
POSSIBLY = N_("Possibly the same as a dossier that is there already. Say whether it is.")
KEPT_ALREADY = N_("Your office keeps this company already.")
ASK_MANAGER = N_("Ask its file manager.")


def judge_rows(
    read: Sequence[Read],
    known: Known,
    keys: Keys | None = None,
    *,
    apart: Mapping[int, Apart] | None = None,
    said: Said | None = None,
) -> list[ImportRow]:
    """Every row of a list, with what accepting it would do.

    Args:
        apart: the lines that are set apart: they are compared with the others, never the others with them.
        said: what there is to say of rows before they are judged, by line.
    """
    seen, apart, said = Seen(), apart or {}, said or {}
    new = certainly_new(read, keys or keys_of(read), known)
    in_turn = read if not apart else sorted(read, key=lambda one: (one[0] in apart, one[0]))
    rows = [
        ImportRow(line, values, RowStatus.CREATE, [], number)
        if (number := new.get(line)) is not None
        else judge_row(line, values, known, seen)
        for line, values in in_turn
    ]
    if apart:
        rows.sort(key=lambda row: row.line)
    for row in rows if apart or said else ():
        row.apart = apart.get(row.line)
        if row.line in said:
            _say_before(row, said[row.line])
    return rows


def _say_before(row: ImportRow, said: Sequence[Remark]) -> None:
    """What is wrong with a cell as it was read makes its row a faulty one, and goes before what its text seems to say."""
    wrong = {remark.column for remark in said if remark.error}
    if not wrong:
        row.remarks.extend(said)
        return
    row.remarks = [*said, *(one for one in row.remarks if one.error and one.column not in wrong)]
    row.status = RowStatus.ERROR
    row.changes, row.candidates, row.dossier_id = {}, [], None


def judge(
    rows: Sequence[Sequence[Any]], heading: int, columns: Mapping[Column, int], known: Known
) -> list[ImportRow]:
    """Every filled row of a sheet, with what accepting it would do, and what there is to say of its cells."""
    read, said = read_rows(rows, heading, columns)
    return judge_rows(read, known, said=said, apart=set_apart(rows, heading, columns, read))


def judge_row(
    line: int, values: Mapping[str, str], known: Known, seen: Seen | None = None, answer: str = ""
) -> ImportRow:
    """What accepting one row would do.

    Args:
        seen: what the rows above it were about; None when the row was compared with them before.
        answer: what was said to its question: NEW, SKIP, or the id of a dossier.
    """
    row = ImportRow(line, dict(values), RowStatus.ERROR, [])
    name_country(row)
    mine = _by_id(row, known)
    of_code = known.with_code(row.get(Column.CODE))
    _country(row, mine or (of_code[0] if len(of_code) == 1 else None))
    check_cells(row, mine)
    if any(remark.error for remark in row.remarks):
        return row
    existing = _match(row, known, mine)
    if row.status is RowStatus.ERROR and any(remark.error for remark in row.remarks):
        return row
    row.claimed = bool(row.number) and (row.country, row.number) in known.claimed
    if existing is None and row.candidates and answer:
        existing = known.with_id(answer) if answer in {one.id for one in row.candidates} else None
    if seen is not None and not first_in_file(row, existing, seen, known.space):
        return row
    if existing is not None:
        _compare(row, existing, known)
    elif row.status is RowStatus.ASK and answer != NEW:
        row.candidates = [_would_do(row, one, known) for one in row.candidates]
    else:
        _make(row, known)
    return row


def _by_id(row: ImportRow, known: Known) -> KnownDossier | None:
    given = row.values.get(Column.ID.value, "")
    if not given:
        row.values.pop(Column.ID.value, None)
        return None
    found = known.with_id(given)
    if found is None:
        del row.values[Column.ID.value]
        row.note(
            None,
            N_("The hidden id of this row is none of your dossiers; it is matched by number, code and name."),
        )
    return found


def _country(row: ImportRow, existing: KnownDossier | None) -> None:
    """A number is one of a country: of a row that names none, the one of its dossier's country."""
    if existing is not None and not row.get(Column.COUNTRY) and existing.country != row.country:
        row.values[Column.COUNTRY.value] = existing.country


def _match(row: ImportRow, known: Known, mine: KnownDossier | None) -> KnownDossier | None:
    """The dossier a row is certainly about; else its candidates are noted, and it is asked. A contradiction is a fault."""
    on_company = known.with_number(row.country, row.number) if row.number else []
    of_code = known.with_code(row.get(Column.CODE))
    if mine is not None:
        numbered = (row.country, row.number) != (mine.country, mine.number) and row.number
        if numbered and (mine.number or on_company):
            ask(
                row,
                [mine, *(one for one in on_company if one.id != mine.id)],
                N_(
                    "By its hidden id this row is %(name)s, but the number is another company's. Is it that dossier, whose number stays, or another one?"
                ),
                name=mine.name,
            )
            row.may_be_new = not on_company and mine.id not in {one.id for one in of_code}
            return None
        return mine
    if on_company:
        both = [one for one in of_code if one in on_company]
        if of_code and not both:
            row.fault(
                Column.CODE,
                N_("The company number is that of %(name)s, but the code is that of %(other)s."),
                N_("Correct one of the two."),
                name=on_company[0].name,
                other=of_code[0].name,
            )
            return None
        return _on_company(row, on_company, both[0] if len(both) == 1 else None)
    if len(of_code) > 1:
        ask(row, of_code, N_("Dossiers of several bookkeeping packages have this code. Say which one it is."))
        return None
    if of_code:
        if row.number and of_code[0].number:
            ask(
                row,
                of_code,
                N_(
                    "By its code this row is %(name)s, but the number is another company's. Is it that dossier, whose number stays?"
                ),
                name=of_code[0].name,
            )
            row.may_be_new = False
            return None
        return of_code[0]
    named = known.named(row.get(Column.NAME), row.number)
    unseen = not row.number and name_key(row.get(Column.NAME)) in known.names_out_of_sight
    if [one for one in named if not one.made_here] or unseen:
        ask(row, named, POSSIBLY)
    return None


def _on_company(
    row: ImportRow, on_company: list[KnownDossier], of_code: KnownDossier | None
) -> KnownDossier | None:
    """A company has one dossier, unless somebody said yes to a second: a row with its number is about the one there is."""
    activity = folded(row.get(Column.ACTIVITY))
    same = [one for one in on_company if folded(one.activity) == activity]
    if of_code is not None:
        return of_code
    if len(same) == 1:
        return same[0]
    if not activity and len(on_company) == 1:
        return on_company[0]
    what = (
        N_("Your office has a dossier on this company. Is it the same, or a second one for this activity?")
        if activity and not same
        else N_("Your office has several dossiers on this company. Say which one it is.")
    )
    ask(row, on_company, what)
    return None


def _would_do(row: ImportRow, one: Candidate, known: Known) -> Candidate:
    """A candidate with what the row would change in it, so that whoever says "the same" knows what to."""
    existing = known.with_id(one.id)
    if existing is None:
        return one
    trial = ImportRow(row.line, dict(row.values), RowStatus.ASK, [], row.number)
    _compare(trial, existing, known)
    return Candidate(one.id, one.name, one.code, one.number, trial.changes, trial.ended)


def _compare(row: ImportRow, existing: KnownDossier, known: Known) -> None:
    """What the row would change; a code that is another's is a fault."""
    row.dossier_id = existing.id
    row.ended = existing.ended
    asked = wanted(row.values)
    if row.get(Column.ACTIVITY):
        asked["activity"] = row.get(Column.ACTIVITY)
    present = {**existing.values, "activity": existing.activity}
    changes = {
        name: [present.get(name, ""), value]
        for name, value in asked.items()
        if value not in ((there := cell_text(present.get(name, ""))), narrowed(there))
        and not (name == "contact_email" and value == cell_text(present.get(name, "")).lower())
    }
    code = changes.get("code")
    if code is not None:
        holder = known.holds(code[1], existing.space)
        elsewhere = holder is not None and holder.id != existing.id
        if elsewhere or known.taken_out_of_sight(code[1], existing.space):
            row.status = RowStatus.ERROR
            row.fault(Column.CODE, CODE_ELSEWHERE, OTHER_CODE)
            return
    if not _give_number(row, existing, known):
        row.status = RowStatus.ERROR
        return
    if row.number and not existing.number:
        changes["number"] = ["", row.number]
    _say(row, existing, changes)
    row.changes = changes
    row.status = RowStatus.UPDATE if changes else RowStatus.UNCHANGED


def _give_number(row: ImportRow, existing: KnownDossier, known: Known) -> bool:
    """Whether a row's number agrees with its dossier: a dossier without one takes it, unless it turns out to be another company's."""
    numbered = (row.country, row.number or "")
    if not row.number or numbered == (existing.country, existing.number):
        if row.country != existing.country:
            row.note(Column.COUNTRY, N_("The country of a dossier stays as it is."))
        return True
    if existing.number:  # somebody has said that it is this dossier nevertheless
        row.number = None
        return True
    if row.country != existing.country:
        row.fault(
            Column.COUNTRY,
            N_("This dossier is one of %(country)s, and its number is one of that country."),
            N_("Correct the country, or leave the number empty."),
            country=existing.country,
        )
    elif known.with_number(*numbered):
        row.number = None  # said to be this one, though the number is another dossier's
    elif numbered in known.kept_already:
        row.fault(Column.NUMBER, KEPT_ALREADY, ASK_MANAGER)
    elif numbered in known.claimed:
        row.fault(
            Column.NUMBER,
            N_("This company has an account here already."),
            N_(
                "Take this dossier's code and hidden id out of the row: as a new dossier, its owner is asked to give you access."
            ),
        )
    elif existing.access is not Access.MANAGED:
        row.note(
            Column.NUMBER,
            N_("You have no access to this company, so that its dossier takes no number from a list."),
        )
        row.number = None
    return not any(remark.error for remark in row.remarks)


def _say(row: ImportRow, existing: KnownDossier, changes: Mapping[str, Sequence[str]]) -> None:
    """What else there is to know before a row changes a dossier."""
    if changes and existing.ended:
        row.note(
            None,
            N_("Your access to this company has ended: the row changes only what your office notes of it."),
        )
    if any(row.get(column) for column in (Column.STREET, Column.POSTCODE, Column.CITY)):
        row.note(
            Column.STREET, N_("The address of a company that is there already is not changed by a list.")
        )
    code = changes["code"][1] if "code" in changes else existing.code
    number = changes["number"][1] if "number" in changes else existing.number
    folder = folder_of(code, number, existing.id)
    if existing.folder and {"code", "number"} & changes.keys() and folder != existing.folder:
        row.note(
            Column.CODE,
            N_(
                "At the agent, its folder is %(before)s and will be %(now)s. What was written stays in %(before)s."
            ),
            before=existing.folder,
            now=folder,
        )


def _make(row: ImportRow, known: Known) -> None:
    code = row.get(Column.CODE)
    if code and (known.holds(code, known.space) or known.taken_out_of_sight(code, known.space)):
        row.status = RowStatus.ERROR
        row.fault(Column.CODE, CODE_ELSEWHERE, OTHER_CODE)
    elif row.number and (row.country, row.number) in known.kept_already:
        row.status = RowStatus.ERROR
        row.fault(Column.NUMBER, KEPT_ALREADY, ASK_MANAGER)
    elif row.claimed:
        row.status = RowStatus.REQUEST
        row.note(
            Column.NUMBER,
            N_("This company has an account already. Its owner will be asked to give you access."),
        )
    else:
        row.status = RowStatus.CREATE


__all__ = ["judge", "judge_row", "judge_rows"]
