"""The rules of the house that no import contract can say."""

import ast
import asyncio
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import grimp
import msgspec
import msgspec.inspect
import pytest

from portal.app import SLICES, create_registry
from portal.features.agents import schemas
from portal.jobs.contract import Handler, Job, Sweep
from portal.kernel.machine import Machine
from portal.kernel.questions import Question
from portal.syncagent import contract
from tests.support.servers import ROOT

OURS = ("portal", "themes", "exports", "migrations", "scripts", "benchmarks", "fuzz", "tests")

FRONT_DOORS = {"service", "domain", "models", "jobs"}
"""Of `models`: to read, join and lock what a lower slice has. Who writes it is asked (test_no_slice_writes_another_ones_tables)."""

SYSTEM_SCOPE = {
    "portal/db/session.py": "where it is made",
    "portal/jobs/runner.py": "claiming, sweeps, and jobs that say as_system=True",
    "portal/web/health.py": "whether the database answers under both roles",
    "portal/cli.py": "operators: dead letters, the audit log, reaching the servers",
    "portal/demo/seed.py": "makes firms",
    "portal/features/branding/service.py": "which firm answers under a host",
    "portal/features/accounts/service/sessions.py": "sign-in and sessions, before anybody is known",
    "portal/features/accounts/service/forms.py": "forms whose session has ended: nobody is signed in",
    "portal/features/accounts/service/recovery.py": "a new password, before anybody is known",
    "portal/features/accounts/service/limits.py": "counting the tries of strangers",
    "portal/features/accounts/service/people.py": "one person may belong to several firms and companies",
    "portal/features/mail/service/passwords.py": "a mail about a link whose table only the system sees",
    "portal/features/dossiers/service/dossiers.py": "whether a number belongs to a claimed company",
    "portal/features/onboarding/service/activation.py": "a one-time link, before anybody is known",
    "portal/features/onboarding/service/letters.py": "a company's invitation, sent by the firm of the host that does not see it",
    "portal/features/dossiers/service/access.py": "an owner's answer, on the dossiers of the own company alone; whom to ask",
    "portal/features/agents/service.py": "pairing by a code, and keys",
    "portal/features/intake/service/matching.py": "which of a firm's own dossiers a file names: their companies are seen one at a time",
    "portal/features/upkeep/service.py": "an object that any row names is kept, whoever sees the row",
}
AS_SYSTEM = {
    "items.document_arrived",
    "items.statement_arrived",
    "items.document_changed",
    "items.document_unlocked",
    "items.dossier_opened",
    "items.fill_dossier",
    "items.access_ended",
    "items.policy_changed",
    "items.reassess",
    "items.company_activated",
    "intake.dossier_opened",
    "intake.access_ended",
    "documents.tell_unlocked",
    "keeping.paper_moved",
    "keeping.tell_paper_moved",
    "keeping.tell_erasure",
    "dossiers.access_requested",
    "approvals.handed_over",
    "approvals.client_said",
    "approvals.file_answered",
    "approvals.put_aside",
    "approvals.took_back",
    "approvals.document_changed",
    "approvals.access_ended",
    "approvals.tell_office",
    "approvals.remind",
    "onboarding.prepare_to_member",
    "mail.password_forgotten",
    "mail.password_changed",
    "upkeep.drop_old_rows",
}
"""Handlers beyond row security: each acts on every firm with a dossier on one company, follows a change of access, tells
people of the other side, or throws away what is old, whoever it belonged to."""

LONG_FILES = {
    "portal/features/imports/domain/judgement.py": "one list read from its headings to its rows, rule by rule",
    "tests/exports/coda/test_tricky_files.py": "one case after the other",
    "migrations/versions/2026_11_22_0001_first_schema.py": "every table, as generated",
}
MOST_LINES = 450

MINIMUM_VERSIONS = {
    "litestar": (2, 23),  # malformed hosts, allowed-host patterns, CSRF input
    "jinja2": (3, 1, 6),  # sandbox escapes
    "weasyprint": (70, 0),  # fetcher bypass, redirects past the fetcher
    "lxml": (6, 1, 0),  # iterparse read local files
    "pillow": (12, 3, 0),  # bomb checks that could be passed by
    "multipart": (1, 3, 1),  # exponential header pattern
    "python-multipart": (0, 0, 27),
    "redis": (4, 5, 4),  # replies for somebody else after a cancelled command
    "sqlalchemy": (2, 1, 9),  # cancellation inside the hook that sets the scope
}
MAY_BE_ABSENT = {"python-multipart"}


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts
    ]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_slices_meet_only_at_their_front_doors() -> None:
    graph = grimp.build_graph("portal", cache_dir=None)
    wrong: list[str] = []
    for module in graph.modules:
        if not module.startswith("portal.features."):
            continue
        own = module.split(".")[2]
        for imported in graph.find_modules_directly_imported_by(module):
            parts = imported.split(".")
            if parts[:2] != ["portal", "features"] or len(parts) < 3 or parts[2] == own:
                continue
            if len(parts) == 3 or parts[3] not in FRONT_DOORS:
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_tables_of_another_slice_are_imported_by_name() -> None:
    """So that whoever reads `models.Person` knows that it is this slice's, and the next test sees what is written."""
    wrong = [
        f"{shown(path)}: {node.module}"
        for path in sources("portal/features")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and re.fullmatch(r"portal\.features\.\w+", node.module or "")
        and node.module != f"portal.features.{path.relative_to(ROOT).parts[2]}"
        and any(alias.name == "models" for alias in node.names)
    ]
    assert wrong == []


