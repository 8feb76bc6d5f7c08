"""A process gives up what it does not need, which takes no privilege."""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine(memory: int) -> None:
    """Give up this process's way to more memory, to files, to the network and to other processes.

    What is open stays open, and what is mapped stays mapped. On Linux the process also ends with its parent,
    and nothing that it might run has more rights than it. Its system calls are not filtered.

    Args:
        memory: Bytes of address space that it may have in all.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        # Meant for the service, which ends what it has begun.
        signal.signal(number, signal.SIG_IGN)
    _silence()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    # Not even root's processes may open another file or socket.
    _limit(resource.RLIMIT_NOFILE, 0)
    _limit(resource.RLIMIT_NPROC, 0)


def _silence() -> None:
    """Libraries write what they think of a file to standard output or error, where the log is."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.close(nothing)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (lowest, lowest))
