"""Photographs and the tiny model, for all tests."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from tests.service.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def fundus_data() -> Path:
    """The folder of real photographs, named by the environment variable ``FUNDUS_DATA``."""
    folder = os.environ.get("FUNDUS_DATA")
    if not folder:
        pytest.skip("FUNDUS_DATA does not name a folder of real photographs")
    path = Path(folder).resolve()
    if not path.is_dir():
        pytest.fail(f"FUNDUS_DATA names {path}, which is no folder")
    return path


@pytest.fixture(scope="session")
def tiny_model_path(tmp_path_factory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A real fundus photograph (CC0), RGB, made wider than high so that swapped axes show."""
    retina = cv2.resize(skimage.data.retina(), (480, 480), interpolation=cv2.INTER_AREA)
    return np.pad(retina, ((0, 0), (60, 100), (0, 0)))


@pytest.fixture(scope="session")
def jpeg(photograph) -> bytes:
    return cv2.imencode(".jpg", photograph[..., ::-1])[1].tobytes()
