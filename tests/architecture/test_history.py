"""What the slices record is what history has sentences and words for: no raw codes, no sentence nobody ever reads, no nameless object."""

import ast
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

import msgspec
import pytest

from portal.app import SLICES, create_registry
from portal.features.approvals.domain import Decision
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.totals import Rate
from portal.features.documents.service.changes import KEYS_OF_OURS
from portal.features.history.fields import FIELDS
from portal.features.history.groups import GROUPS
from portal.features.policies.domain import PolicyValues
from portal.kernel.kinds import KIND_NAMES, Kind
from portal.kernel.language import Language, _catalogue
from tests.support.servers import ROOT
from themes.icons import ICONS

SENTENCES = create_registry().sentences
NAMED_BY_THE_SENTENCE = {"bundles.requested", "bundles.abandoned", "agents.code_made"}
"""Besides those whose sentence has the number of a bundle, and what a person did about themselves."""
VARIANTS: dict[str, type[Decision]] = {"decision": Decision}
"""What stands between the braces of an action that is put together."""
SAME_EVERYWHERE = {
    "Postcode",
    "contract",
    "Code",
    "Note",
    "Bank",
    "Tags",
    "Name",
    "Land",
    "Number",
    "Documents",
    "Date",
    "Kind",
    "Exports",
}
"""Words that one of our languages writes as English does."""
RECORDS = ("audit.record", "audit.record_all")
"""Both take the action as their third. What an object is called no `Told` of `record_all` can leave out."""
SOURCES = sorted((ROOT / "portal/features").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function of this very module, or (with a dot) of a module that was imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def words(tree: ast.Module, node: ast.expr, around: Function | None) -> set[str]:
    """Every text that an expression may stand for."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return words(tree, node.body, around) | words(tree, node.orelse, around)
    if isinstance(node, ast.Subscript):  # a table of the module
        (table,) = (
            made.value
            for made in tree.body
            if isinstance(made, ast.Assign) and ast.unparse(made.targets[0]) == ast.unparse(node.value)
        )
        assert isinstance(table, ast.Dict)
        return set().union(*(words(tree, value, around) for value in table.values))
    if isinstance(node, ast.JoinedStr):
        parts = [
            [variant.value for variant in VARIANTS[ast.unparse(part.value)]]
            if isinstance(part, ast.FormattedValue)
            else [str(part.value)]
            for part in node.values
            if isinstance(part, ast.FormattedValue | ast.Constant)
        ]
        return {"".join(chosen) for chosen in product(*parts)}
    assert isinstance(node, ast.Name), f"{ast.unparse(node)}: teach this test to read it"
    assert around is not None
    names = [argument.arg for argument in around.args.args]
    if node.id in names:  # whatever this function is called with
        place = names.index(node.id)
        return set().union(
            *(words(tree, call.args[place], enclosing(tree, call)) for call in calls(tree, around.name))
        )
    for loop in ast.walk(around):  # for action, … in (("a", …), ("b", …))
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Tuple):
            targets = [ast.unparse(one) for one in loop.target.elts]
            if node.id in targets and isinstance(loop.iter, ast.Tuple):
                place = targets.index(node.id)
                rows = [row for row in loop.iter.elts if isinstance(row, ast.Tuple)]
                return set().union(*(words(tree, row.elts[place], around) for row in rows))
    (value,) = (
        made.value
        for made in ast.walk(around)
        if isinstance(made, ast.Assign) and ast.unparse(made.targets[0]) == node.id
    )
    return words(tree, value, around)


def enclosing(tree: ast.AST, call: ast.Call) -> Function | None:
    for node in ast.walk(tree):
        if isinstance(node, Function) and any(inner is call for inner in ast.walk(node)):
            return node
    return None


def recorded(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    found = [
        words(tree, call.args[2], enclosing(tree, call)) for name in RECORDS for call in calls(tree, name)
    ]
    return set().union(*found)


def test_history_has_a_sentence_for_what_is_recorded_and_for_nothing_else() -> None:
    actions = set().union(*(recorded(path) for path in SOURCES))
    assert actions == set(SENTENCES)


def test_a_sentence_stands_in_the_slice_that_records_its_action() -> None:
    for one in SLICES:
        own = set().union(*(recorded(path) for path in SOURCES if one.name in path.parts))
        assert set(one.sentences) <= own, one.name


@pytest.mark.parametrize("language", list(Language))
def test_every_sentence_group_and_field_has_words_in_every_language(language: Language) -> None:
    english = [
        *(text for text, _icon in SENTENCES.values()),
        *(word for word, _actions in GROUPS.values()),
        *(word for word, _show in FIELDS.values()),
        *KIND_NAMES.values(),
    ]
    if language is Language.EN:
        return
    known = _catalogue(language)
    assert [text for text in english if known.gettext(text) == text and text not in SAME_EVERYWHERE] == []


def test_every_icon_exists_and_every_action_is_in_a_group() -> None:
    assert [icon for _text, icon in SENTENCES.values() if icon not in ICONS] == []
    begun = tuple(start for _word, starts in GROUPS.values() for start in starts)
    assert [action for action in SENTENCES if not action.startswith(begun)] == []


def test_every_event_names_its_object() -> None:
    """By `what=`, unless its sentence has the number of a bundle or it is about the actor."""
    nameless: list[str] = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        for call in calls(tree, "audit.record"):
            if any(word.arg == "what" for word in call.keywords):
                continue
            actions = words(tree, call.args[2], enclosing(tree, call))
            nameless += [
                action
                for action in actions
                if "%(number)s" not in SENTENCES[action][0]
                and action not in NAMED_BY_THE_SENTENCE
                and not action.startswith("accounts.")
            ]
    assert nameless == []


def test_every_field_that_people_change_has_a_word() -> None:
    columns = an_entry().columns("BE:0999888767")
    told = {
        *(set(columns) - KEYS_OF_OURS),
        *("tags", "note", "payment_state"),
        *(field.name for field in msgspec.structs.fields(PolicyValues)),
        *(
            "name",
            "code",
            "language",
            "contact_name",
            "contact_email",
            "contact_phone",
            "activity",
            "manager_id",
        ),
        *("vat_regime", "books_from", "books_until", "closed_until"),
        *("number", "email", "phone", "street", "postcode", "city"),
    }
    assert told <= set(FIELDS)


def an_entry() -> Entry:
    return Entry(
        kind=Kind.PURCHASE_INVOICE,
        number="1",
        issue_date=date(2026, 11, 1),
        counterparty_name="Telecom NV",
        rates=(Rate(percent=Decimal(21), taxable=Decimal(100), tax=Decimal(21)),),
    )


@pytest.mark.parametrize("source", ["access", "decisions"])
def test_actions_that_are_put_together_are_read_as_well(source: str) -> None:
    """Otherwise the comparison would pass over them without a word."""
    (path,) = (path for path in SOURCES if path.stem == source and path.parent.name == "service")
    assert len(recorded(path)) >= 3
