"""Keeps the parts of a portal running: whoever dies is started again, with growing pauses, and its whole group ends with it.

Every part leads a process group of its own. That the leader is dead is seen before it is collected: its number is still its own then,
so that what is left of the group (children that hold a port, a guard) can be ended without ever meeting a stranger. What a portal has
started is noted in its data folder, for the next one: a portal that was killed may have left its children behind.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from portal.embedded.process import EmbeddedError, collect, read_note, write_note
from portal.kernel.parts import PARTS

NOTE = "processes.json"
MARK = "FIDERO_VAR"
"""In the environment of everything a portal starts: its data folder."""
PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a part is started again; the last for all further times."""
STEADY = 5.0
"""A part that cannot be asked and lives so long is back; one that lives four times as long has its first pause again."""
_ORPHANS = 15.0


@dataclass(slots=True)
class Part:
    """One part: how it is started, and the process it is at this moment."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    deaths: int = 0
    again_at: float | None = None
    answers: Callable[[], bool] | None = None
    """Asks it whether it does what it is for; where it cannot be asked, living for a while has to do."""

    def look(self, now: float) -> bool:
        """Start it again where that is due; whether a new process was started."""
        if self.again_at is None:
            code = collect(self.process)
            if code is None:
                if self.name in PARTS.missing() and self._is_back(now):
                    PARTS.back(self.name)
                if now - self.began > 4 * STEADY:
                    self.deaths = 0
                return False
            self._wait(now, f"ended by signal {-code}" if code < 0 else f"ended with {code}")
        if self.again_at is None or now < self.again_at:
            return False
        try:
            self.process = self.start()
        except (EmbeddedError, OSError) as error:
            self._wait(now, str(error))
            return False
        self.began, self.again_at = now, None
        return True

    def _is_back(self, now: float) -> bool:
        return self.answers() if self.answers is not None else now - self.began > STEADY

    def _wait(self, now: float, why: str) -> None:
        PARTS.away(self.name, why)
        self.again_at = now + PAUSES[min(self.deaths, len(PAUSES) - 1)]
        self.deaths += 1


class _Noted(msgspec.Struct):
    part: str
    pid: int
    started: str
    """The moment it started, as the kernel counts it, and since which boot: numbers are used again, these two together are not."""


def note_processes(var: Path, parts: Sequence[Part]) -> None:
    """Write down who is ours, for a portal that comes after one that was killed."""
    write_note(
        var / NOTE,
        [
            _Noted(part.name, part.process.pid, started)
            for part in parts
            if (started := _started(part.process.pid))
        ],
    )


def forget_processes(var: Path) -> None:
    """Everything has ended in order."""
    (var / NOTE).unlink(missing_ok=True)


def end_orphans(var: Path) -> list[str]:
    """End what a portal of this data folder has left behind when it was killed; the names of those parts. Strangers are left alone."""
    noted = read_note(var / NOTE, list[_Noted]) or []
    ended: set[str] = set()
    for number in (signal.SIGTERM, signal.SIGKILL):
        ours: dict[int, str] = {}
        for one in noted:
            for pid in _members(one, var):
                ours[pid] = _started(pid)
                ended.add(one.part)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        deadline = time.monotonic() + _ORPHANS
        # By number and moment: whoever is ending has lost its environment first and its port last.
        while any(_lives(pid, started) for pid, started in ours.items()) and time.monotonic() < deadline:
            time.sleep(0.05)
    forget_processes(var)
    return sorted(ended)


def _lives(pid: int, started: str) -> bool:
    with contextlib.suppress(OSError, IndexError):
        # The first thread of a process is a zombie as long as others of it are ending.
        ending = len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
        return _started(pid) == started and (ending or _alive(pid))
    return False


def _members(one: _Noted, var: Path) -> list[int]:
    """Living processes of a noted group that are ours: the leader of that very moment, and whoever carries our mark."""
    if not Path("/proc/self").exists():
        return []
    mark = f"{MARK}={var}".encode()
    members: list[int] = []
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        try:
            if os.getpgid(pid) != one.pid or not _alive(pid):
                continue
            is_leader = pid == one.pid and _started(pid) == one.started
            if is_leader or mark in path.joinpath("environ").read_bytes().split(b"\0"):
                members.append(pid)
        except OSError:
            continue
    return members


def _fields(pid: int) -> list[str]:
    """The fields of /proc/…/stat after the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _alive(pid: int) -> bool:
    return _fields(pid)[0] not in ("Z", "X")


def _started(pid: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{_fields(pid)[19]}"
    except (OSError, IndexError):
        return ""
