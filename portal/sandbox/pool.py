"""The portal's side: sends work to the launcher, waits, and turns every end into a result or an error.

A launcher (`portal.sandbox.launcher`) is started once per portal process, imports the readers, and forks a
child for each file: about 5 ms instead of 300. A child reads exactly one file, so nothing of one tenant's
file can reach another. The launcher is a fresh program with an environment of its own: it never had the
portal's secrets in memory.
"""

import asyncio
import atexit
import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from portal.kernel.parts import PARTS, READERS
from portal.sandbox.contract import REASONS, Limits, SandboxUnavailable, TooComplex, Unreadable
from portal.sandbox.wire import FRAME, Failure, Kill, Order, decode_value, encode_message

_START = "import sys; sys.path[:0] = [{root!r}]; from portal.sandbox.launcher import main; main()"
_ROOT = str(Path(__file__).parents[2])
_KILL_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class _Launcher:
    process: subprocess.Popen[bytes]
    control: socket.socket
    owner: int
    """The portal process that started it: after a fork the copy must not use it."""


class _LauncherGoneError(Exception):
    """The connection to the launcher broke."""


class Sandbox:
    """Runs readers in children. One instance serves all threads and event loops of a process."""

    def __init__(self, *, at_once: int | None = None) -> None:
        """``at_once`` readers run side by side, the others wait; by default one per processor."""
        self._threads = ThreadPoolExecutor(at_once or max(2, os.cpu_count() or 2), "sandbox")
        self._lock = threading.Lock()
        self._launcher: _Launcher | None = None
        self._last_job = 0

    async def run(
        self, reader: str, data: bytes, *, limits: Limits | None = None, **params: Any
    ) -> list[Any]:
        """Let ``reader`` (a module of `portal.sandbox.readers`) read ``data``; all values it gives.

        Raises:
            Unreadable: the file is not what it should be.
            TooComplex: a limit was hit.
            SandboxUnavailable: readers cannot be started.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: self.run_blocking(reader, data, limits=limits, **params)
        )

    def run_blocking(
        self, reader: str, data: bytes, *, limits: Limits | None = None, **params: Any
    ) -> list[Any]:
        """`run` for code without an event loop."""
        allowed = limits or Limits()
        try:
            try:
                values = self._attempt(reader, data, allowed, params)
            except _LauncherGoneError:  # ended from outside; a new one is started
                values = self._attempt(reader, data, allowed, params)
        except (_LauncherGoneError, OSError) as error:
            PARTS.away(READERS, error)
            raise SandboxUnavailable from error
        except (TooComplex, Unreadable):
            PARTS.back(READERS)  # an answer all the same
            raise
        PARTS.back(READERS)
        return values

    def warm_up(self) -> None:
        """Start the launcher now rather than with the first file."""
        self._ready()

    def close(self) -> None:
        """End the launcher and with it every running child."""
        with self._lock:
            self._drop()
        self._threads.shutdown(wait=False)

    def _attempt(self, reader: str, data: bytes, limits: Limits, params: dict[str, Any]) -> list[Any]:
        launcher = self._ready()
        with tempfile.TemporaryFile() as target, _bytes_as_file(data) as source:
            with self._lock:
                self._last_job += 1
                job = self._last_job
            reading, writing = os.pipe()
            try:
                try:
                    order = Order(job=job, reader=reader, params=params, limits=limits)
                    handles = [source, target.fileno(), writing]
                    socket.send_fds(launcher.control, [encode_message(order)], handles)
                finally:
                    os.close(writing)
                status, timed_out = _wait(launcher.control, job, reading, limits.wall)
            except (ConnectionError, EOFError) as error:
                self._replace(launcher)
                raise _LauncherGoneError from error
            finally:
                os.close(reading)
            if timed_out:
                raise TooComplex("time")
            return _outcome(status, target)

    def _ready(self) -> _Launcher:
        with self._lock:
            launcher = self._launcher
            if launcher is not None and launcher.owner == os.getpid() and launcher.process.poll() is None:
                return launcher
            self._drop()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                    [sys.executable, "-I", "-c", _START.format(root=_ROOT)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                    start_new_session=True,
                )
            self._launcher = _Launcher(process, ours, os.getpid())
            return self._launcher

    def _replace(self, launcher: _Launcher) -> None:
        """The launcher is gone or stuck: end it for certain, so that the next file starts a new one."""
        with self._lock:
            if self._launcher is launcher:
                launcher.process.kill()
                self._drop()

    def _drop(self) -> None:
        launcher, self._launcher = self._launcher, None
        if launcher is None:
            return
        launcher.control.close()
        if launcher.owner == os.getpid():
            try:
                launcher.process.wait(_KILL_PATIENCE)  # it ends by itself when the connection closes
            except subprocess.TimeoutExpired:
                launcher.process.kill()
                launcher.process.wait()


@contextlib.contextmanager
def _bytes_as_file(data: bytes) -> Generator[int]:
    handle = os.memfd_create("sandbox", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


def _wait(control: socket.socket, job: int, reading: int, wall: float) -> tuple[int, bool]:
    """Exit code of the child, negative for a signal, and whether it was killed for its time."""
    end = time.monotonic() + wall
    poller = select.poll()
    poller.register(reading, select.POLLIN | select.POLLHUP)
    timed_out = not poller.poll(max(0, end - time.monotonic()) * 1000)
    if timed_out:
        control.send(encode_message(Kill(job=job)))
        if not poller.poll(_KILL_PATIENCE * 1000):
            raise EOFError("the launcher does not answer")
    answer = os.read(reading, 64)
    if not answer:
        raise EOFError("the launcher is gone")
    return int(answer), timed_out


def _outcome(status: int, target: BinaryIO) -> list[Any]:
    target.seek(0)
    try:  # a child in bad hands may have written anything
        if status == Failure.NONE:
            return list(_values(target))
        if status == Failure.UNREADABLE:
            reason, params = msgspec.msgpack.decode(target.read(), type=tuple[str, dict[str, str | int]])
            _ = REASONS[reason] % params
            raise Unreadable(reason, **params)
    except (msgspec.MsgspecError, struct.error, KeyError, ValueError, TypeError) as error:
        raise Unreadable("damaged") from error
    if status == Failure.MEMORY or -status == signal.SIGABRT:  # a Rust library aborts when memory is refused
        raise TooComplex("memory")
    if status == Failure.OUTPUT:
        raise TooComplex("output")
    if -status in {signal.SIGXCPU, signal.SIGKILL}:
        raise TooComplex("cpu" if -status == signal.SIGXCPU else "memory")
    raise Unreadable("damaged")  # the reader crashed on it


def _values(target: BinaryIO) -> Iterator[Any]:
    while head := target.read(FRAME.size):
        yield decode_value(target.read(FRAME.unpack(head)[0]))


_default: Sandbox | None = None
_default_lock = threading.Lock()


def _shared(at_once: int | None = None) -> Sandbox:
    global _default  # noqa: PLW0603 - one launcher per process is the point
    with _default_lock:
        if _default is None:
            _default = Sandbox(at_once=at_once)
            atexit.register(close)
        return _default


async def run(reader: str, data: bytes, *, limits: Limits | None = None, **params: Any) -> list[Any]:
    """`Sandbox.run` of the sandbox that this process shares."""
    return await _shared().run(reader, data, limits=limits, **params)


def warm_up(*, at_once: int | None = None) -> None:
    """Start the shared launcher now, so that the first file does not wait for it: for the start of web and worker.

    Args:
        at_once: readers side by side; a worker has one for each of its places, so that nobody waits behind another's slow file.
    """
    with contextlib.suppress(OSError):  # the first file will try again, and say so
        _shared(at_once).warm_up()


def close() -> None:
    """End the shared launcher: at the end of the process."""
    global _default  # noqa: PLW0603 - see `_shared`
    with _default_lock:
        if _default is not None:
            _default.close()
            _default = None
