"""Rows that are found certain a column at a time are judged as each is by itself."""

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import folded
from portal.features.dossiers.domain.names import name_key
from portal.features.imports.domain.certain import certainly_new, keys_of, missing, wanted_of
from portal.features.imports.domain.columns import Column, cell_text, narrowed
from portal.features.imports.domain.judgement import judge_row, judge_rows
from portal.features.imports.domain.matches import Known, KnownDossier
from portal.features.imports.domain.reading import HIDDEN_SIGNS, read_rows
from portal.features.imports.domain.rows import RowStatus
from portal.features.imports.domain.twins import Seen
from portal.kernel.numbers import NotANumber, is_belgian, parse_company_number
from portal.kernel.texts import hides
from tests.support.builders import a_number

NUMBERS = [a_number(serial) for serial in (800_001, 800_002, 800_003)]
WRITTEN = [
    "",
    *NUMBERS,
    f"BE {NUMBERS[0][:4]}.{NUMBERS[0][4:7]}.{NUMBERS[0][7:]}",
    NUMBERS[1][1:],
    "0999888471",
]
VALUES = {
    "name": [
        "",
        "De Smet",
        "de smet b.v.",
        "Peeters & Zoon",
        "Peeters Zoon",
        "École",
        "ecole",
        "!",
        "A",
        "B",
    ],
    "number": WRITTEN,
    "country": ["", "", "", "BE", "be", "NL", "XX"],
    "code": ["", "", "7", "A12", "a12", "\uff21\uff11\uff12", "con", "x/y", "9"],
    "email": ["", "", "a@b.example", "a@@b"],
    "language": ["", "", "nl", "Frans", "klingon"],
    "vat_regime": ["", "", "maand", "sometimes"],
    "activity": ["", "", "Bakery", "bakery"],
    "dossier_id": ["", "", "", "", "01a229bd-6d2c-77f1-ba5d-4b2a0a3362f8", "no id"],
}
a_row = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})


@st.composite
def a_known(draw: st.DrawFn) -> Known:
    some = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["De Smet", "Ecole", "Other"]),
                st.sampled_from([None, *NUMBERS]),
                st.sampled_from(["BE", "NL"]),
                st.sampled_from([None, "7", "A12"]),
                st.booleans(),
            ),
            max_size=3,
        )
    )
    dossiers = [
        KnownDossier(
            f"01a229bd-6d2c-77f1-ba5d-4b2a0a3362f{8 + index}" if index < 2 else "x",
            code,
            country,
            number,
            "",
            {"name": name, "code": code or ""},
            clashes=clashes and code is not None,
            space="s",
        )
        for index, (name, number, country, code, clashes) in enumerate(some)
    ]
    return Known(
        dossiers,
        claimed=frozenset({("BE", NUMBERS[2])} if draw(st.booleans()) else ()),
        kept_already=frozenset({("BE", NUMBERS[1])} if draw(st.booleans()) else ()),
        codes_out_of_sight=frozenset({("s", "9")} if draw(st.booleans()) else ()),
        names_out_of_sight=frozenset({name_key("B")} if draw(st.booleans()) else ()),
        space="s",
    )


def as_read(rows: Sequence[Mapping[str, str]]) -> list[tuple[int, dict[str, str]]]:
    return [(line, {name: value for name, value in row.items() if value}) for line, row in enumerate(rows, 2)]


@settings(max_examples=400, deadline=None)
@given(st.lists(a_row, max_size=12), a_known())
def test_all_rows_at_once_are_judged_as_each_by_itself(rows: list[dict[str, str]], known: Known) -> None:
    read = as_read(rows)
    seen = Seen()
    assert judge_rows(read, known) == [judge_row(line, values, known, seen) for line, values in read]


@settings(max_examples=200, deadline=None)
@given(st.lists(a_row, max_size=12), a_known())
def test_what_decides_about_a_row_is_asked_for(rows: list[dict[str, str]], known: Known) -> None:
    """Of all dossiers, those that are looked for give the same judgement."""
    read = as_read(rows)
    wanted = wanted_of(read, keys_of(read))
    wanted.numbers |= missing(judge_rows(read, known), wanted)
    found = [
        one
        for one in known.dossiers
        if one.id in wanted.ids
        or one.number in wanted.numbers
        or one.code in wanted.codes
        or (one.code and code_key(one.code) in wanted.code_keys)
        or name_key(one.name) in wanted.name_keys
    ]
    less = Known(
        found,
        known.claimed,
        known.kept_already,
        known.codes_out_of_sight,
        known.names_out_of_sight,
        known.space,
    )
    assert judge_rows(read, less) == judge_rows(read, known)


def test_a_first_list_is_certain() -> None:
    rows = [
        {"name": f"Company {n}", "number": a_number(810_000 + n), "code": f"{n:05}", "language": "nl"}
        for n in range(50)
    ]
    read = as_read(rows)
    assert len(certainly_new(read, keys_of(read), Known())) == 50
    assert {row.status for row in judge_rows(read, Known())} == {RowStatus.CREATE}


cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " x", "x ", "a  b", "a|b", "| a", "a\u200bb", "é", "x" * 401, "=1+1"]),
    st.floats(),
    st.booleans(),
    st.none(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(cells, max_size=4), max_size=8))
def test_a_column_is_read_as_its_cells_are(rows: list[list[object]]) -> None:
    columns = {Column.NAME: 0, Column.CODE: 2, Column.ID: 3}
    read, said = read_rows([["heading"], *rows], 0, columns)
    expected: dict[int, dict[str, str]] = {}
    signs: dict[int, list[Column]] = {}
    for line, row in enumerate(rows, 2):
        shown = {
            column.value: cell_text(row[position])
            for column, position in columns.items()
            if position < len(row)
        }
        if len(row) > 2 and isinstance(row[2], str):
            shown["code"] = narrowed(shown["code"])
        if any(value for name, value in shown.items() if name != Column.ID.value):
            expected[line] = {name: value for name, value in shown.items() if value}
        told = [
            one
            for one, place in columns.items()
            if place < len(row) and isinstance(row[place], str) and hides(str(row[place]))
        ]
        if told:
            signs[line] = told
    assert dict(read) == expected
    hidden = {
        line: [one.column for one in remarks if one.what == HIDDEN_SIGNS] for line, remarks in said.items()
    }
    assert {line: found for line, found in hidden.items() if found} == signs


@given(st.one_of(st.sampled_from(WRITTEN), st.from_regex(r"[01][0-9]{9}", fullmatch=True)))
def test_ten_digits_are_read_as_by_the_check_of_all_numbers(text: str) -> None:
    try:
        read = parse_company_number(text).number
    except NotANumber:
        read = ""
    assert not is_belgian(text) or read == text


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=20))
def test_signs_of_one_byte_are_folded_like_all_others(text: str) -> None:
    """A sign of more bytes sends the same text the long way."""
    assert folded(text) == folded(text + " \u00b7").strip()
    assert name_key(f"{text} company") == name_key(f"{text} \u00b7 company")
    assert code_key(text + "x") == code_key(text + "x\u200b")
