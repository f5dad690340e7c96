"""Keys beside names are written by one function, wherever a name is written."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from portal.features.dossiers.domain.names import name_key
from portal.kernel.names import name_keys
from portal.metadata import metadata
from tests.support.names import keyed_models
from tests.support.servers import ROOT

MODELS: dict[str, Any] = {model.__name__: model for model in keyed_models()}
KEYS = {"sort_key", "fold", "name_key"}


def test_every_table_with_a_key_is_written_through_the_function() -> None:
    tables = {table.name for table in metadata.tables.values() if KEYS & set(table.c.keys())}
    assert tables == {model.__tablename__ for model in MODELS.values()} != set()


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.__name__)
def test_a_row_that_gets_a_name_gets_its_keys(model: Any) -> None:
    row = model(**{model.named_by: "Café 10"})
    every = {**name_keys("CAFE 10")._asdict(), "name_key": name_key("CAFE 10")}
    keys = {key: value for key, value in every.items() if key in model.__table__.c}
    assert keys == {key: getattr(row, key) for key in keys}
    setattr(row, model.named_by, "École 2")
    assert getattr(row, next(iter(keys))) != next(iter(keys.values()))
    assert model.keyed({model.named_by: "CAFÉ 10"}) == {model.named_by: "CAFÉ 10", **keys}
    assert model.keyed({"id": 1}) == {"id": 1}


def written() -> Iterator[tuple[str, str, ast.Call, str]]:
    """Every `insert(Model)…values(…)` and `update(Model)…values(…)` of such a model: where, model, the call, its function's source."""
    for path in sorted((ROOT / "portal").rglob("*.py")):
        source = path.read_text()
        for function in ast.walk(ast.parse(source)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "values"
                ):
                    of = _model(call.func.value)
                    if of is not None:
                        yield f"{path.relative_to(ROOT)}:{call.lineno}", of, call, ast.unparse(function)


def _model(chain: ast.expr) -> str | None:
    while isinstance(chain, ast.Call):
        called = chain.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in ("insert", "update"):
            first = chain.args[0]
            return first.id if isinstance(first, ast.Name) and first.id in MODELS else None
        if not isinstance(called, ast.Attribute):
            return None
        chain = called.value
    return None


def test_statements_write_names_with_their_keys() -> None:
    found = list(written())
    assert {of for _where, of, _call, _source in found} >= {"Document", "DossierItem"}
    for where, of, call, source in found:
        given = {one.arg for one in call.keywords}
        assert not given & {MODELS[of].named_by, *KEYS}, f"{where}: write {of}.keyed(…)"
        if call.args or None in given:
            assert f"{of}.keyed(" in source, f"{where}: these values may hold a name: write {of}.keyed(…)"
