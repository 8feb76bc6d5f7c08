"""Run a method over an evaluation set, and measure its predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from training.data.prepared import PreparedSet
from training.data.records import LesionType
from training.evaluation.methods import Method
from training.evaluation.metrics.classification import OperatingPoint, area_under_roc, operating_point
from training.evaluation.metrics.counting import MaskArray, ScoreArray
from training.evaluation.metrics.estimates import Estimate
from training.evaluation.metrics.froc import FrocResult, detect, froc
from training.evaluation.metrics.pixels import (
    LesionMetrics,
    PixelMetrics,
    lesion_metrics,
    pixel_average_precision,
    pixel_metrics,
)
from training.evaluation.metrics.resampling import Draws, draw_resamples
from training.evaluation.recalibration import CalibratedRates, calibrated_rates
from training.field_of_view import inside_field_of_view


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ImageResult(_Result):
    """What a method predicts for one photograph.

    Attributes:
        identifier: The record's.
        anomalous: Whether the photograph is anomalous.
        score: The method's.
        average_precision: Over its own pixels, or None where it has no lesions delineated.
    """

    identifier: str
    anomalous: bool
    score: float
    average_precision: float | None


class PixelResult(_Result):
    """What a method finds pixel by pixel.

    Attributes:
        all_pixels: Over all pixels of all images, as the published protocol pools them.
        field_of_view: Over those inside the fields of view, which are no easy negatives.
        lesions: Over all pixels, for each type of lesion that occurs.
        froc: Lesion by lesion.
    """

    all_pixels: PixelMetrics
    field_of_view: PixelMetrics
    lesions: dict[LesionType, LesionMetrics]
    froc: FrocResult


class Evaluation(_Result):
    """What a method achieves on an evaluation set.

    Attributes:
        method: Name of the method.
        data: Name of the evaluation set.
        normal: Normal photographs in it.
        anomalous: Other photographs in it.
        image_auroc: Anomalous against normal photographs.
        image_auroc_by_grade: Photographs of each grade against normal ones; empty without grades.
        decision: What the method's own threshold achieves, or None without one.
        calibrated: What thresholds of the set's own normals achieve, or None where there are too few.
        pixels: What it finds, or None where no lesions are delineated.
        images: Photograph by photograph.
    """

    method: str
    data: str
    normal: int
    anomalous: int
    image_auroc: Estimate
    image_auroc_by_grade: dict[int, Estimate]
    decision: OperatingPoint | None
    calibrated: CalibratedRates | None
    pixels: PixelResult | None
    images: tuple[ImageResult, ...]


@dataclass(frozen=True)
class Prediction:
    """A method's predictions for an evaluation set.

    Attributes:
        scores: (N,).
        heatmaps: (N, size, size), or None where they were not kept.
    """

    scores: ScoreArray
    heatmaps: npt.NDArray[np.float32] | None

    def resized(self, size: int) -> Self:
        """Return the predictions with heatmaps of another side, each pixel the mean of those it covers."""
        if self.heatmaps is None or self.heatmaps.shape[-1] == size:
            return self
        resized = [cv2.resize(each, (size, size), interpolation=cv2.INTER_AREA) for each in self.heatmaps]
        return replace(self, heatmaps=np.stack(resized).astype(np.float32, copy=False))


def is_delineated(prepared: PreparedSet) -> bool:
    """Return whether lesions are known in all photographs, and there are any."""
    known = all(record.is_normal or record.lesions is not None for record in prepared.records)
    return known and any(record.lesions for record in prepared.records)


def predict(method: Method, prepared: PreparedSet, *, progress: bool = True) -> Prediction:
    """Run a method over a set, image by image.

    Heatmaps are kept only where lesions are delineated: those of all of EyeQ would take 20 GB.

    Args:
        method: The method.
        prepared: The set, prepared with the method's constants.
        progress: Whether to show a progress bar on standard error.

    Raises:
        ValueError: The set was prepared otherwise than the method needs.
    """
    if prepared.constants != method.constants:
        raise ValueError(f"{method.name} needs {method.constants}, the set has {prepared.constants}")
    keep = is_delineated(prepared)
    scores, heatmaps = [], []
    for image in tqdm(prepared.images, method.name, unit="image", disable=not progress):
        score, heatmap = method.predict(np.asarray(image)[None])
        scores.append(score)
        if keep:
            heatmaps.append(heatmap)
    return Prediction(np.concatenate(scores), np.concatenate(heatmaps) if keep else None)


def measure(method: Method, prepared: PreparedSet, prediction: Prediction, data: str) -> Evaluation:
    """Measure a method's predictions.

    Args:
        method: The method, for its name and thresholds.
        prepared: The set.
        prediction: Its predictions.
        data: Name of the set.

    Raises:
        ValueError: The set has no normal photograph or no other.
    """
    anomalous = np.array([not record.is_normal for record in prepared.records])
    scores, threshold = prediction.scores, method.decision_threshold
    draws = draw_resamples(prepared.records)
    return Evaluation(
        method=method.name,
        data=data,
        normal=int((~anomalous).sum()),
        anomalous=int(anomalous.sum()),
        image_auroc=area_under_roc(scores, anomalous, draws),
        image_auroc_by_grade=_by_grade(scores, prepared, draws),
        decision=None if threshold is None else operating_point(scores, anomalous, threshold, draws),
        calibrated=calibrated_rates(scores, anomalous, [record.group for record in prepared.records]),
        pixels=_pixel_result(prediction.heatmaps, prepared, method.pixel_threshold, draws),
        images=_image_results(prediction, prepared),
    )


def _by_grade(scores: ScoreArray, prepared: PreparedSet, draws: Draws) -> dict[int, Estimate]:
    grades = np.array([-1 if record.grade is None else record.grade for record in prepared.records])
    present = sorted({int(grade) for grade in grades if grade > 0})
    return {grade: _against_normal(scores, grades, grade, draws) for grade in present}


def _against_normal(scores: ScoreArray, grades: npt.NDArray[np.int_], grade: int, draws: Draws) -> Estimate:
    compared = (grades == 0) | (grades == grade)
    # A resample of all photographs may have drawn none of a rare grade; it says nothing of that grade.
    telling = draws[:, grades == grade].any(axis=1)
    return area_under_roc(scores[compared], grades[compared] > 0, draws[telling][:, compared])


def _pixel_result(
    heatmaps: npt.NDArray[np.float32] | None, prepared: PreparedSet, threshold: float | None, draws: Draws
) -> PixelResult | None:
    if heatmaps is None:
        return None
    lesions = _lesion_pixels(prepared)
    scores = heatmaps.reshape(len(prepared), -1)
    lesion = np.logical_or.reduce(list(lesions.values()))
    inside = inside_field_of_view(prepared.load_images()).reshape(scores.shape)
    return PixelResult(
        all_pixels=pixel_metrics(scores, lesion, threshold, draws),
        field_of_view=pixel_metrics(scores, lesion, threshold, draws, inside),
        lesions=lesion_metrics(scores, lesions, threshold, draws),
        froc=froc(
            [detect(heatmap, prepared.lesions(index)) for index, heatmap in enumerate(heatmaps)], draws
        ),
    )


def _lesion_pixels(prepared: PreparedSet) -> Mapping[LesionType, MaskArray]:
    """Return for each type of lesion whether each pixel of the set is of it, (N, size * size)."""
    shape = (len(prepared), prepared.constants.size, prepared.constants.size)
    pixels = {lesion: np.zeros(shape, np.bool_) for lesion in LesionType}
    for index in range(len(prepared)):
        for lesion, mask in prepared.lesions(index).items():
            pixels[lesion][index] = mask
    return {lesion: mask.reshape(len(prepared), -1) for lesion, mask in pixels.items()}


def _image_results(prediction: Prediction, prepared: PreparedSet) -> tuple[ImageResult, ...]:
    return tuple(
        ImageResult(
            identifier=record.identifier,
            anomalous=not record.is_normal,
            score=float(prediction.scores[index]),
            average_precision=_image_average_precision(prediction.heatmaps, prepared, index),
        )
        for index, record in enumerate(prepared.records)
    )


def _image_average_precision(
    heatmaps: npt.NDArray[np.float32] | None, prepared: PreparedSet, index: int
) -> float | None:
    if heatmaps is None or not prepared.records[index].lesions:
        return None
    lesion = prepared.lesion_union(index)
    return pixel_average_precision(heatmaps[index].ravel(), lesion.ravel()) if lesion.any() else None
