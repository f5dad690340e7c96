"""Child processes that end with the process that started them."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Let the kernel end this process when its parent is gone, however it went. Linux; elsewhere nothing happens.

    Args:
        parent: its process id; that it is gone already is noticed, too.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it was gone before this line
            os.kill(os.getpid(), number)