def foreign_models(path: Path, tree: ast.Module) -> set[str]:
    """Names of tables of other slices that a module has imported."""
    own = path.relative_to(ROOT).parts[2]
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
        if (parts := node.module.split("."))[:2] == ["portal", "features"]
        and parts[3:] == ["models"]
        and parts[2] != own
        and alias.name[:1].isupper()
    }


def written(tree: ast.Module) -> set[str]:
    """Names that are called (a row is made), or given to insert, update or delete."""
    return {
        found
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for found in (
            ast.unparse(node.func),
            *(
                [ast.unparse(node.args[0])]
                if node.args and ast.unparse(node.func).split(".")[-1] in ("insert", "update", "delete")
                else []
            ),
        )
    }


def test_no_slice_writes_another_ones_tables() -> None:
    wrong: list[str] = []
    for path in sources("portal/features"):
        tree = ast.parse(path.read_text())
        wrong += [f"{shown(path)}: {name}" for name in foreign_models(path, tree) & written(tree)]
    assert wrong == []


def test_no_statement_names_a_table_past_its_model() -> None:
    """A table written out by hand is a dependency that no contract sees. Views of the database have no model."""
    views = {"member_dossier"}
    named = {
        f"{shown(path)}: {ast.unparse(call.args[0])}"
        for path in sources("portal")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("sa.table", "table", "sqlalchemy.table")
        and call.args
        and not (isinstance(call.args[0], ast.Constant) and call.args[0].value in views)
    }
    assert named == set()


def test_every_question_has_one_answer(modules: list[ModuleType]) -> None:
    asked = {kind for kind in Question.__subclasses__() if kind.__module__.startswith("portal.")}
    assert asked
    assert set(create_registry().answers) == asked


def test_every_slice_with_something_to_say_is_in_the_application() -> None:
    there = {path.parent.name for path in (ROOT / "portal/features").glob("*/slice.py")}
    assert {one.name for one in SLICES} == there
    assert [one.name for one in SLICES] == [one for one in layers_of_slices() if one in there], (
        "as the contract orders them"
    )


def layers_of_slices() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (slices,) = (one for one in contracts if one["id"] == "slices")
    return [name.strip("()") for name in slices["layers"]]


def test_packages_re_export_nothing() -> None:
    """What a module needs it imports from where it is: a hub hides who depends on whom."""
    hubs = [
        shown(path)
        for path in sources("portal/features")
        if path.name == "__init__.py"
        and path.parent.name in ("service", "repository", "domain")
        and path.read_text().strip()
    ]
    assert hubs == []


def test_only_listed_files_leave_the_wall() -> None:
    leaves = re.compile(r"\bsystem_(scope|read|look_up)\(")
    used = {shown(path) for path in sources("portal") if leaves.search(path.read_text())}
    assert used == set(SYSTEM_SCOPE)


def test_only_listed_handlers_run_beyond_the_wall() -> None:
    registry = create_registry()
    assert {name for name, handler in registry.handlers.items() if handler.as_system} == AS_SYSTEM


def test_nothing_else_reads_the_environment() -> None:
    allowed = {
        "portal/config.py": "takes the mapping it is given; its docstring says so",
        "portal/asgi.py": "hands it to Settings",
        "portal/cli.py": "hands it to Settings",
        "portal/worker.py": "hands it to Settings",
        "portal/supervisor.py": "hands it to Settings and to its children",
        "portal/features/bundles/service/builder.py": "PORTAL_FAIL_AT, for tests of crashes",
        "portal/features/documents/service/drawings.py": "the few names a child process gets",
    }
    apart = ("portal/syncagent/", "portal/sandbox/", "portal/embedded/")
    reads = {
        shown(path)
        for path in sources("portal")
        if re.search(r"os\.environ|getenv\(", path.read_text()) and not shown(path).startswith(apart)
    }
    assert reads <= set(allowed)


def test_every_job_has_exactly_one_handler_and_every_handler_its_job(modules: list[ModuleType]) -> None:
    def below(kind: type[Job]) -> set[type[Job]]:
        return {kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))}

    jobs = {kind.name: kind for kind in below(Job) - {Job} if kind.__module__.startswith("portal.")}
    handled = {
        name: handler.payload for name, handler in create_registry().handlers.items() if handler.event is None
    }
    assert handled == jobs


