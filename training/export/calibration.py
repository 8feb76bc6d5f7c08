"""Thresholds and the scale of scores, chosen on held-back normals and synthetic lesions alone."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from service.contract import Threshold
from training.config import TrainingConfig
from training.networks.anomaly_network import AnomalyNetwork
from training.stages.localization import held_back_samples
from training.stages.samples import Images, SyntheticSamples

# Each held-back image is looked at in so many random turns and mirrorings, each time with other lesions.
_VIEWS = 4
_QUANTILES = 101
# Of normal eyes, this share is called anomalous.
_FALSE_ALARMS = 0.1


class Calibration(NamedTuple):
    """What an exported model says about its own answers.

    Attributes:
        decision: Threshold of an image's score.
        region: Threshold of a pixel that belongs to a region.
        pixel: Threshold with the best balanced accuracy over pixels.
        normal_scores: Quantiles of the scores of held-back normals, ascending.
    """

    decision: Threshold
    region: Threshold
    pixel: Threshold
    normal_scores: tuple[float, ...]


class _Answers(NamedTuple):
    scores: NDArray[np.float32]  # (images,)
    probabilities: NDArray[np.float32]  # (pixels inside the fields of view,)
    mask: NDArray[np.bool_]  # (pixels inside the fields of view,)


def calibrate(network: AnomalyNetwork, images: Images, config: TrainingConfig) -> Calibration:
    """Choose the thresholds of a trained network.

    Args:
        network: Trained, in evaluation mode, on the CPU.
        images: Normal images that were held back, each uint8 (size, size, 3), RGB.
        config: What the network was trained with; the synthetic lesions follow it.

    Returns:
        The thresholds, each with the rule that chose it.
    """
    normal = _answers(network, _samples(images, config, normal_share=1.0))
    synthetic = _answers(network, _samples(images, config, normal_share=0.0))
    quantiles = np.quantile(normal.scores, np.linspace(0, 1, _QUANTILES))
    return Calibration(
        decision=Threshold(
            value=float(np.quantile(normal.scores, 1 - _FALSE_ALARMS)),
            chosen_by=f"{1 - _FALSE_ALARMS:.0%} of {len(images)} held-back normal images score lower",
        ),
        region=Threshold(
            value=_best_f1(synthetic),
            chosen_by="best F1 over the pixels of synthetic lesions in held-back normal images",
        ),
        pixel=Threshold(
            value=_best_balanced_accuracy(synthetic),
            chosen_by="best balanced accuracy over the pixels of the same images",
        ),
        normal_scores=tuple(float(score) for score in quantiles),
    )


def _samples(images: Images, config: TrainingConfig, normal_share: float) -> SyntheticSamples:
    generator = config.generator.model_copy(update={"normal_share": normal_share})
    return held_back_samples(images, config.model_copy(update={"generator": generator}), rounds=_VIEWS)


@torch.inference_mode()
def _answers(network: AnomalyNetwork, samples: SyntheticSamples) -> _Answers:
    scores, probabilities, masks = [], [], []
    for index in range(len(samples)):
        image, mask = samples[index]
        score, heatmap = network(image[None])
        inside = image.amax(dim=2) > 0
        scores.append(float(score))
        probabilities.append(heatmap[0][inside].numpy())
        masks.append(mask[inside].numpy() > 0)
    return _Answers(np.array(scores, np.float32), np.concatenate(probabilities), np.concatenate(masks))


def _best_f1(answers: _Answers) -> float:
    precision, recall, thresholds = precision_recall_curve(
        answers.mask, answers.probabilities, drop_intermediate=True
    )
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])


def _best_balanced_accuracy(answers: _Answers) -> float:
    false_positives, true_positives, thresholds = roc_curve(answers.mask, answers.probabilities)
    return float(thresholds[np.argmax(true_positives - false_positives)])
