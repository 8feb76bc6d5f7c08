"""Every target, on what it begins from and on some of that damaged; the program goes on from there."""

import subprocess
import sys

import numpy as np
import pytest

from service.dicom.source import read_source
from service.preprocessing import decode
from tests.fuzz.targets import HEIGHT, MOST_PIXELS, TARGETS, WIDTH, objects_of_a_study, photographs
from tests.service.api.test_image_fuzzing import mutated


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_keeps_its_promise(name):
    generator = np.random.default_rng(0)
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)
        for _ in range(10):
            TARGETS[name].run(mutated(seed, generator))


def test_targets_begin_from_what_is_valid():
    assert all(decode(data, max_pixels=MOST_PIXELS).any() for data in photographs())
    assert all(read_source(data, height=HEIGHT, width=WIDTH) for data in objects_of_a_study())


def test_the_program_fuzzes(tmp_path):
    pytest.importorskip("atheris")
    command = [sys.executable, "-m", "tests.fuzz", "card", "--seconds", "1", "--folder", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stderr
    assert "Done" in result.stderr
