import copy
from itertools import product

import numpy as np
import pytest
import torch

from training.paper.rivals.lesion2void import Painter, adversarial_loss, painting_error, scattered_score
from training.paper.rivals.parts.hidden_patches import HiddenSamples, hide


def test_nine_grids_hide_all_of_the_retina_once_and_nothing_else(images):
    image, generator = images[0], np.random.default_rng(0)
    inside, hidden = image.any(axis=-1), np.zeros((96, 96), int)
    for place in product((0, 12, 24), (0, 12, 24)):
        result, mask = hide(image, 12, place, generator)
        hidden += mask
        np.testing.assert_array_equal(result[~mask], image[~mask])
        np.testing.assert_array_equal(result.any(axis=-1), inside)
        # Grey noise: one level for all channels, another for each pixel.
        assert (result[mask] == result[mask][:, :1]).all()
        assert len(np.unique(result[mask])) > 50
    np.testing.assert_array_equal(hidden, inside)


def test_a_sample_depends_on_seed_and_index_alone(images, config):
    samples = HiddenSamples(images, config.localization, seed=1, patch=8)
    assert len(samples) == 12
    for first, again, other in zip(samples[5], samples[5], samples[6], strict=True):
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
    for image, normal, mask in (samples[index] for index in range(12)):
        assert image.shape == normal.shape == (64, 64, 3)
        assert 0.05 < mask.mean() < 0.17
        assert ((image != normal).any(dim=-1) <= (mask > 0)).all()


@pytest.fixture
def batch(images, config):
    samples = HiddenSamples(images, config.localization, seed=0, patch=8)
    return [torch.stack(part) for part in zip(samples[0], samples[1], strict=True)]


def test_only_what_was_hidden_has_to_be_painted_right(batch, config):
    class Right(Painter):
        def forward(self, image):
            assert torch.equal(image, batch[0])
            painted, _ = self.normalization(normal)
            return painted + 9 * (1 - mask[:, None]) + 0.25 * mask[:, None]

    _, normal, mask = batch
    assert float(painting_error(Right(config.network), batch)) == pytest.approx(0.25, abs=1e-5)


def test_a_step_teaches_each_side_by_its_own_loss(batch, config):
    torch.manual_seed(0)
    painter = Painter(config.network)
    twin = copy.deepcopy(painter)
    adversarial_loss(painter, batch).backward()
    image, normal, _ = batch
    painted, (wanted, _) = twin(image), twin.normalization(normal)
    fooled = (twin.adversary(painted) - 1).square().mean()
    own = list(twin.head.parameters())
    expected = torch.autograd.grad(painting_error(twin, batch) + 0.1 * fooled, own)
    for parameter, gradient in zip(painter.head.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)
    fake, real = twin.adversary(painted.detach()), twin.adversary(wanted)
    ((fake.square().mean() + (real - 1).square().mean()) / 2).backward()
    for parameter, other in zip(painter.adversary.parameters(), twin.adversary.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-4, atol=1e-6)


def test_the_thirty_largest_spots_do_not_count():
    plane = np.zeros((224, 224), np.float32)
    rows, columns = np.divmod(np.arange(32), 6)
    for place, (row, column) in enumerate(zip(60 + 20 * rows, 60 + 20 * columns, strict=True)):
        side = 4 if place < 30 else 2
        plane[row : row + side, column : column + side] = 0.5
    # Beyond the circle that is scored.
    plane[:9, :9] = 0.5
    maps = torch.from_numpy(np.stack([plane, np.zeros_like(plane)]))
    assert scattered_score(maps).tolist() == [8, 0]
