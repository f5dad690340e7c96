"""`python -m portal run`: the servers, the web and the worker as children of one process that keeps them running and stops them all.

Children run in sessions of their own, so that Ctrl-C reaches this process alone: it ends the web and the worker first, then the
servers under them. Whichever dies meanwhile is started again (`embedded/keeper.py`).
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec
import structlog

from portal.config import BadSettings, NotRunning, Settings
from portal.db.roles import DatabaseUrls, RolePasswords, prepare_roles
from portal.embedded import EmbeddedError, start_postgres, start_valkey
from portal.embedded.keeper import MARK, Part, end_orphans, forget_processes, note_processes
from portal.embedded.process import FolderLock, collect, is_held, port_is_free, read_note, write_note
from portal.kernel.processes import end_with_parent
from portal.web.observability import configure_logging

ROOT = Path(__file__).parent.parent
DATABASE = "portal"
STOP_SECONDS = 25
ADDRESSES = "addresses.json"
"""The settings of the portal that runs in this folder, for the other commands. It holds passwords: a private note."""
LOCK = "portal.lock"
WEB_STOP_SECONDS = 15
"""Until requests that are still being answered are cut off when the web stops: well within STOP_SECONDS."""
WEB_SILENCE_SECONDS = 10
"""A web process that does not move a finger for so long is replaced."""
WEB_BACKLOG = 256
"""Connections that one web process takes at once; the others are left for the next one that is free."""

log = structlog.get_logger()


class Stopped(BaseException):
    """Somebody asked us to stop. No fault, so that nothing on the way that handles faults takes it for one."""


class _Stopping:
    """That somebody asked us to stop: raised at once, and remembered.

    Python drops an exception that a signal raises inside a finalizer or a callback of the garbage collector.
    """

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        raise Stopped

    def check(self) -> None:
        """Raises Stopped where the signal's own exception was dropped."""
        if self.asked:
            raise Stopped


def migrate(owner_url: str) -> None:
    """Bring a database to the newest schema, as its owner."""
    from alembic import command
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")


def serve(settings: Settings) -> None:
    """The web: uvicorn with some processes on one port, HTTP/1.1 (a proxy in front speaks the rest). One that ends is replaced.

    Why uvicorn, and what we bound ourselves: docs/decisions/0003.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from portal.web.protocol import KEPT_SECONDS, Http

    class Processes(Multiprocess):
        def keep_subprocess_alive(self) -> None:
            before = [process.pid for process in self.processes]
            super().keep_subprocess_alive()
            for old, new in zip(before, self.processes, strict=True):
                if new.pid != old:
                    log.warning("web.process_replaced", ended=old, began=new.pid)

    config = uvicorn.Config(
        "portal.asgi:app",
        host=settings.listen_host,
        port=settings.listen_port,
        workers=settings.web_processes,
        interface="asgi3",
        lifespan="on",
        loop="asyncio",
        http=Http,
        ws="none",
        backlog=WEB_BACKLOG,
        timeout_keep_alive=KEPT_SECONDS,
        timeout_graceful_shutdown=WEB_STOP_SECONDS,
        timeout_worker_healthcheck=WEB_SILENCE_SECONDS,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    Processes(config, sockets=[config.bind_socket()]).run()


def _say(text: str) -> None:
    """Print in one write, so that no line of a child's gets into it: whoever waits for a line finds it whole."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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
def environment(
    var: Path, port: int, environ: Mapping[str, str], servers: list[Part] | None = None
) -> Generator[dict[str, str]]:
    """The environment of web and worker: what was given, and embedded servers for the rest. Noted in `var` for as long.

    `PORTAL_DATABASE_URL` alone is taken as the address of a superuser, under whom the three roles are made; with
    `PORTAL_DATABASE_SYSTEM_URL` beside it, it is the application role, as in production.

    Args:
        servers: takes the embedded servers that were started, for whoever keeps them running.
    """
    given = dict(environ)
    kept = servers if servers is not None else []
    lock = FolderLock(var / LOCK, "data")
    stops: list[Callable[[], None]] = [lock.release]
    try:
        if not given.get("PORTAL_DATABASE_URL"):
            postgres = start_postgres(var)
            stops.append(postgres.stop)
            kept.append(Part("PostgreSQL", postgres.start_again, postgres.process, answers=postgres.answers))
            _use(given, prepare_roles(postgres.admin_url, DATABASE, _passwords(var)))
        elif not given.get("PORTAL_DATABASE_SYSTEM_URL"):
            _use(given, prepare_roles(given["PORTAL_DATABASE_URL"], DATABASE, _passwords(var)))
        if not given.get("PORTAL_REDIS_URL"):
            valkey = start_valkey(var)
            stops.append(valkey.stop)
            kept.append(Part("Valkey", valkey.start_again, valkey.process, answers=valkey.answers))
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


