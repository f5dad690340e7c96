"""Runs every target, or the named ones, for a bounded time each; the exit code says whether something was found.

The fuzzer (atheris) is not among the project's dependencies: it is installed into an environment of its own
under ``var/fuzz``, which sees the packages of this one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "var" / "fuzz"
TARGETS = ("ubl_read", "cii_read", "coda_read", "bundle_verify")


def main() -> int:
    """Prepares the environment and starts one process per target."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the readers of exports/.")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all when none is named"
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    python = _environment()
    failed = [
        target
        for target in options.targets or TARGETS
        if subprocess.run(  # noqa: S603 - our own module under our own interpreter
            [python, "-m", "fuzz.harness", target, "--seconds", str(options.seconds)], cwd=ROOT, check=False
        ).returncode
    ]
    for target in failed:
        sys.stderr.write(
            f"{target}: found something; see {WORK / target}, keep it under fuzz/cases/{target}\n"
        )
    return 1 if failed else 0


def _environment() -> Path:
    """The interpreter that has atheris and sees this environment's packages."""
    folder = WORK / "venv"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "atheris"]
        subprocess.run(command, check=True)  # noqa: S603 - pip of the environment just made
        (folder / "ready").touch()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    (packages / "project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


if __name__ == "__main__":
    sys.exit(main())
