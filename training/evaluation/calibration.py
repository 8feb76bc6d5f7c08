"""Thresholds and the scale of scores, chosen on held-back normals and synthetic lesions alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from service.preprocessing.constants import PreprocessingConstants
from training.config import TrainingConfig
from training.data.prepared import NormalImages
from training.data.split import SPECIFICITY
from training.evaluation.methods import Predictor
from training.field_of_view import inside_field_of_view
from training.stages.localization import MOST_JUDGED, held_back_samples
from training.stages.samples import SyntheticSamples

_VIEWS = 4
# Views without lesions for each with them: an image has many pixels but one score, so quantiles of scores
# need more images.
_NORMAL_VIEWS = 4
_QUANTILES = 101


class Choice(NamedTuple):
    """A threshold, in the units of the method, and the rule that chose it."""

    value: float
    chosen_by: str


class Calibration(NamedTuple):
    """What an exported model says about its own predictions.

    Attributes:
        decision: Threshold of an image's score.
        region: Threshold of a pixel that belongs to a region.
        pixel: Threshold with the best balanced accuracy over pixels.
        normal_scores: Quantiles of the scores of held-back normals, ascending.
    """

    decision: Choice
    region: Choice
    pixel: Choice
    normal_scores: tuple[float, ...]


class _Pixels(NamedTuple):
    probabilities: NDArray[np.float32]  # (pixels inside the fields of view,)
    mask: NDArray[np.bool_]  # (pixels inside the fields of view,)


def calibrate(
    predict: Predictor,
    normals: NormalImages,
    constants: PreprocessingConstants,
    config: TrainingConfig,
    views: int = _VIEWS,
) -> Calibration:
    """Choose the thresholds of a method.

    Scores are those of all images. Pixels are those of at most MOST_JUDGED of them, evenly spread.

    Args:
        predict: The method.
        normals: Normal images that were held back.
        constants: How they were prepared.
        config: A training, whose ``held_back_generator`` draws the synthetic lesions.
        views: Number of views of each image with lesions, each turned and mirrored at random and with other
            ones; without lesions four times as many.

    Returns:
        The thresholds, each with the rule that chose it.
    """
    turned = held_back_samples(normals, constants, config, _NORMAL_VIEWS * views, normal_share=1.0)
    scores = _scores(predict, turned)
    judged = normals.at_most(MOST_JUDGED)
    synthetic = _pixels(predict, held_back_samples(judged, constants, config, views, normal_share=0.0))
    quantiles = np.quantile(scores, np.linspace(0, 1, _QUANTILES))
    return Calibration(
        decision=Choice(
            value=float(np.quantile(scores, SPECIFICITY)),
            chosen_by=f"{SPECIFICITY:.0%} of {len(normals)} held-back normal images score lower",
        ),
        region=Choice(
            value=_best_f1(synthetic),
            chosen_by="best F1 over the pixels of synthetic lesions in held-back normal images",
        ),
        pixel=Choice(
            value=_best_balanced_accuracy(synthetic),
            chosen_by="best balanced accuracy over the pixels of the same images",
        ),
        normal_scores=tuple(float(score) for score in quantiles),
    )


def _scores(predict: Predictor, samples: SyntheticSamples) -> NDArray[np.float32]:
    images = (samples[index][0].numpy() for index in range(len(samples)))
    return np.array([float(predict(image[None])[0][0]) for image in images], np.float32)


def _pixels(predict: Predictor, samples: SyntheticSamples) -> _Pixels:
    probabilities, masks = [], []
    for index in range(len(samples)):
        image, mask = (part.numpy() for part in samples[index])
        inside = inside_field_of_view(image)
        probabilities.append(predict(image[None])[1][0][inside])
        masks.append(mask[inside] > 0)
    return _Pixels(np.concatenate(probabilities), np.concatenate(masks))


def _best_f1(pixels: _Pixels) -> float:
    precision, recall, thresholds = precision_recall_curve(
        pixels.mask, pixels.probabilities, drop_intermediate=True
    )
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])


def _best_balanced_accuracy(pixels: _Pixels) -> float:
    false_positives, true_positives, thresholds = roc_curve(pixels.mask, pixels.probabilities)
    # The first threshold is infinite, above every probability.
    return float(thresholds[1:][np.argmax((true_positives - false_positives)[1:])])
