"""A prediction: what the service says of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.cameras.choice import Choice
from service.pictures.options import Heatmap
from service.pictures.regions import Region
from service.preprocessing import Acquisition, OpticDisc, QualityNote, SquareMapping
from service.serving.finding import Finding
from service.serving.metrics import Timings


@dataclass(frozen=True)
class Prediction:
    """What the service says of one photograph.

    Attributes:
        score: How anomalous the photograph is: the mean of its 10 highest probabilities, 0 to 1.
        threshold: Scores from here on are anomalous.
        percentile: Percentage of normal photographs that score lower: of the camera's, or of those held back
            from training where the camera is unknown.
        camera: The profile of the camera, and how it was chosen; None for an unknown camera.
        p_value: How often a normal photograph of the camera scores as high; None for an unknown camera.
        finding: What it comes to.
        regions: Anomalous regions in the photograph's pixels, those with the highest peaks, first.
        regions_total: Regions found.
        optic_disc: None where it is not found.
        quality: What makes the photograph hard to judge.
        width: Of the photograph, in pixels, upright.
        height: Of the photograph, in pixels, upright.
        acquisition: What a DICOM object says of it; None for other files.
        kind: How the heatmap was to be drawn.
        png: The heatmap, where one was asked for.
        photograph_png: The photograph, likewise.
        heatmap: The model's, float32 (size, size).
        mapping: The way from its pixels to the photograph's.
        timings: Seconds of each stage.
        seconds: From the uploaded bytes to the answer.
    """

    score: float
    threshold: float
    percentile: float
    camera: Choice | None
    p_value: float | None
    finding: Finding
    regions: Sequence[Region]
    regions_total: int
    optic_disc: OpticDisc | None
    quality: Sequence[QualityNote]
    width: int
    height: int
    acquisition: Acquisition | None
    kind: Heatmap
    png: bytes | memoryview | None
    photograph_png: bytes | memoryview | None
    heatmap: NDArray[np.float32] = field(repr=False, compare=False)
    mapping: SquareMapping
    timings: Timings
    seconds: float

    @property
    def anomalous(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= self.threshold
