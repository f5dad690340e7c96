"""Rows that make a dossier without a word to say, found a column at a time: most of a first list. Pure.

`judgement.judge_row` says the same of each, one row at a time; what is not certain here is judged there, and a test compares the two.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from portal.features.accounts.domain import is_address
from portal.features.dossiers.domain.codes import code_fault, code_key
from portal.features.dossiers.domain.names import name_key
from portal.features.imports.domain.columns import Column, language_of, regime_of
from portal.features.imports.domain.matches import Known, Wanted
from portal.features.imports.domain.reading import Read
from portal.features.imports.domain.rows import ImportRow
from portal.kernel.countries import country_code
from portal.kernel.numbers import NotANumber, is_belgian, read_number

_NO_DIGIT = re.compile("[^0-9]")
_NAME, _NUMBER, _CODE = Column.NAME.value, Column.NUMBER.value, Column.CODE.value
_COUNTRY, _EMAIL, _ID = Column.COUNTRY.value, Column.EMAIL.value, Column.ID.value
_LANGUAGE, _REGIME = Column.LANGUAGE.value, Column.VAT_REGIME.value


class Keys(NamedTuple):
    """What rows are compared by, each as long as the list and empty where there is none.

    The keys of names and of codes, and the numbers as they are read by the row's own country.
    """

    names: list[str]
    codes: list[str]
    numbers: list[str]


def keys_of(read: Sequence[Read]) -> Keys:
    """The keys of all rows."""
    return Keys(
        [name_key(values.get(_NAME, "")) for _line, values in read],
        [code_key(values[_CODE]) if _CODE in values else "" for _line, values in read],
        [_number(values) if _NUMBER in values else "" for _line, values in read],
    )


def _number(values: Mapping[str, str]) -> str:
    text, said = values[_NUMBER], values.get(_COUNTRY)
    if (said is None or said == "BE") and is_belgian(text):
        return text
    try:
        return read_number(text, country_code(said) or said if said else None).number
    except NotANumber:
        return ""


def wanted_of(read: Sequence[Read], keys: Keys, answers: Collection[str] = ()) -> Wanted:
    """What to ask of the dossiers that are there, once for all rows.

    Args:
        answers: what was said to questions: ids of dossiers are among it.
    """
    return Wanted(
        ids={*answers, *(values[_ID] for _line, values in read if _ID in values)},
        numbers=set(keys.numbers) - {""},
        codes={values[_CODE] for _line, values in read if _CODE in values},
        code_keys=set(keys.codes) - {""},
        name_keys=set(keys.names) - {""},
    )


def missing(rows: Sequence[ImportRow], wanted: Wanted) -> set[str]:
    """The numbers of judged rows that were not asked for: of rows that have their country, or the number itself, from a dossier."""
    return {row.number for row in rows if row.number} - wanted.numbers


def certainly_new(read: Sequence[Read], keys: Keys, known: Known) -> dict[int, str]:
    """The company numbers, by line, of rows that make a dossier and need no word.

    Such a row has a right Belgian number, nothing wrong in its cells, and shares number, name and code with no dossier and no other row.
    """
    endings = [
        number or _NO_DIGIT.sub("", values.get(_NUMBER, ""))
        for (_line, values), number in zip(read, keys.numbers, strict=True)
    ]
    # Equal for two texts that are read as one Belgian number, however they are written.
    endings = [digits[-9:] for digits in endings]
    named, coded, numbered = Counter(keys.names), Counter(keys.codes), Counter(endings)
    coded[""] = 1
    words = [_right_words(read, column) for column in (_LANGUAGE, _REGIME)]
    found: dict[int, str] = {}
    for (line, values), name, code, number, ending in zip(
        read, keys.names, keys.codes, keys.numbers, endings, strict=True
    ):
        get = values.get
        if (
            number
            and get(_NUMBER) == number
            and get(_COUNTRY, "BE") == "BE"
            and named[name] == coded[code] == numbered[ending] == 1
            and _NAME in values
            and _ID not in values
            and get(_LANGUAGE) in words[0]
            and get(_REGIME) in words[1]
            and (_EMAIL not in values or is_address(values[_EMAIL]))
            and (not code or code_fault(values[_CODE]) is None)
            and not known.has_name(name)
            and not known.has_number("BE", number)
            and not (code and known.has_code(values[_CODE], code))
        ):
            found[line] = number
    return found


def _right_words(read: Sequence[Read], column: str) -> set[str | None]:
    """Which words of a column are known, of those that a list has; None stands for none."""
    reads = language_of if column == _LANGUAGE else regime_of
    words = {values.get(column) for _line, values in read}
    return {word for word in words if word is None or reads({column: word}) is not None}


__all__ = ["Keys", "certainly_new", "keys_of", "missing", "wanted_of"]
