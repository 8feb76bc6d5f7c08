"""What workers are called with in tests; they find it by its name."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from service.preprocessing import DecodeError
from service.serving.workers.worker import Work

MEBIBYTE = 2**20


def warm_up():
    """Have this module imported, which a worker cannot do later."""


WORK = Work((), warm_up, memory=1024 * MEBIBYTE, shared=MEBIBYTE)


def double(array):
    return 2 * array


def pid():
    return os.getpid()


def sleep(seconds):
    time.sleep(seconds)


def work():
    while True:
        pass


def refuse():
    raise DecodeError("corrupt-image", "It is.")


def fail():
    raise ValueError("unlucky")


def end():
    os.kill(os.getpid(), signal.SIGSEGV)


def take_memory(mebibytes):
    return np.ones(mebibytes * MEBIBYTE, np.uint8).nbytes


def take_memory_of_opencv(side):
    return cv2.resize(np.ones((2, 2), np.uint8), (side, side)).nbytes


def take_memory_for_good(mebibytes):
    """As a library does that knows no exceptions."""
    kept = [bytearray(MEBIBYTE) for _ in range(mebibytes)]
    return len(kept)


class Alien:
    """Of no class that answers are made of."""


def answer_with_an_alien():
    return Alien()


def _tried(function):
    try:
        function()
    except (OSError, RuntimeError, ImportError) as error:
        return type(error).__name__
    return "done"


def try_everything():
    """What becomes of attempts to reach beyond the process."""
    return {
        "read": _tried(lambda: Path("/etc/passwd").read_bytes()),
        "write": _tried(lambda: Path("/tmp/written-by-a-worker").write_bytes(b"x")),  # noqa: S108
        "socket": _tried(socket.socket),
        "program": _tried(lambda: subprocess.run([sys.executable, "-c", ""], check=True)),
        "import": _tried(lambda: __import__("this")),
    }


def try_to_multiply():
    """What only root's processes may do in spite of their limits."""
    return {
        "process": _tried(os.fork),
        "thread": _tried(threading.Thread(target=int).start),
    }
