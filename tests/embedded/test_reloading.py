"""`python -m portal dev` on a copy of the project: what is changed is seen at the next request."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx

from portal.embedded.process import free_port
from tests.support.servers import ROOT

PATIENCE = 90
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


def live(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=5).text
    except httpx.HTTPError:
        return ""


def until_it_says(port: int, word: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while word not in live(port):
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)  # polling another process, not waiting for time to pass


def test_a_changed_module_is_seen_and_a_broken_one_only_until_it_is_mended(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("portal", "themes", "exports", "migrations", "scripts"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    port = free_port()
    log = tmp_path / "log"
    command = ["dev", "--no-demo", "--var", str(tmp_path / "var"), "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", *command],
            cwd=project,
            env={**CLEAN, "PYTHONPATH": str(project)},
            stdout=output,
            stderr=output,
            process_group=0,
        )
    try:
        until_it_says(port, '"ok"', log)
        health = project / "portal/web/health.py"
        first = health.read_text()
        health.write_text(first.replace('{"status": "ok"}', '{"status": "second"}'))
        until_it_says(port, '"second"', log)
        health.write_text("this is no Python")
        deadline = time.monotonic() + PATIENCE
        while live(port):
            assert time.monotonic() < deadline, "the broken module was not loaded"
            time.sleep(0.05)
        health.write_text(first.replace('{"status": "ok"}', '{"status": "third"}'))
        until_it_says(port, '"third"', log)
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(PATIENCE)
