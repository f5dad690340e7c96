"""`python -m portal run`: the servers, the web and the worker as children of one process that stops them all.

Children run in sessions of their own, so that Ctrl-C reaches this process alone: it ends the web and the worker first, then the
servers under them.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import msgspec

from portal.config import BadSettings, NotRunning, Settings
from portal.db.roles import DatabaseUrls, RolePasswords, prepare_roles
from portal.embedded import EmbeddedError, start_postgres, start_valkey
from portal.embedded.process import FolderLock, is_held, port_is_free, read_note, write_note
from portal.web.observability import configure_logging

ROOT = Path(__file__).parent.parent
DATABASE = "portal"
STOP_SECONDS = 25
ADDRESSES = "addresses.json"
"""The settings of the portal that runs in this folder, for the other commands. It holds passwords: a private note."""
LOCK = "portal.lock"


class Stopped(Exception):
    """Somebody asked us to stop."""


def migrate(owner_url: str) -> None:
    """Bring a database to the newest schema, as its owner."""
    from alembic import command
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")


def serve(settings: Settings) -> None:
    """The web process: granian, one worker, HTTP/1.1 (a proxy in front speaks the rest)."""
    from granian.constants import HTTPModes, Interfaces
    from granian.server import Server

    Server(
        "portal.asgi:app",
        address=settings.listen_host,
        port=settings.listen_port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
    ).serve()


def _private(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _passwords(var: Path) -> RolePasswords:
    file = var / "database-roles.json"
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=RolePasswords)
    made = RolePasswords.generate()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(msgspec.json.encode(made))
    return made


@contextmanager
def environment(var: Path, port: int, environ: Mapping[str, str]) -> Generator[dict[str, str]]:
    """The environment of web and worker: what was given, and embedded servers for the rest. Noted in `var` for as long.

    `PORTAL_DATABASE_URL` alone is taken as the address of a superuser, under whom the three roles are made; with
    `PORTAL_DATABASE_SYSTEM_URL` beside it, it is the application role, as in production.
    """
    given = dict(environ)
    lock = FolderLock(var / LOCK, "data")
    stops: list[Callable[[], None]] = [lock.release]
    try:
        if not given.get("PORTAL_DATABASE_URL"):
            postgres = start_postgres(var)
            stops.append(postgres.stop)
            _use(given, prepare_roles(postgres.admin_url, DATABASE, _passwords(var)))
        elif not given.get("PORTAL_DATABASE_SYSTEM_URL"):
            _use(given, prepare_roles(given["PORTAL_DATABASE_URL"], DATABASE, _passwords(var)))
        if not given.get("PORTAL_REDIS_URL"):
            valkey = start_valkey(var)
            stops.append(valkey.stop)
            given["PORTAL_REDIS_URL"] = valkey.url
        given.setdefault("PORTAL_STORAGE_URL", f"file://{_private(var / 'store')}")
        given.setdefault("PORTAL_MAIL_URL", f"outbox://{_private(var / 'outbox')}")
        given.setdefault("PORTAL_SCHEME", "http")
        given.setdefault("PORTAL_PORT", str(port))
        given.setdefault("PORTAL_LISTEN_PORT", str(port))
        given.setdefault("PORTAL_EMBEDDED", "yes")
        note = var / ADDRESSES
        write_note(note, {name: value for name, value in given.items() if name.startswith("PORTAL_")})
        stops.append(partial(note.unlink, missing_ok=True))
        yield given
    finally:
        for stop in reversed(stops):
            stop()


def running(var: Path) -> dict[str, str]:
    """The settings of the portal that runs in this folder.

    Raises:
        NotRunning: none does, or somebody else started it.
    """
    note = var / ADDRESSES
    if not is_held(var / LOCK):  # a note may be left by one that was killed
        raise NotRunning(
            f"No portal is running in {var}. Start it with `make run` and leave it running, or name its folder with"
            " --var; where the portal has servers of its own, set PORTAL_DATABASE_URL and the others (README.md)."
        )
    found = read_note(note, dict[str, str])
    if found is not None:
        return found
    if note.exists():
        raise NotRunning(f"The portal in {var} was started by somebody else: only they may look into it.")
    raise NotRunning(f"The portal in {var} is still starting. Try again when it says that it is ready.")


def _use(given: dict[str, str], urls: DatabaseUrls) -> None:
    given["PORTAL_DATABASE_URL"] = urls.app
    given["PORTAL_DATABASE_SYSTEM_URL"] = urls.system
    given["PORTAL_DATABASE_OWNER_URL"] = urls.owner


def run(var: Path, *, port: int, demo: bool) -> int:
    """Start everything, wait, stop everything; the exit code of the process."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    started = time.monotonic()
    var.mkdir(parents=True, exist_ok=True)
    children: list[subprocess.Popen[bytes]] = []
    try:
        with environment(var, port, os.environ) as given:
            settings = Settings.load(given)
            configure_logging(json=False)
            if not port_is_free(settings.listen_port):  # the web server would share it with whoever has it
                raise BadSettings(  # noqa: TRY301 - told like every other setting that does not fit
                    [f"port {settings.listen_port} is taken: choose another one with --port"]
                )
            if settings.database_owner_url:
                migrate(settings.database_owner_url)
            lines: list[str] = []
            if demo:
                from portal.demo import seed

                lines = asyncio.run(seed(settings))
            try:
                children.append(_child("web", given))
                children.append(_child("worker", given))
                _wait_for_web(settings, children[0])
                print(f"Ready in {time.monotonic() - started:.1f} s. Press Ctrl-C to stop.\n", flush=True)
                print("\n".join(lines), flush=True)
                _watch(children, given)
            finally:
                # A second Ctrl-C must not leave half of it running.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                for child in children:
                    child.send_signal(signal.SIGTERM)
                for child in children:
                    _end(child)
    except Stopped:
        print("\nStopped.", flush=True)
        return 0
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 2
    except BadSettings as bad:
        print(
            "The settings do not make sense:",
            *(f"  {fault}" for fault in bad.faults),
            sep="\n",
            file=sys.stderr,
        )
        return 2
    return 1


def _child(part: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "portal", part],
        env=dict(environ),
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - this process has one thread
    )


def _end_with_parent() -> None:
    """Let the kernel end a child whose supervisor was killed: Linux's PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_for_web(settings: Settings, child: subprocess.Popen[bytes]) -> None:
    import httpx

    url = f"http://{settings.listen_host}:{settings.listen_port}/health/ready"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise BadSettings([f"the web process ended at once; is port {settings.listen_port} taken?"])
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise BadSettings(["the web process does not answer"])


def _watch(children: list[subprocess.Popen[bytes]], given: Mapping[str, str]) -> None:
    """A worker that lost Valkey ends itself: start it again. Without the web there is nothing to serve: end."""
    while True:
        time.sleep(0.5)
        web, worker = children
        if web.poll() is not None:
            print("The web process ended.", file=sys.stderr, flush=True)
            return
        if worker.poll() is not None:
            time.sleep(1)
            children[1] = _child("worker", given)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


__all__ = ["DATABASE", "environment", "migrate", "run", "running", "serve"]
