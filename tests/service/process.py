"""The service as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO

import pytest

START_SECONDS = 60


class Process:
    """``python -m service`` on a free port.

    Where its standard output goes somewhere else than to a pipe, its lines are those of standard error.
    """

    def __init__(self, *arguments: str, stdout: IO[str] | int = subprocess.PIPE) -> None:
        self.lines: list[str] = []
        self._popen = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "service", "--port", "0", *arguments],
            stdout=stdout,
            stderr=subprocess.STDOUT if stdout == subprocess.PIPE else subprocess.PIPE,
            text=True,
            env={**os.environ, "RESYNTHDETECT_DEVICE": "cpu", "RESYNTHDETECT_ENGINE": "onnxruntime"},
        )
        self._output = self._popen.stdout or self._popen.stderr
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def _read(self) -> None:
        assert self._output is not None
        self.lines.extend(iter(self._output.readline, ""))

    def address(self) -> str:
        return str(json.loads(self.wait_for("running on http"))["event"]).split()[3]

    def wait_for(self, words: str) -> str:
        """The first line with these words."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._popen.poll() is None:
            for line in list(self.lines):
                if words in line:
                    return line
            time.sleep(0.05)
        pytest.fail(f"the service did not say '{words}':\n" + "".join(self.lines))

    def hang_up(self) -> None:
        self._popen.send_signal(signal.SIGHUP)

    def terminate(self) -> int:
        self._popen.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        code = self._popen.wait(START_SECONDS)
        self._reader.join()
        return code

    def kill(self) -> None:
        self._popen.kill()
        self.wait()
        assert self._output is not None
        self._output.close()
