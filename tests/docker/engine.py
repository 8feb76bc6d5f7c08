"""The Docker Engine, where there is one."""

import shutil
import subprocess

import pytest


def docker(*arguments, check=True):
    """The output of a docker command."""
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert result.returncode == 0 or not check, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout.strip()


def engine_is_there():
    if shutil.which("docker") is None:
        return False
    return docker("info", "--format", "{{.ServerVersion}}", check=False) != ""


needs_docker = pytest.mark.skipif(not engine_is_there(), reason="there is no Docker Engine")
