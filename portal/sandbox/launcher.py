"""The launcher: imports the readers once, forks a child per file, reports how each ended.

It has one thread (forking with several is unsafe), no secrets and no connection but the one to the portal.
When that closes, it kills what still runs and ends.
"""

import contextlib
import ctypes
import gc
import importlib
import inspect
import os
import pwd
import resource
import selectors
import signal
import socket
import sys
from types import ModuleType
from typing import NoReturn

from portal.sandbox.contract import Limits, Unreadable
from portal.sandbox.readers import READERS
from portal.sandbox.threads import allow_threads_alone, one_arena
from portal.sandbox.wire import FRAME, Failure, Kill, Order, decode_message, encode_value

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve orders from the socket on standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a handle is wanted, not a path
        os.dup2(nothing.fileno(), 0)
    modules = {name: importlib.import_module(name) for name in READERS}
    for codec in ("cp1252", "utf-16", "utf-8-sig", "ascii", "latin-1", "cp437"):  # a child cannot open files
        "".encode(codec)
    for module in modules.values():
        module.prepare()
    one_arena()
    gc.freeze()

    waking, wake = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, tuple[int, int]] = {}  # process id → job, pipe for its status
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(waking, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if waking in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(waking, 4096)
            _collect(running)
            if control.fileno() in ready:
                data, handles, _flags, _address = socket.recv_fds(control, 256 * 1024, 3)
                if not data:
                    break
                message = decode_message(data)
                if isinstance(message, Kill):
                    for process, (job, _pipe) in running.items():
                        if job == message.job:
                            os.kill(process, signal.SIGKILL)
                    continue
                source, target, pipe = handles
                launcher = os.getpid()
                process = os.fork()
                if process == 0:
                    signal.set_wakeup_fd(-1)
                    _close_all_but(source, target)
                    _child(message, modules.get(message.reader), launcher, source, target)
                running[process] = (message.job, pipe)
                os.close(source)
                os.close(target)
    for process in running:
        os.kill(process, signal.SIGKILL)


def _close_all_but(*kept: int) -> None:
    """Also the pipes of other jobs: their portal must see at once when this launcher is gone."""
    first = 3
    for handle in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(first, min(handle, 65_536))
        first = handle + 1


def _collect(running: dict[int, tuple[int, int]]) -> None:
    """Report the children that ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            _job, pipe = running.pop(process)
            with contextlib.suppress(OSError):  # nobody waits any more
                os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(pipe)


def _child(order: Order, module: ModuleType | None, launcher: int, source: int, target: int) -> NoReturn:
    """Read one file. Always leaves by `os._exit`: nothing of the launcher's may be cleaned up twice."""
    ending = Failure.UNREADABLE
    reason: tuple[str, dict[str, object]] = ("damaged", {})
    try:
        if module is None:
            raise LookupError(f"no reader {order.reader}")  # noqa: TRY301 - ends this child, seen in its log
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open(source, "rb") as file:
            data = file.read()
        _confine(order.limits, launcher)
        with open(target, "wb", closefd=False) as output:
            values = module.read(data, **order.params)
            for value in values if inspect.isgenerator(values) else (values,):
                encoded = encode_value(value)
                output.write(FRAME.pack(len(encoded)))
                output.write(encoded)
        os._exit(Failure.NONE)
    except Unreadable as error:
        reason = (error.code, error.params)
    except MemoryError:
        ending = Failure.MEMORY
    except OSError as error:
        ending = Failure.OUTPUT if error.errno == 27 else ending  # EFBIG: the result passed its limit
        _note(order.reader, error)
    except BaseException as error:  # noqa: BLE001 - libraries in Rust raise panics that are no Exception
        _note(order.reader, error)
    try:
        if ending is Failure.UNREADABLE:
            os.ftruncate(target, 0)
            os.pwrite(target, encode_value(reason), 0)
    finally:
        os._exit(ending)


def _note(reader: str, error: BaseException) -> None:
    """One line for the operators, without anything of the file."""
    print(f"sandbox: {reader}: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201 - the launcher's log


def _confine(limits: Limits, launcher: int) -> None:
    """Take from this process all that a reader does not need."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after setuid, which clears it
    if os.getppid() != launcher:
        os._exit(Failure.UNREADABLE)  # it ended before this line
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - as small as can be
        present = int(statm.read().split()[0]) * resource.getpagesize()
    may_start_threads = limits.threads and allow_threads_alone()
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, limits.output, limits.output),
        (resource.RLIMIT_CPU, limits.cpu, limits.cpu + 2),
        (resource.RLIMIT_AS, present + limits.memory, present + limits.memory),
        *(() if may_start_threads else ((resource.RLIMIT_NPROC, 0, 0),)),  # no process
        (resource.RLIMIT_NOFILE, 0, 0),  # no file, no connection
    ):
        _soft, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)  # noqa: PLW2901 - a lower ceiling from outside stays
        resource.setrlimit(kind, (soft, hard))