def test_every_declared_handler_listener_and_sweep_is_in_the_registry(modules: list[ModuleType]) -> None:
    declared = {
        mark.name
        for module in modules
        for value in vars(module).values()
        for mark in getattr(value, "portal_marks", ())
        if isinstance(mark, Handler | Sweep)
    }
    registry = create_registry()
    assert declared == {*registry.handlers, *(sweep.name for sweep in registry.sweeps)}


def test_every_state_of_every_machine_is_reached(modules: list[ModuleType]) -> None:
    machines = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Machine)
    }
    assert len(machines) >= 8
    for name, found in machines.items():
        reached = set(found.initial)
        while more := {target for state in reached for target in found.moves[state]} - reached:
            reached |= more
        assert reached == set(found.moves), name


def _shape(kind: msgspec.inspect.Type) -> object:
    """A type as the wire sees it: ids are text, limits are each side's own."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return frozenset(_shape(one) for one in kind.types)
    if isinstance(kind, msgspec.inspect.ListType):
        return ("list", _shape(kind.item_type))
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.cls.__name__
    if isinstance(kind, msgspec.inspect.LiteralType):
        return ("literal", frozenset(kind.values))
    if isinstance(kind, msgspec.inspect.UUIDType):
        return "StrType"
    return type(kind).__name__


def _structs(module: ModuleType) -> dict[str, type[msgspec.Struct]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value is not msgspec.Struct
        and value.__module__ == module.__name__
    }


def test_agent_and_portal_speak_of_the_same_things_field_for_field() -> None:
    ours, theirs = _structs(schemas), _structs(contract)
    assert set(ours) == set(theirs) - {"Problem"}  # the portal writes problems by hand, for everybody
    for name, struct in ours.items():
        fields = [
            {
                field.encode_name: (_shape(field.type), field.required)
                for field in msgspec.inspect.type_info(side).fields  # pyright: ignore[reportAttributeAccessIssue] - both are structs
            }
            for side in (struct, theirs[name])
        ]
        assert fields[0] == fields[1], name


def test_money_never_becomes_a_float() -> None:
    calls = [
        f"{shown(path)}:{number}"
        for path in [*sources("exports"), ROOT / "portal/kernel/money.py"]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"(?<![\w.])float\((?!\))", line)
    ]
    assert calls == []


def test_nothing_is_left_for_later() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK"))
    later = re.compile(rf"\b({words})\b|raise NotImplemented" + r"Error\b(?!\(f\"compression)")
    found = [
        f"{shown(path)}:{number}"
        for path in sources(*OURS, suffixes=(".py", ".html", ".css", ".js", ".sql", ".txt"))
        if "static/dist" not in shown(path)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if later.search(line)
    ]
    assert found == []


def test_no_file_is_too_long_to_read() -> None:
    long = {
        shown(path)
        for path in sources(*OURS)
        if len(path.read_text().splitlines()) > MOST_LINES and shown(path) not in LONG_FILES
    }
    assert long == set()


def test_a_docstring_is_understood_without_its_neighbour() -> None:
    said = {
        f"{shown(path)}: {text.splitlines()[0]}"
        for path in sources("portal", "exports", "themes")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and (text := ast.get_docstring(node))
        and re.match(r"(The same\b|Both\b|Change it\b|Likewise\b)", text)
    }
    assert said == set()


@pytest.mark.parametrize("package", sorted(MINIMUM_VERSIONS))
def test_no_version_with_a_known_hole_is_installed(package: str) -> None:
    try:
        found = version(package)
    except PackageNotFoundError:
        assert package in MAY_BE_ABSENT
        return
    numbers = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
    assert numbers >= MINIMUM_VERSIONS[package], found


def test_the_doorbell_never_unpickles(monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.jobs import doorbell
    from portal.jobs.doorbell import connect, deserialize, serialize

    made: list[dict[str, object]] = []

    async def create_pool(_settings: object, **options: object) -> None:
        made.append(options)

    monkeypatch.setattr(doorbell, "create_pool", create_pool)
    asyncio.run(connect("redis://127.0.0.1:1"))
    assert made == [{"job_serializer": serialize, "job_deserializer": deserialize}]
    used = (ROOT / "portal/jobs/doorbell.py").read_text()
    assert used.count("create_pool(") == 1, "there is one way to connect"
    sent = {"t": 1, "f": "run", "a": ["x"], "k": {}, "et": 1}
    assert deserialize(serialize(sent)) == sent
    with pytest.raises(ValueError, match=r"."):
        deserialize(b"\x80\x05\x95")


def test_no_test_leaves_its_event_loop_to_another() -> None:
    """An asynchronous fixture of wider scope holds one loop open for many tests; what one of them leaves behind fails another."""
    shared = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
        and any("scope=" in ast.unparse(mark) for mark in node.decorator_list)
    ]
    assert shared == []
