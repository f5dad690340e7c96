"""`python -m portal dev`: whoever changes a file sees it at the next request.

Templates are read anew by the web itself (`PORTAL_DEV`); the rest is done here: static files built, catalogues compiled, the database
migrated, web and worker started anew. What fails is told, and waits for the next change.
"""

import enum
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

import watchfiles

LOOK_SECONDS = 0.2
FOLDERS = ("portal", "themes", "exports", "migrations")


class Step(enum.IntEnum):
    """What a change asks for, in the order in which it is done."""

    STATIC = 1
    CATALOGUES = 2
    MIGRATE = 3
    RESTART = 4


def steps_for(paths: Iterable[Path]) -> list[Step]:
    """What changed files ask for, first to last.

    Args:
        paths: relative to the project's folder.
    """
    steps: set[Step] = set()
    for path in paths:
        top = path.parts[0] if path.parts else ""
        if "__pycache__" in path.parts or path.is_relative_to("themes/static/dist"):
            continue
        if path.is_relative_to("themes/static/src") or path.suffix == ".html":
            steps.add(Step.STATIC)  # the stylesheet holds what templates use
        elif path.suffix == ".po":
            steps |= {Step.CATALOGUES, Step.RESTART}
        elif top == "migrations" and path.suffix == ".py":
            steps |= {Step.MIGRATE, Step.RESTART}
        elif top in FOLDERS and path.suffix == ".py" and not path.is_relative_to("portal/syncagent"):
            steps.add(Step.RESTART)
    return sorted(steps)


class Reloader:
    """Watches the project's folder while web and worker run."""

    def __init__(self, root: Path, environ: Mapping[str, str], restart: Callable[[], None]) -> None:
        """Begin to watch.

        Args:
            root: the project's folder.
            environ: what the steps run in: the settings of the portal that runs.
            restart: ends web and worker and starts them anew.
        """
        self._root = root
        self._environ = dict(environ)
        self._restart = restart
        self._changes: SimpleQueue[set[Path]] = SimpleQueue()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """In a thread of its own: the watcher swallows what a handler of signals raises, and that is how people stop us."""
        for found in watchfiles.watch(*(self._root / name for name in FOLDERS), debounce=400):
            self._changes.put({Path(path).relative_to(self._root) for _kind, path in found})

    def look(self) -> None:
        """Wait a moment for changes, and do what they ask for."""
        try:
            changed = self._changes.get(timeout=LOOK_SECONDS)
        except Empty:
            return
        steps = steps_for(changed)
        if not steps:
            return
        print(
            f"\n· {', '.join(sorted(map(str, changed))[:3])}: {', '.join(step.name.lower() for step in steps)}",
            flush=True,
        )
        manifest = self._manifest()
        for step in steps:
            if not self._done(step):
                return
        if Step.STATIC in steps and Step.RESTART not in steps and self._manifest() != manifest:
            self._restart()  # pages name static files by their hash, read once

    def _done(self, step: Step) -> bool:
        commands = {
            Step.STATIC: ["-m", "themes.build"],
            Step.CATALOGUES: ["scripts/messages.py", "compile"],
            Step.MIGRATE: ["-m", "portal", "migrate"],
        }
        if step is Step.RESTART:
            self._restart()
            return True
        done = subprocess.run(  # noqa: S603 - our own programs
            [sys.executable, *commands[step]], cwd=self._root, env=self._environ, check=False
        )
        return done.returncode == 0

    def _manifest(self) -> bytes:
        try:
            return (self._root / "themes/static/dist/manifest.json").read_bytes()
        except OSError:
            return b""
