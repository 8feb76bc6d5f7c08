import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from tests.service.tiny_model import write_tiny_model

ROOT = Path(__file__).parents[1]


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
def ray_cluster(tmp_path_factory) -> Iterator[None]:
    """A Ray cluster of this machine, with more cores than it has: replicas share them."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "RAY_AUTH_MODE": "disabled",
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "service.ray.proxy.middlewares",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
        ray.init("local", num_cpus=8, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


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
