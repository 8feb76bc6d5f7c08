"""What the pages about speed are made of."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version


def told(module: str, *arguments: object) -> str:
    """What another benchmark prints, from a process that has held nothing else yet."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603


def versions(libraries: Sequence[str]) -> str:
    """The versions of libraries that are installed."""
    return ", ".join(f"{name} {version(name)}" for name in libraries)
