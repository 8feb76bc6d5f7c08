"""Trainings that several processes share learn what one process alone learns."""

import os
import socket

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.multiprocessing.spawn import spawn

from service.engines.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from tests.training.stages.test_loop import HARDWARE, STAGE, KilledError, kill_after, localize, reconstruct
from training import processes, run
from training.config import LossConfig, NetworkConfig, TrainingConfig
from training.run import RunError, RunRecord

_SHORT = STAGE.model_copy(update={"epochs": 3, "batch_size": 4, "learning_rate": 1e-3})
CONFIG = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), fold=2, local_contrast=True),
    reconstruction=_SHORT,
    localization=_SHORT,
    loss=LossConfig(lesion_area=100, dice=0.006),
)


def train(folder, steps=None):
    """Run both stages; with ``steps``, the optimizer raises at one step of the second, as a kill would."""
    images = normal_images(range(8), 96), normal_images(range(8, 10), 96)
    autoencoder = reconstruct(CONFIG, images, folder)
    with pytest.MonkeyPatch.context() as patch:
        if steps is None:
            localize(CONFIG, autoencoder, images, folder)
        else:
            kill_after(patch, steps)
            with pytest.raises(KilledError):
                localize(CONFIG, autoencoder, images, folder)


def train_as(number, port, folder, steps):
    """Be one of two processes, as torchrun would start it."""
    os.environ.update(
        TORCHELASTIC_RUN_ID="test",
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        RANK=str(number),
        LOCAL_RANK=str(number),
        WORLD_SIZE="2",
    )
    torch.set_num_threads(1)
    processes.join("cpu")
    train(folder, steps)
    processes.leave()


def train_in_two_processes(folder, steps=None):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(train_as, (port, folder, steps), nprocs=2)


def losses(folder, stage):
    events = EventAccumulator(str(folder / "tensorboard" / stage))
    events.Reload()
    return {event.step: event.value for event in events.Scalars("loss")}


def weights(folder):
    return torch.load(folder / "localization.checkpoint.pt", weights_only=True)["network"]


def test_a_training_of_two_processes_resumes_in_one_and_learns_the_same(tmp_path):
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    train(alone)
    train_in_two_processes(shared, steps=6)
    assert torch.load(shared / "localization.checkpoint.pt", weights_only=True)["step"] == 4
    train(shared)
    for stage in ("reconstruction", "localization"):
        assert losses(shared, stage) == pytest.approx(losses(alone, stage), rel=1e-4)
    for name, value in weights(alone).items():
        # As a whole: Adam takes full steps along single gradients that are hardly more than rounding.
        apart = torch.linalg.vector_norm((weights(shared)[name] - value).float())
        assert apart <= 0.01 * torch.linalg.vector_norm(value.float()) + 1e-3, name


RECORD = RunRecord(
    config=CONFIG,
    preprocessing=PreprocessingConstants(size=96),
    data=TrainingData(name="circles", images=2, licence="ours", attribution="us"),
    training=(),
    held_back=(),
)


def test_a_batch_that_cannot_be_divided_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "count", lambda: 3)
    images = normal_images(range(2), 96)
    with pytest.raises(RunError, match="a batch of 4 cannot be divided among 3 processes"):
        run.train(RECORD, images, images, tmp_path / "run", HARDWARE)
    assert not (tmp_path / "run").exists()


def test_process_0_alone_keeps_what_a_training_begins_from(tmp_path, monkeypatch):
    for name in ("restore", "train_localization", "load_localizer"):
        monkeypatch.setattr(run, name, lambda *_: None)
    images = normal_images(range(2), 96)
    for number, written in ((1, False), (0, True)):
        monkeypatch.setattr(processes, "number", lambda number=number: number)
        run.train(RECORD, images, images, tmp_path, HARDWARE, begin_from=tmp_path / "model.onnx")
        assert (tmp_path / "beginning.pt").exists() is written
