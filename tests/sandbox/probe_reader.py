"""A reader that misbehaves on request: loaded by a launcher that the tests start, never by the portal."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def prepare() -> None:
    """Nothing is opened lazily."""


def read(data: bytes, *, do: str) -> Any:
    return {
        "echo": lambda: data,
        "many": many,
        "memory": lambda: bytearray(2_000_000_000),
        "cpu": spin,
        "sleep": lambda: time.sleep(600),
        "open": lambda: Path("/etc/hostname").open(),
        "write": lambda: Path("/var/tmp/probe-reader").touch(),  # noqa: S108 - it must not come to be
        "socket": socket.socket,
        "fork": os.fork,
        "output": lambda: b"x" * 3_000_000,
        "abort": os.abort,
        "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "exit": lambda: os._exit(7),
        "environment": lambda: dict(os.environ),
        "who": lambda: [os.getuid(), os.getgid(), len(os.getgroups())],
        "handles": handles,
        "pid": os.getpid,
        "panic": panic,
        "half": half,
    }[do]()


def spin() -> None:
    while True:
        pass


def many() -> Iterator[int]:
    yield from range(1000)


def half() -> Iterator[bytes]:
    yield b"x" * 1000
    raise ValueError("in the middle")


class Panic(BaseException):
    """As raised by libraries written in Rust."""


def panic() -> None:
    raise Panic


def handles() -> list[int]:
    found: list[int] = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found
