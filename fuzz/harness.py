"""What all targets share: seeds, kept cases, and the bounded run of one: ``python -m fuzz.harness TARGET``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "fuzz" / "cases"
WORK = ROOT / "var" / "fuzz"
MAX_INPUT = 1 << 16


def corpus(*patterns: str) -> list[bytes]:
    """Files that others wrote, where they are there: seeds are better for being real."""
    folder = Path(os.environ.get("PORTAL_CORPUS", ROOT.parent / "shared" / "data"))
    found = sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    return [data for path in found if len(data := path.read_bytes()) <= MAX_INPUT]


def kept(target: str) -> list[Path]:
    """The cases that were found once, for this target."""
    return sorted(path for path in (CASES / target).glob("*") if path.is_file() and path.name[0] != ".")


def main() -> None:
    """Fuzzes one target for the time given; ends with an error code when something is found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.harness")
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    target: str = options.target
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed here: python -m fuzz installs it and runs the targets")
    with atheris.instrument_imports(include=["exports", "zipfile"]):  # pyright: ignore[reportAttributeAccessIssue] - compiled
        module = importlib.import_module(f"fuzz.{target}")
    folder = WORK / target
    inputs = folder / "corpus"
    inputs.mkdir(parents=True, exist_ok=True)
    _write(inputs, module.seeds())
    _write(inputs, (path.read_bytes() for path in kept(target)))
    flags = [
        f"-max_total_time={options.seconds}",
        f"-max_len={MAX_INPUT}",
        f"-artifact_prefix={folder}/",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup([target, *flags, str(inputs)], module.one_input)
    atheris.Fuzz()


def _write(folder: Path, inputs: Iterable[bytes]) -> None:
    for data in inputs:
        (folder / sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
