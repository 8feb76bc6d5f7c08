import zipfile
from unittest import mock

import numpy as np
import pytest
import torch

from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from training.config import NetworkConfig, StageConfig, TrainingConfig
from training.networks.localizer import GuidedLocalizer
from training.stages.localization import LocalizationObserver, train_localization
from training.stages.loop import run_stage
from training.stages.reconstruction import train_reconstruction
from training.stages.stage import Hardware, Stage

STAGE = StageConfig(
    epochs=6,
    warmup_epochs=1,
    batch_size=2,
    learning_rate=3e-3,
    final_learning_rate=1e-4,
    window=64,
    average_decay=0.5,
)
CONFIG = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), fold=2),
    reconstruction=STAGE,
    localization=STAGE,
)
HARDWARE = Hardware(workers=0, mixed_precision=False, checkpoint_every=4)


@pytest.fixture(scope="module")
def images():
    return normal_images(range(4), 96), normal_images(range(4, 6), 96)


class KilledError(Exception):
    pass


def train(folder, images, hardware=HARDWARE):
    autoencoder = reconstruct(CONFIG, images, folder, hardware)
    return localize(CONFIG, autoencoder, images, folder, hardware)


def reconstruct(config, images, folder, hardware=HARDWARE):
    training, held_back = images
    return train_reconstruction(config, training.prepared, held_back.prepared, folder, hardware)


def localize(config, autoencoder, images, folder, hardware=HARDWARE):
    torch.manual_seed(config.seed)
    network = GuidedLocalizer(config.network, autoencoder)
    training, held_back = images
    constants = PreprocessingConstants(size=96)
    train_localization(config, constants, network, training, held_back, folder, hardware)
    return network


def kill_after(monkeypatch, steps):
    """Let the optimizer raise at one step, which stands for a kill at any moment."""
    done = 0
    step = torch.optim.AdamW.step

    def counting(self, *arguments, **keywords):
        nonlocal done
        done += 1
        if done == steps:
            raise KilledError
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(torch.optim.AdamW, "step", counting)


@pytest.mark.parametrize("steps", [5, 17])
def test_a_killed_training_ends_where_an_uninterrupted_one_does(tmp_path, images, monkeypatch, steps):
    whole = train(tmp_path / "whole", images)
    with monkeypatch.context() as patch:
        kill_after(patch, steps)
        with pytest.raises(KilledError):
            train(tmp_path / "killed", images)
    resumed = train(tmp_path / "killed", images)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def as_if_saved_on_a_gpu(path):
    """Have the file say that its tensors lay on a GPU."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))


def test_what_a_gpu_has_trained_goes_on_on_a_cpu(tmp_path, images):
    trained = train(tmp_path, images)
    for file in [*tmp_path.glob("*.best.pt"), *tmp_path.glob("*.checkpoint.pt")]:
        as_if_saved_on_a_gpu(file)
    resumed = train(tmp_path, images)
    for name, value in trained.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_workers_draw_the_same_samples(tmp_path, images):
    alone = train(tmp_path / "alone", images)
    helped = train(tmp_path / "helped", images, Hardware(workers=1, mixed_precision=False))
    for name, value in alone.state_dict().items():
        assert torch.equal(value, helped.state_dict()[name]), name


def test_the_loss_falls(tmp_path, images):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    longer = CONFIG.model_copy(update={"reconstruction": STAGE.model_copy(update={"epochs": 30})})
    reconstruct(longer, images, tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "reconstruction"))
    events.Reload()
    losses = [event.value for event in events.Scalars("loss")]
    # Read when a checkpoint or a look at the network is due, each the mean since the last.
    assert len(losses) == 18
    assert np.mean(losses[-3:]) < 0.5 * np.mean(losses[:3])
    assert "reconstruction/0" in events.Tags()["images"]


def test_a_training_learns_to_find_synthetic_lesions(tmp_path, images):
    longer = CONFIG.model_copy(update={"localization": STAGE.model_copy(update={"epochs": 60})})
    autoencoder = reconstruct(longer, images, tmp_path)
    localize(longer, autoencoder, images, tmp_path)
    state = torch.load(tmp_path / "localization.checkpoint.pt", weights_only=True)
    # About 2 % of the pixels are lesion, which is what an untrained network's average precision is.
    assert state["best"][1] > 0.15


def test_an_epoch_is_judged_by_some_images_where_many_are_held_back(monkeypatch):
    monkeypatch.setattr("training.stages.localization.MOST_JUDGED", 2)
    seen = []

    class Network(torch.nn.Module):
        def forward(self, image):
            seen.append(image)
            return image[..., 1].float(), torch.ones(image.shape[:3])

    held_back = normal_images(range(5), 96)
    observe = LocalizationObserver(held_back, PreprocessingConstants(size=96), CONFIG, "cpu")
    observe(Network(), mock.Mock(), 0)
    assert len(seen) == 3 * 2


@pytest.mark.parametrize(("clip", "step"), [(0.5, 0.5), (1.0, 1.0), (None, 20.0)])
def test_a_gradient_may_go_unclipped(tmp_path, monkeypatch, clip, step):
    line = torch.nn.Linear(1, 1, bias=False)
    steps = []

    def keep(optimizer):
        assert line.weight.grad is not None
        steps.append(line.weight.grad.item())

    monkeypatch.setattr(torch.optim.AdamW, "step", keep)
    stage = Stage(
        name="line",
        network=line,
        samples=torch.utils.data.TensorDataset(torch.full((2, 1), 20.0)),
        images=2,
        loss=lambda network, batch: network(batch[0]).mean(),
        config=STAGE.model_copy(update={"epochs": 1, "gradient_clip": clip}),
        observe=lambda network, writer, step: 0.0,
    )
    run_stage(stage, tmp_path, HARDWARE)
    assert steps == [pytest.approx(step, rel=1e-3)]


def test_the_best_epoch_is_one_of_the_last_cycle(tmp_path):
    line = torch.nn.Linear(1, 1, bias=False)
    qualities = iter([0.5, 0.9, 0.4, 0.6, 0.3, 0.5])
    seen = []

    def observe(network, writer, step):
        seen.append(network.weight.item())
        return next(qualities)

    stage = Stage(
        name="line",
        network=line,
        samples=torch.utils.data.TensorDataset(torch.ones(12, 1)),
        images=2,
        loss=lambda network, batch: network(batch[0]).square().mean(),
        config=STAGE.model_copy(update={"cycles": (1, 1)}),
        observe=observe,
        observe_every=1,
    )
    run_stage(stage, tmp_path, HARDWARE)
    # The fourth observation is the best of the second cycle, though the second was better.
    assert len(seen) == 6
    assert line.weight.item() == seen[3]
