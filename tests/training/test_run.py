from pathlib import Path

import numpy as np
import pytest
import torch

from service.engines.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from training.config import (
    NetworkConfig,
    PaperConfig,
    StageConfig,
    TrainingConfig,
)
from training.presets import COMPACT
from training.run import RunError, RunRecord, digests, load_localizer, open_run, read_record, train
from training.stages.reconstruction import untrained_autoencoder
from training.stages.stage import Hardware

NORMALS, HELD_BACK = normal_images(range(2), 64), normal_images(range(2, 3), 64)
RECORD = RunRecord(
    config=COMPACT,
    preprocessing=PreprocessingConstants(size=64),
    data=TrainingData(name="drawn retinas", images=2, licence="CC0-1.0", attribution="None."),
    training=digests(NORMALS.natural),
    held_back=digests(HELD_BACK.natural),
)

STAGE = StageConfig(
    epochs=1, warmup_epochs=0, batch_size=2, learning_rate=1e-3, final_learning_rate=0, window=64
)
TINY = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), fold=2),
    reconstruction=STAGE,
    localization=STAGE,
)


def train_tiny(folder, textures=None, **changes):
    config = TINY.model_copy(update=changes)
    record = RECORD.model_copy(update={"config": config})
    return train(record, NORMALS, HELD_BACK, folder, Hardware(workers=0), textures)


def guided_by(guide):
    return TINY.network.model_copy(update={"guide": guide})


def test_a_run_is_opened_again_with_the_same_record(tmp_path):
    open_run(tmp_path / "run", RECORD)
    open_run(tmp_path / "run", RECORD)
    assert read_record(tmp_path / "run") == RECORD


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": COMPACT.model_copy(update={"seed": 1})}, "config"),
        ({"training": digests(NORMALS.natural[1:])}, "training"),
        ({"preprocessing": PreprocessingConstants(size=512)}, "preprocessing"),
    ],
)
def test_a_folder_with_another_run_is_refused_and_left_alone(tmp_path, change, named):
    open_run(tmp_path, RECORD)
    with pytest.raises(RunError, match=f"another {named};"):
        open_run(tmp_path, RECORD.model_copy(update=change))
    assert read_record(tmp_path) == RECORD


def test_a_folder_without_a_run_says_so(tmp_path):
    with pytest.raises(RunError, match="no run folder"):
        read_record(tmp_path)


@pytest.mark.parametrize("content", ["", '{"config": ', '{"data": {}}', "\xfc"])
def test_a_record_that_cannot_be_read_says_so(tmp_path, content):
    (tmp_path / "run.json").write_text(content, encoding="latin-1")
    for use in (read_record, lambda folder: open_run(folder, RECORD)):
        with pytest.raises(RunError, match=r"run\.json is damaged, or another version's"):
            use(tmp_path)


def test_a_record_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(path, text):
        path.touch()
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="no space"):
            open_run(tmp_path, RECORD)
    assert not open_run(tmp_path, RECORD)


def test_a_run_that_has_not_come_far_enough_says_so(tmp_path):
    open_run(tmp_path, RECORD)
    with pytest.raises(RunError, match="no localizer yet"):
        load_localizer(tmp_path)


@pytest.mark.parametrize("guide", ["none", "random"])
def test_without_a_trained_guide_there_is_no_first_stage(tmp_path, guide):
    train_tiny(tmp_path, network=guided_by(guide))
    assert not (tmp_path / "reconstruction.best.pt").exists()
    load_localizer(tmp_path)


def test_a_random_guide_stays_random_and_has_statistics_of_normal_images(tmp_path):
    trained = train_tiny(tmp_path, network=guided_by("random")).guide.encoder
    config = TINY.model_copy(update={"network": guided_by("random")})
    untrained = untrained_autoencoder(config, NORMALS.prepared).encoder
    torch.testing.assert_close(trained.state_dict(), untrained.state_dict(), rtol=0, atol=0)
    assert trained.layers[0][1].running_mean.any()


def test_a_run_on_textures_needs_some(tmp_path):
    generator = PaperConfig(source="texture")
    with pytest.raises(RunError, match="textures"):
        train_tiny(tmp_path / "without", generator=generator)
    textures = np.full((2, 64, 64, 3), 90, np.uint8)
    train_tiny(tmp_path / "with", textures, generator=generator)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"localization": STAGE.model_copy(update={"window": 128})},
            "128 pixels cannot be cut from images of 64",
        ),
        ({"localization": STAGE.model_copy(update={"window": 62})}, "a multiple of 4, not 62"),
        ({"network": NetworkConfig(widths=(2,) * 7, fold=2)}, "a multiple of 128, not 64"),
    ],
)
def test_windows_that_do_not_suit_are_refused_before_anything_is_written(tmp_path, changes, message):
    with pytest.raises(RunError, match=message):
        train_tiny(tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()
