"""The training image trains on a mounted folder, where it has been built."""

import os

import cv2
import numpy as np
import pytest
import skimage.data

from tests.docker.engine import docker, engine_is_there

IMAGE = os.environ.get("TRAINING_IMAGE", "resynthdetect-train:latest")
# As little as can be trained.
LITTLE = [
    f"--set={stage}.{value}"
    for stage in ("reconstruction", "localization")
    for value in ("epochs=1", "warmup_epochs=0", "window=64", "batch_size=2")
]

pytestmark = [
    pytest.mark.skipif(
        not engine_is_there() or not docker("images", "-q", IMAGE),
        reason=f"there is no image {IMAGE}; docker compose --profile train build makes it",
    ),
    pytest.mark.timeout(900),
]


@pytest.fixture
def normals(tmp_path):
    folder = tmp_path / "normals"
    folder.mkdir()
    retina = cv2.resize(skimage.data.retina(), (480, 480), interpolation=cv2.INTER_AREA)[..., ::-1]
    for number in range(8):
        picture = np.clip(retina * (0.8 + 0.04 * number), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.jpg"), picture)
    return folder


def test_it_trains_and_exports_what_belongs_to_its_user(normals, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o777)
    run = ["run", "--rm", "--network=none", "--shm-size=1g", "--user=1234:1234"]
    run += ["-v", f"{normals}:/normals:ro", "-v", f"{work}:/work", IMAGE]
    docker(*run, "train", "/normals", "--run", "/work/clinic", "--set=held_back=0.25", *LITTLE)
    docker(*run, "export", "/work/clinic", "/normals", "--name", "clinic", "--out", "/work/models")
    model = work / "models" / "clinic.onnx"
    assert model.is_file()
    assert model.with_suffix(".md").is_file()
    assert model.stat().st_uid == 1234
