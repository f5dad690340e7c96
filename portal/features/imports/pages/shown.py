"""What of a list is shown: its rows by what would happen to them, a page at a time, and the words for it."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from portal.features.dossiers.domain.vat import NAMES, VatRegime
from portal.features.imports import models
from portal.features.imports.domain.apart import WHY
from portal.features.imports.domain.binding import COLUMN_OF
from portal.features.imports.domain.columns import COLUMNS, Column, language_of, regime_of
from portal.features.imports.domain.rows import (
    FAULTY,
    GOOD,
    LOOK_AGAIN,
    SKIP,
    Apart,
    Became,
    ImportRow,
    Outcome,
    RowStatus,
)
from portal.features.imports.domain.state import ImportState
from portal.features.imports.service import previews
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext, ngettext
from portal.kernel.numbers import shown_number

SHOWN = 200
"""Rows of one page."""
STATUS_WORDS = {
    RowStatus.CREATE: N_("new"),
    RowStatus.UPDATE: N_("changes"),
    RowStatus.UNCHANGED: N_("unchanged"),
    RowStatus.REQUEST: N_("access request"),
    RowStatus.ASK: N_("to answer"),
    RowStatus.DUPLICATE: N_("twice in this list"),
    RowStatus.ERROR: N_("to correct"),
}

OUTCOME_WORDS = {
    Outcome.CREATED: N_("made"),
    Outcome.REQUESTED: N_("access requested"),
    Outcome.UPDATED: N_("changed"),
    Outcome.UNCHANGED: N_("unchanged"),
    Outcome.LEFT_OUT: N_("left out"),
    Outcome.UNANSWERED: N_("not answered"),
    Outcome.OVERTAKEN: N_("changed since you looked"),
    Outcome.REFUSED: N_("not carried out"),
}
APART_WORDS = {
    Apart.HIDDEN: N_("hidden in the file"),
    Apart.HEADING: N_("headings once more"),
    Apart.FOOTER: N_("end of a page"),
}
WORDS: dict[RowStatus | Outcome | Apart, str] = {**STATUS_WORDS, **APART_WORDS, **OUTCOME_WORDS}
ALWAYS = (RowStatus.CREATE, RowStatus.UPDATE, RowStatus.UNCHANGED)
"""What a preview counts, also when there is none."""
LOOKS = {
    RowStatus.CREATE.value: "positive",
    RowStatus.UPDATE.value: "info",
    RowStatus.UNCHANGED.value: "neutral",
    RowStatus.REQUEST.value: "attention",
    RowStatus.ASK.value: "attention",
    RowStatus.DUPLICATE.value: "negative",
    RowStatus.ERROR.value: "negative",
    Outcome.CREATED.value: "positive",
    Outcome.REQUESTED.value: "attention",
    Outcome.UPDATED.value: "info",
    Outcome.LEFT_OUT.value: "neutral",
    Outcome.UNANSWERED.value: "attention",
    Outcome.OVERTAKEN.value: "attention",
    Outcome.REFUSED.value: "negative",
    **dict.fromkeys((one.value for one in Apart), "neutral"),
}
TICKED = GOOD | {RowStatus.UNCHANGED}
"""Rows that have a tick: whatever they do is done or left out."""
LINE = re.compile(r"[0-9]{1,9}")


def told_result(result: Mapping[str, Any]) -> str:
    """What accepting a list did, as a sentence with numbers; what did not happen is left out."""
    made, changed, asked = (int(result.get(name, 0)) for name in ("created", "updated", "requested"))
    same, out = int(result.get("unchanged", 0)), int(result.get("left_out", 0))
    parts = [
        (made, ngettext("%(count)s dossier made", "%(count)s dossiers made", made)),
        (changed, ngettext("%(count)s dossier changed", "%(count)s dossiers changed", changed)),
        (asked, ngettext("%(count)s access request sent", "%(count)s access requests sent", asked)),
        (same, ngettext("%(count)s unchanged", "%(count)s unchanged", same)),
        (out, ngettext("%(count)s left out", "%(count)s left out", out)),
    ]
    told = ", ".join(text % {"count": count} for count, text in parts if count)
    return f"{told}." if made or changed or asked or out else gettext("Nothing was changed.")


def place_of(kept: models.DossierImport) -> str:
    """Where a list goes on: its rows, or first what its columns are."""
    here = f"/dossiers/import/{kept.id}"
    return f"{here}/columns" if kept.state is ImportState.MAPPING else here


def _label(row: ImportRow, answer: str, became: Became | None) -> str:
    """What a row is counted by: what became of it, or would."""
    if became is not None:
        return became.outcome.value
    if row.apart is not None and row.stays_out(answer):
        return row.apart.value
    return Outcome.LEFT_OUT.value if answer == SKIP and row.status is not RowStatus.ASK else row.status.value


def context_of(
    whole: previews.Whole, show: str, page: str = "", problem: str | None = None
) -> dict[str, Any]:
    """A page of the rows of a list, all of them or those of one kind, with what there is to say of the list."""
    kept, rows, outcomes, answers = whole.kept, whole.rows, whole.outcomes, whole.answers
    labels = {row.line: _label(row, answers.get(row.line, ""), outcomes.get(row.line)) for row in rows}
    out = {row.line for row in rows if row.stays_out(answers.get(row.line, ""))}
    shown = [row for row in rows if not show or labels[row.line] == show]
    if (
        show == RowStatus.ASK.value
    ):  # what is not answered yet comes first, so that the next ones come when these are done
        shown.sort(key=lambda row: (row.line in answers, row.line))
    pages = max(1, -(-len(shown) // SHOWN))
    here = min(int(page), pages) if LINE.fullmatch(page) and int(page) else 1
    on_page = shown[(here - 1) * SHOWN : here * SHOWN]
    asked = [row for row in rows if row.status is RowStatus.ASK and row.line not in out]
    good = sum(1 for row in rows if row.status in GOOD and row.line not in out)
    good += sum(1 for row in asked if answers.get(row.line))
    return {
        "kept": kept,
        "reading": kept.read_reading(),
        "rows": on_page,
        "page": here,
        "pages": pages,
        "first": (here - 1) * SHOWN + 1,
        "last": min(here * SHOWN, len(shown)),
        "found": len(shown),
        "total": len(rows),
        "labels": labels,
        "out": out,
        "why_apart": {key.value: gettext(word) for key, word in WHY.items()},
        "ticked": [row.line for row in on_page if row.status in TICKED],
        "tiles": _tiles(kept, labels, show),
        "asks": len(asked),
        "good": good,
        "open": sum(1 for row in asked if row.line not in answers),
        "left": sum(1 for told in outcomes.values() if told.outcome in LOOK_AGAIN),
        "answers": answers,
        "faults": sum(1 for row in rows if row.status in FAULTY and row.apart is None)
        + sum(1 for row in asked if row.line not in answers),
        "words": {key.value: gettext(word) for key, word in WORDS.items()},
        "looks": LOOKS,
        "fields": {name: gettext(COLUMNS[column].title) for name, column in COLUMN_OF.items()},
        "columns": {column.value: gettext(text.title) for column, text in COLUMNS.items()},
        "told": lambda message, params: gettext(message) % params if params else gettext(message),
        "value": _value,
        "details": _details,
        "only": show,
        "done": told_result(kept.result or {}),
        "problem": problem,
    }


def _value(name: str, value: str, country: str = "BE") -> str:
    """A stored value of a dossier as people say it."""
    if name == "vat_regime" and value in {regime.value for regime in VatRegime}:
        return gettext(NAMES[VatRegime(value)])
    if name == "language" and value in {language.value for language in LANGUAGE_NAMES}:
        return LANGUAGE_NAMES[Language(value)]
    if name == "number":
        return shown_number(country, value)
    return value


def _details(row: ImportRow) -> list[str]:
    """What else a row says: whom to reach and where."""
    town = " ".join(text for column in (Column.POSTCODE, Column.CITY) if (text := row.get(column)))
    address = ", ".join(text for text in (row.get(Column.STREET), town) if text)
    reach = (row.get(column) for column in (Column.ACTIVITY, Column.CONTACT, Column.EMAIL, Column.PHONE))
    regime, language = regime_of(row.values), language_of(row.values)
    words = (
        gettext(NAMES[regime]) if regime is not None else "",
        LANGUAGE_NAMES[language] if language is not None else "",
    )
    return [text for text in (*reach, address, *words) if text]


def _tiles(
    kept: models.DossierImport, labels: Mapping[int, str], show: str
) -> list[tuple[int, str, str, bool, str | None]]:
    """What the rows are counted by, as links that show these alone."""
    counted = Counter(labels.values())
    always = ALWAYS if kept.state is ImportState.PREVIEWED else ()
    return [
        (
            counted[key.value],
            gettext(word),
            f"/dossiers/import/{kept.id}?show={key.value}",
            key.value == show,
            "negative" if LOOKS[key.value] == "negative" and counted[key.value] else None,
        )
        for key, word in WORDS.items()
        if counted[key.value] or key in always
    ]


__all__ = ["LINE", "TICKED", "context_of", "place_of", "told_result"]
