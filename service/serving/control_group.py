"""The memory of the control group (version 2) of the service and its workers, as a container is one."""

import math
from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


class ControlGroup:
    """The control group of this process."""

    def __init__(self, mounted: Path = _MOUNTED, membership: Path = _MEMBERSHIP) -> None:
        """Find it.

        Args:
            mounted: Where control groups are mounted.
            membership: The file that names those of this process.
        """
        self._folder = mounted / _name(membership).lstrip("/")

    def memory(self) -> float:
        """Bytes in use, without files that the kernel would drop first; NaN where no control group tells."""
        try:
            stat = dict(line.split() for line in (self._folder / "memory.stat").read_text().splitlines())
            return float((self._folder / "memory.current").read_text()) - float(stat["inactive_file"])
        except (OSError, ValueError, KeyError):
            return math.nan

    def memory_limit(self) -> float:
        """Bytes from which on the kernel kills; infinite without a limit, NaN where none tells."""
        try:
            limit = (self._folder / "memory.max").read_text().strip()
        except OSError:
            return math.nan
        return math.inf if limit == "max" else float(limit)


def _name(membership: Path) -> str:
    """The path of the group in the hierarchy of version 2, whose line begins so."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "")