def run(var: Path, *, port: int, demo: bool, dev: bool = False) -> int:
    """Start everything, wait, stop everything; the exit code of the process.

    Args:
        dev: whoever changes a file sees it at the next request (`portal/reloading.py`).
    """
    stopping = _Stopping()
    signal.signal(signal.SIGTERM, stopping)
    signal.signal(signal.SIGINT, stopping)
    started = time.monotonic()
    var.mkdir(parents=True, exist_ok=True)
    servers: list[Part] = []
    children: list[Part] = []
    configure_logging(json=False)
    try:
        more = {"PORTAL_DEV": "yes", "PORTAL_WEB_PROCESSES": "1"} if dev else {}
        with environment(var, port, {**os.environ, **more, MARK: str(var)}, servers) as given:
            settings = Settings.load(given)
            if orphans := end_orphans(var):
                _say(f"Ended what a killed portal had left here: {', '.join(orphans)}.")
            if not port_is_free(settings.listen_port):  # before anything is started or migrated
                raise BadSettings(  # noqa: TRY301 - told like every other setting that does not fit
                    [f"port {settings.listen_port} is taken: choose another one with --port"]
                )
            if settings.database_owner_url:
                migrate(settings.database_owner_url)
            lines: list[str] = []
            if demo:
                from portal.demo import seed

                lines = asyncio.run(seed(settings))
            # From before they start: what is changed meanwhile is seen too.
            pause = _reloader(var, given, children) if dev else partial(time.sleep, 0.2)
            try:
                asked = {"web": partial(_web_answers, settings)}
                for name in ("web", "worker"):
                    start = partial(_child, name, given)
                    children.append(Part(name, start, start(), answers=asked.get(name)))
                note_processes(var, children)
                _wait_for_web(settings, children[0].process)
                _say(f"Ready in {time.monotonic() - started:.1f} s. Press Ctrl-C to stop.\n")
                _say("\n".join(lines))
                _keep(var, servers, children, pause, stopping)
            finally:
                # A second Ctrl-C must not leave half of it running.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                for child in children:
                    if collect(child.process) is None:
                        child.process.send_signal(signal.SIGTERM)
                for child in children:
                    _end(child.process)
                forget_processes(var)
    except Stopped:
        _say("\nStopped.")
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
        preexec_fn=partial(end_with_parent, os.getpid()),  # noqa: PLW1509 - this process has one thread
    )


def _wait_for_web(settings: Settings, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if collect(child) is not None:
            raise BadSettings([f"the web process ended at once; is port {settings.listen_port} taken?"])
        if _web_answers(settings):
            return
        time.sleep(0.1)
    raise BadSettings(["the web process does not answer"])


def _web_answers(settings: Settings) -> bool:
    """Whether the web is ready: it can answer whoever comes."""
    import httpx

    url = f"http://{settings.listen_host}:{settings.listen_port}/health/ready"
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _reloader(var: Path, environ: Mapping[str, str], children: Sequence[Part]) -> Callable[[], None]:
    from portal.reloading import Reloader

    def restart() -> None:
        for child in children:
            if collect(child.process) is None:
                child.process.send_signal(signal.SIGTERM)
        for child in children:
            _end(child.process)
            child.process, child.began = child.start(), time.monotonic()
        note_processes(var, children)

    return Reloader(ROOT, environ, restart).look


def _keep(
    var: Path,
    servers: Sequence[Part],
    children: Sequence[Part],
    pause: Callable[[], None],
    stopping: _Stopping,
) -> NoReturn:
    """Start again whatever ends, until somebody stops us."""
    while True:
        pause()
        stopping.check()
        now = time.monotonic()
        for server in servers:
            server.look(now)
        begun = [child.name for child in children if child.look(now)]
        if begun:
            note_processes(var, children)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Wait for a child that was told to end, and end it with its group when it does not."""
    deadline = time.monotonic() + STOP_SECONDS
    while collect(child) is None:
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(0.02)


__all__ = ["DATABASE", "environment", "migrate", "run", "running", "serve"]
