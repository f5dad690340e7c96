"""What the slices record in a dossier is what its history has sentences for: no raw codes, and no sentence nobody ever reads."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from portal.features.approvals.domain import Decision
from portal.web.history import SENTENCES
from tests.support.world import ROOT

ELSEWHERE = ("accounts.", "agents.", "parties.", "dossiers.imported")
"""Told of a person or a firm, never of a dossier."""
VARIANTS: dict[str, type[Decision]] = {"decision": Decision}
"""What stands between the braces of an action that is put together."""
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
    found = [words(tree, call.args[2], enclosing(tree, call)) for call in calls(tree, "audit.record")]
    return set().union(*found)


def test_history_has_a_sentence_for_what_is_recorded_and_for_nothing_else() -> None:
    actions = set().union(*(recorded(path) for path in SOURCES))
    shown = {action for action in actions if not action.startswith(ELSEWHERE)}
    assert shown == set(SENTENCES)


@pytest.mark.parametrize("source", ["access", "deciding"])
def test_actions_that_are_put_together_are_read_as_well(source: str) -> None:
    """Otherwise the comparison would pass over them without a word."""
    (path,) = (path for path in SOURCES if path.stem == source and path.parent.name == "service")
    assert len(recorded(path)) >= 3
