"""What both embedded servers share: their account, a guarded child process, a port, a private note."""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

ACCOUNT_NAME = "fidero-embedded"
"""The system account of the servers when root starts the portal (PostgreSQL refuses root)."""

LOG_LIMIT = 5_000_000
"""A log longer than this (bytes) is moved to ``<name>.1`` at the next start."""

# The shell becomes the server (same process id). Before, it leaves a guard in the same process group, which waits for
# the end of the pipe that the starting process holds: when that process is gone, however it ended, the server is told
# to shut down. The guard is no child of the server: PostgreSQL takes the death of an unknown child for a crash.
_GUARD = 'stop=$1; shift; exec 3<&0 </dev/null; ( (read -r _ <&3; kill -s "$stop" $$) & ); exec "$@" 3<&-'

T = TypeVar("T")


class EmbeddedError(RuntimeError):
    """An embedded server cannot be started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a server runs as when the portal itself runs as root."""

    uid: int
    gid: int


def server_account(folder: Path) -> Account | None:
    """The account to run a server under, ``None`` for the current user.

    Only root needs another account. A folder that an ordinary user's server has filled keeps its owner;
    else the account `ACCOUNT_NAME` is used, created where the machine has ``useradd``, and ``nobody`` where
    it has not.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwuid(owner)
            return Account(entry.pw_uid, entry.pw_gid)
    with contextlib.suppress(KeyError):
        return _account(ACCOUNT_NAME)
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run(  # noqa: S603 - fixed words and the path found above
            [*command, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], check=False, capture_output=True
        )
        with contextlib.suppress(KeyError):  # also when another process created it at the same moment
            return _account(ACCOUNT_NAME)
    return _account("nobody")


def _account(name: str) -> Account:
    entry = pwd.getpwnam(name)
    return Account(entry.pw_uid, entry.pw_gid)


def private_folder(path: Path, account: Account | None) -> None:
    """Make sure that ``path`` exists, is closed to others and belongs, with its contents, to the account.

    Raises:
        EmbeddedError: the folder belongs to somebody else and cannot be taken over.
    """
    path.mkdir(parents=True, exist_ok=True)
    if account is None:
        if path.stat().st_uid != os.geteuid():
            owner = _owner_name(path)
            raise EmbeddedError(
                f"{path} belongs to the account {owner}: the portal was started here as root before. "
                f"Start it as root again, or remove {path} to begin with empty data."
            )
    elif path.stat().st_uid != account.uid:
        for parent, folders, files in os.walk(path):
            for name in (".", *folders, *files):
                os.chown(Path(parent, name), account.uid, account.gid, follow_symlinks=False)
    path.chmod(stat.S_IRWXU)


def _owner_name(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def as_account(command: Sequence[str], account: Account | None, reach: Sequence[Path]) -> list[str]:
    """The command line that runs ``command`` under ``account``.

    The account may be unable to walk to the paths in ``reach`` (a project below ``/root``, a wheel
    installed with a strict umask). Opening root's folders to everybody would be worse, so in that case
    alone the server keeps one capability: to read (DAC_READ_SEARCH) or, where that does not do, to pass
    (DAC_OVERRIDE) in spite of file modes.
    """
    if account is None:
        return list(command)
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if setpriv is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root and this machine has no setpriv (package util-linux) to "
            "change the "
            "account. Install it, or start the portal as an ordinary user."
        )
    wrapped = [
        setpriv,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--no-new-privs",
    ]
    executable = Path(command[0])
    if not all(can_reach(path, account) for path in (executable, *reach)):
        allowed = _bounding_capabilities()
        readable = _granted(executable, account, stat.S_IXOTH | stat.S_IROTH)
        name = "dac_read_search" if readable and allowed & (1 << 2) else "dac_override"
        wrapped += [f"--inh-caps=-all,+{name}", f"--ambient-caps=-all,+{name}"]
    return [*wrapped, *command]


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account can reach ``path`` and read it, by the modes of all folders on the way."""
    walkable = all(_granted(folder, account, stat.S_IXOTH) for folder in path.absolute().parents)
    return walkable and _granted(path, account, stat.S_IXOTH | stat.S_IROTH)


