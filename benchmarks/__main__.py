"""One table over every benchmark, or the named ones: ``python -m benchmarks [name …]``.

Each runs in a process of its own. A missed goal is marked, not failed: machines differ. A benchmark that breaks is named at the
end, and the exit code is 1.
"""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import Row

FOLDER = Path(__file__).parent
HEAD = ("work", "against", "ratio", "goal")


def names() -> list[str]:
    """The names of all benchmarks, in the order in which they run."""
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def holds(ratio: float, goal: str) -> bool | None:
    """Whether a goal is met; None when there is none.

    Raises:
        ValueError: a goal that is none of `≤ n`, `≥ n`, `measured`.
    """
    if goal == "measured":
        return None
    sign, _, bound = goal.partition(" ")
    if sign not in {"≤", "≥"}:
        raise ValueError(f"{goal!r} is no goal: write '≤ 1.5', '≥ 2' or 'measured'")
    return ratio <= float(bound) if sign == "≤" else ratio >= float(bound)


def table(lines: Sequence[Row]) -> str:
    """The lines in columns, as wide as their longest words."""
    rows = [HEAD] + [
        (work, against, f"{ratio:.2f}", goal + ("  missed" if holds(ratio, goal) is False else ""))
        for work, against, ratio, goal in lines
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    made = [
        f"{work:<{wide[0]}}  {against:<{wide[1]}}  {ratio:>{wide[2]}}  {goal}"
        for work, against, ratio, goal in rows
    ]
    made.insert(1, "  ".join("-" * width for width in wide))
    return "\n".join(line.rstrip() for line in made)


def rows_of(name: str) -> list[Row]:
    """Run one benchmark in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--rows", name],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=FOLDER.parent,
    )
    return [Row(*row) for row in json.loads(done.stdout.splitlines()[-1])]


def main(arguments: Sequence[str]) -> int:
    """Run and print; the exit code."""
    if len(arguments) == 2 and arguments[0] == "--rows":
        print(json.dumps(importlib.import_module(f"benchmarks.{arguments[1]}").run()))
        return 0
    unknown = [name for name in arguments if name not in names()]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    lines: list[Row] = []
    broken: list[str] = []
    for name in arguments or names():
        began = time.monotonic()
        try:
            lines += rows_of(name)
        except subprocess.CalledProcessError:
            broken.append(name)
        print(f"· {name}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"\n{table(lines)}")
    if broken:
        print(f"\nbroke: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
