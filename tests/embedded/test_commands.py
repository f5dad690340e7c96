"""The other commands find the portal that runs on this machine."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.config import NotRunning
from portal.supervisor import ADDRESSES, LOCK, environment, migrate, running
from tests.support.servers import ROOT

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a portal's servers run, as under `python -m portal run`."""
    folder = tmp_path_factory.mktemp("var")
    folder.chmod(0o755)
    with environment(folder, 8000, CLEAN) as given:
        migrate(given["PORTAL_DATABASE_OWNER_URL"])
        yield folder


def command(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", *words],
        env={**CLEAN, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit", "verify"), "Every chain holds."),
        (("jobs",), "0 dead letters"),
        (("check",), "Database, Valkey and store answer."),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_looks_into_the_portal_of_a_folder(var: Path, words: tuple[str, ...], says: str) -> None:
    done = command(*words, "--var", str(var))
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


def test_the_note_with_the_addresses_is_private(var: Path) -> None:
    assert stat.S_IMODE((var / ADDRESSES).stat().st_mode) == 0o600


def test_where_none_runs_a_command_says_so(tmp_path: Path) -> None:
    done = command("audit", "verify", "--var", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"No portal is running in {tmp_path}.")
    assert "make run" in done.stderr


def test_the_note_of_a_killed_portal_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("4711")
    (tmp_path / ADDRESSES).write_text('{"PORTAL_DATABASE_URL": "postgresql://gone"}')
    with pytest.raises(NotRunning, match="No portal is running"):
        running(tmp_path)


def test_the_note_goes_with_the_portal(tmp_path: Path) -> None:
    servers = {
        "PORTAL_DATABASE_URL": "postgresql://app@127.0.0.1:1/portal",
        "PORTAL_DATABASE_SYSTEM_URL": "postgresql://system@127.0.0.1:1/portal",
        "PORTAL_REDIS_URL": "redis://127.0.0.1:1",
    }
    with environment(tmp_path, 8000, {**servers, "HOME": "/"}):
        assert running(tmp_path)["PORTAL_REDIS_URL"] == servers["PORTAL_REDIS_URL"]
        assert "HOME" not in running(tmp_path)
    assert not (tmp_path / ADDRESSES).exists()
    with pytest.raises(NotRunning):
        running(tmp_path)


def test_the_settings_of_the_environment_come_first(var: Path) -> None:
    """Who has set them means those servers: nothing else is looked into by mistake."""
    done = command("jobs", PORTAL_DATABASE_URL="postgresql://x@127.0.0.1:1/portal")
    assert done.returncode == 2
    assert "PORTAL_DATABASE_SYSTEM_URL is not set" in done.stderr