def _granted(path: Path, account: Account, bits: int) -> bool:
    """Whether the mode of ``path`` grants ``bits`` (written as those for others) to the account."""
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return status.st_mode & (bits << shift) == bits << shift


def _bounding_capabilities() -> int:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapBnd:"):
                return int(line.split()[1], 16)
    return 0


def clean_environment() -> dict[str, str]:
    """The environment of a server: messages in English, nothing of ``PG*`` that would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def collect(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a leader that has ended, its group with it; None while it lives. Leaves no zombie."""
    if process.returncode is None:
        try:
            dead = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            dead = True
        if dead is None:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode


class ServerProcess:
    """One server as a guarded child process: in its own session, ended when its starter is gone."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        account: Account | None,
        reach: Sequence[Path],
        log: Path,
        stop: signal.Signals,
    ) -> None:
        """Start ``command``; its output is appended to ``log``."""
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_name(log.name + ".1"))
        guarded = as_account(
            ["/bin/sh", "-c", _GUARD, "sh", stop.name.removeprefix("SIG")], account, [*reach]
        )
        self._stop = stop
        self._log = log
        with log.open("ab") as output:
            log.chmod(0o600)
            self._log_start = output.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no words of a user
                [*guarded, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=clean_environment(),
                umask=0o077,
                start_new_session=True,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The child itself: the leader of its group."""
        return self._process

    @property
    def pid(self) -> int:
        """Process id of the server (the guard becomes the server, so it does not change)."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return collect(self._process) is None

    def output(self, limit: int = 4000) -> str:
        """The end of what the server wrote since it was started."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")[-limit:].strip()

    def stop(self, timeout: float = 20.0) -> None:
        """Shut down in order; after ``timeout`` seconds the server is killed. May be repeated."""
        if self.running:
            self._process.send_signal(self._stop)
        deadline = time.monotonic() + timeout
        while self.running:
            if time.monotonic() > deadline:
                self._process.kill()
            time.sleep(0.01)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def wait_for(ready: Callable[[], T | None], process: ServerProcess, timeout: float) -> T | None:
    """What ``ready`` answers as soon as it is not ``None``; ``None`` when the process ended before.

    Raises:
        EmbeddedError: neither became ready nor ended within ``timeout`` seconds; it has been stopped.
    """
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if (answer := ready()) is not None:
            return answer
        if not process.running:
            return None
        time.sleep(0.01)
    process.stop()
    raise EmbeddedError(
        f"The server did not become ready within {timeout:.0f} s. It said:\n{process.output()}"
    )


def end_orphan(pid: int, belongs: Callable[[str], bool], stop: signal.Signals, timeout: float = 20.0) -> None:
    """End a server that an earlier, killed portal has left running.

    Its command line must satisfy ``belongs``: process ids are used again, above all in containers.
    """
    if not belongs(command_line(pid)):
        return
    for number in (stop, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if not belongs(command_line(pid)):
                return
            time.sleep(0.02)


def command_line(pid: int) -> str:
    """Command line of a process; empty when there is none (or it has ended and waits to be collected)."""
    if Path("/proc/self").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode("utf-8", "replace")
                .strip()
            )
        except OSError:
            return ""
    command = ["/bin/ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603 - a number


def free_port() -> int:
    """A TCP port that is free on 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the port now (fading connections of an earlier one do not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class FolderLock:
    """One portal per data folder. The kernel lets the lock go when the holder ends, in whatever way."""

    def __init__(self, path: Path, what: str) -> None:
        """Take the lock or raise `EmbeddedError` naming the process that holds it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise EmbeddedError(
                f"The {what} in {path.parent} is in use by another portal (process {holder}). Stop that "
                f"one first, or "
                f"give this one a folder of its own."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go. May be repeated."""
        self._file.close()


def is_held(path: Path) -> bool:
    """Whether a `FolderLock` is held there, by whomever."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def read_note(path: Path, kind: type[T]) -> T | None:
    """The private note at ``path``; ``None`` when there is none or it cannot be read as ``kind``."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def write_note(path: Path, value: Any) -> None:
    """Replace the private note at ``path`` in one step; only its owner may read it."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
