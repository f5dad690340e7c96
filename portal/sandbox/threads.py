"""A reader that must start threads (the decoder of HEIC) may do that and nothing more: no process of its own, no other program.

`RLIMIT_NPROC` counts threads as processes, so it cannot tell one from the other; a filter of system calls (seccomp, Linux) can.
"""

import ctypes
import errno
import platform
import struct

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF: a word of the call, comparisons, the verdict
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FLAGS = 0, 4, 16  # places in `struct seccomp_data`
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
_CALLS = {
    # architecture → its audit number, clone, what is refused (fork, vfork, execve, execveat)
    "x86_64": (0xC000003E, 56, (57, 58, 59, 322)),
    "aarch64": (0xC00000B7, 220, (221, 281)),
}
_CLONE3 = 435
_MALLOPT_ARENAS = -8


def one_arena() -> None:
    """Memory of threads comes from where all comes from: an arena for each would reserve more than the limit leaves."""
    _LIBC.mallopt(_MALLOPT_ARENAS, 1)


def _program() -> bytes | None:
    """The filter, as the kernel reads it; None where the numbers of the calls are not known."""
    known = _CALLS.get(platform.machine())
    if known is None:
        return None
    architecture, clone, refused = known
    refuse, absent = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    steps: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, refuse),
        (_LOAD, 0, 0, _NUMBER),
        (_ANY_BIT, 0, 1, _X32),
        (_RETURN, 0, 0, refuse),
        # glibc tries clone3, whose flags a filter cannot see, and goes on with clone where it is absent
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, absent),
    ]
    for call in refused:
        steps += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, refuse)]
    steps += [
        (_EQUAL, 1, 0, clone),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FLAGS),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


_PROGRAM = _program()


def allow_threads_alone() -> bool:
    """Refuse processes and programs to this process from now on, threads not; False where that cannot be done."""
    if _PROGRAM is None or _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = ctypes.create_string_buffer(_PROGRAM, len(_PROGRAM))
    head = struct.pack("@HP", len(_PROGRAM) // 8, ctypes.addressof(code))
    return _LIBC.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(head), 0, 0) == 0
