"""Nothing that is imported tells anyone of it."""

import os
import subprocess
import sys

import pytest

# What libraries ask to find out whether they run in tests.
TESTING = ("CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")


@pytest.mark.parametrize("first", ["service", "training.export.quantization"])
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_nothing_is_left_at_home_and_no_thread_is_left_over(tiny_model_path, tmp_path, engine, first):
    code = f"""
import {first}, pathlib, threading, service.engines.model
service.engines.model.Model(pathlib.Path({str(tiny_model_path)!r}), device="cpu", engine={engine!r})
print([thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name])
"""
    environment = {name: value for name, value in os.environ.items() if name not in TESTING}
    answer = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "HOME": str(tmp_path)},
    )
    assert answer.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []
