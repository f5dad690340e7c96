"""A row does what its preview said, or nothing: the judgement that somebody agreed to against the one at the moment of doing it. Pure.

Between the two, colleagues work on: a dossier of the same number, code or name is made, a field is changed, an access ends. Whatever of
that makes the row do something else than was shown leaves it out, with the reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.features.imports.domain.columns import Column
from portal.features.imports.domain.rows import NEW, ImportRow, Remark, RowStatus
from portal.kernel.language import N_

AGAIN = N_("Look at this row again: nothing of it was done.")
MEANWHILE = N_(
    "Since the list was checked, dossiers have changed, so that this row would do something else now."
)
EXISTS = N_("By now there is a dossier like this: %(dossier)s. Nothing of it was changed.")
CHANGED = N_("Since the list was checked this was changed from %(before)s to %(now)s.")
HAS_ENDED = N_("Since the list was checked your access to this company has ended.")
CLAIMED = N_(
    "Since the list was checked this company has got an account: its owner would be asked to give you access."
)
COLUMN_OF = {
    "code": Column.CODE,
    "name": Column.NAME,
    "number": Column.NUMBER,
    "contact_name": Column.CONTACT,
    "contact_email": Column.EMAIL,
    "contact_phone": Column.PHONE,
    "language": Column.LANGUAGE,
    "vat_regime": Column.VAT_REGIME,
    "activity": Column.ACTIVITY,
}
"""The column that each field of a dossier comes from."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Why a row is left out.

    Attributes:
        dossier_id: the dossier that somebody made or changed, if it is one.
        fields: its fields that are other than they were; none: it is new.
    """

    remarks: Sequence[Remark]
    dossier_id: str | None = None
    fields: Collection[str] = ()


def overtaken(
    row: ImportRow, now: ImportRow, answer: str, made_here: Collection[str], names: Mapping[str, str]
) -> Overtaken | None:
    """Why a row is not carried out as things are now; None when it does what was shown.

    Args:
        row: as it was judged when somebody looked at it.
        now: as it is judged now, with the same answer.
        made_here: the dossiers that this very list has made.
        names: what dossiers are called, by id.
    """
    agreed = next((one for one in row.candidates if one.id == answer), None)
    expected = agreed.id if agreed is not None else row.dossier_id
    shown = agreed.changes if agreed is not None else row.changes
    if expected is None:
        known = {*(one.id for one in row.candidates), *made_here}
        others = [one.id for one in now.candidates] + ([now.dossier_id] if now.dossier_id else [])
        for other in others:
            if other not in known:
                return _exists(row, other, names)
        if now.status is RowStatus.ERROR or now.dossier_id is not None or now.status is RowStatus.ASK:
            return Overtaken(_faults(now) or [_remark(row, MEANWHILE)])
        if answer == NEW and now.claimed != row.claimed:
            return Overtaken([_remark(row, CLAIMED, Column.NUMBER)])
        if answer != NEW and now.status is not row.status:
            said = CLAIMED if now.status is RowStatus.REQUEST else MEANWHILE
            return Overtaken([_remark(row, said, Column.NUMBER)])
        return None
    ended_before = agreed.ended if agreed is not None else row.ended
    if now.dossier_id == expected and now.ended and not ended_before:
        return Overtaken([_remark(row, HAS_ENDED)], expected, ("access",))
    if now.status is RowStatus.ERROR:
        return Overtaken(_faults(now), expected)
    if now.dossier_id != expected:
        return Overtaken([_remark(row, MEANWHILE)], expected)
    other = {name: pair for name, pair in now.changes.items() if shown.get(name) != pair}
    if not other:
        return None  # or somebody has done it, or a part of it, already
    return Overtaken(
        [_changed(row, name, pair, shown) for name, pair in other.items()], expected, other.keys()
    )


def _exists(row: ImportRow, other: str, names: Mapping[str, str]) -> Overtaken:
    remark = Remark(
        Column.NAME, row.get(Column.NAME), EXISTS, AGAIN, params={"dossier": names.get(other, "–")}
    )
    return Overtaken([remark], other)


def _changed(row: ImportRow, name: str, pair: Sequence[str], shown: Mapping[str, Sequence[str]]) -> Remark:
    column = COLUMN_OF.get(name)
    before = shown[name][0] if name in shown else pair[1]  # what was not to change said what the row says
    value = row.get(column) if column is not None else ""
    return Remark(column, value, CHANGED, AGAIN, params={"before": before or "–", "now": pair[0] or "–"})


def _remark(row: ImportRow, what: str, column: Column = Column.NAME) -> Remark:
    return Remark(column, row.get(column), what, AGAIN)


def _faults(now: ImportRow) -> list[Remark]:
    return [remark for remark in now.remarks if remark.error]


__all__ = ["AGAIN", "COLUMN_OF", "Overtaken", "overtaken"]
