import math

import pytest
import torch

from training.stages.losses import dice_loss, focal_loss


def logit(p):
    return math.log(p / (1 - p))


def test_equation_2_on_hand_computed_pixels():
    logits = torch.tensor([[[logit(0.9), logit(0.2), logit(0.6)]]])
    mask = torch.tensor([[[1.0, 1.0, 0.0]]])
    expected = (-(0.1**2) * math.log(0.9) - 0.8**2 * math.log(0.2) - 0.6**2 * math.log(0.4)) / 3
    assert float(focal_loss(logits, mask, torch.ones_like(mask), 2.0)) == pytest.approx(expected, rel=1e-5)


def test_pixels_outside_the_field_of_view_do_not_count():
    logits = torch.tensor([[[logit(0.9), 50.0]]])
    mask = torch.tensor([[[1.0, 0.0]]])
    inside = torch.tensor([[[1.0, 0.0]]])
    assert float(focal_loss(logits, mask, inside, 2.0)) == pytest.approx(-(0.1**2) * math.log(0.9), rel=1e-5)


def test_without_focusing_it_is_cross_entropy():
    logits, mask = torch.randn(2, 4, 4), torch.randint(0, 2, (2, 4, 4)).float()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, mask)
    assert float(focal_loss(logits, mask, torch.ones_like(mask), 0.0)) == pytest.approx(float(expected))


def test_it_stays_finite_for_certain_and_wrong_pixels():
    logits = torch.tensor([[[200.0, -200.0]]], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([[[0.0, 1.0]]]), torch.ones(1, 1, 2), 2.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_weights_multiply_the_loss_of_their_pixels():
    logits, mask = torch.randn(1, 4, 4), torch.randint(0, 2, (1, 4, 4)).float()
    inside, once = torch.ones_like(mask), torch.ones_like(mask)
    twice = once.clone()
    twice[0, 1, 2] = 2
    alone = torch.zeros_like(mask)
    alone[0, 1, 2] = 1
    added = focal_loss(logits, mask, inside, 2.0, twice) - focal_loss(logits, mask, inside, 2.0, once)
    assert float(added) == pytest.approx(float(focal_loss(logits, mask, alone, 2.0)) / 16, rel=1e-4)


def test_dice_is_that_of_probabilities_inside_the_field_of_view():
    logits = torch.tensor([[[50.0, 50.0, -50.0, 50.0]]])
    mask = torch.tensor([[[1.0, 0.0, 1.0, 0.0]]])
    inside = torch.tensor([[[1.0, 1.0, 1.0, 0.0]]])
    # One of two found, two called: (2 * 1 + 1) / (2 + 2 + 1).
    assert float(dice_loss(logits, mask, inside)) == pytest.approx(1 - 3 / 5)
    assert float(dice_loss(-50 * torch.ones(1, 2, 2), torch.zeros(1, 2, 2), torch.ones(1, 2, 2))) < 1e-6
