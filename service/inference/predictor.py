"""From the bytes of a photograph to what the service says of it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.contract import ModelMetadata
from service.inference.batching import Batcher
from service.inference.company import Company
from service.inference.regions import Region, find_regions
from service.inference.rendering import Heatmap, render
from service.inference.spreading import spread
from service.metrics import ObservePrediction, Stage, Timings
from service.preprocessing import (
    Acquisition,
    ModelInput,
    PhotographFile,
    QualityNote,
    assess_quality,
    prepare_copy,
    read_acquisition,
    read_copy,
)
from service.preprocessing.reduction import Factor

DECIMALS = 6

T = TypeVar("T")


@dataclass(frozen=True)
class Prediction:
    """What the service says of one photograph.

    Attributes:
        score: How anomalous the photograph is: the mean of its 10 highest probabilities, 0 to 1.
        threshold: Scores from here on are anomalous.
        percentile: Percentage of normal photographs that score lower.
        regions: Anomalous regions in the photograph's pixels, those with the highest peaks first.
        quality: What makes the photograph hard to judge.
        width: Of the photograph, in pixels, upright.
        height: Of the photograph, in pixels, upright.
        acquisition: What a DICOM object says of it; None for other files.
        png: The heatmap, where one was asked for.
        timings: Seconds of each stage.
        seconds: From the uploaded bytes to the answer.
    """

    score: float
    threshold: float
    percentile: float
    regions: Sequence[Region]
    quality: Sequence[QualityNote]
    width: int
    height: int
    acquisition: Acquisition | None
    png: bytes | None
    timings: Timings
    seconds: float

    @property
    def anomalous(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= self.threshold


@dataclass(frozen=True)
class _Prepared:
    file: PhotographFile
    model_input: ModelInput
    quality: Sequence[QualityNote]
    acquisition: Acquisition | None


class Predictor:
    """Takes photographs through decoding, preparation, the model and rendering, off the event loop."""

    def __init__(
        self,
        metadata: ModelMetadata,
        batcher: Batcher,
        executor: Executor,
        sections: int,
        observe: ObservePrediction,
        max_pixels: int,
        company: Company,
    ) -> None:
        """Join the parts.

        Args:
            metadata: What the model says of itself.
            batcher: The way to the model.
            executor: Threads for everything else.
            sections: Parts that a heatmap is drawn in, side by side, where nobody else is in hand.
            observe: Told of every prediction.
            max_pixels: Largest photograph to decode.
            company: Who else is in hand, for whichever model.
        """
        self._metadata = metadata
        self._batcher = batcher
        self._executor = executor
        self._sections = sections
        self._observe = observe
        self._max_pixels = max_pixels
        self._company = company

    async def predict(
        self, upload: bytes, *, heatmap: Heatmap, reduction: Factor = 1, threshold: float | None = None
    ) -> Prediction:
        """Score a photograph and show where.

        Args:
            upload: A photograph as a file's bytes.
            heatmap: How to draw the heatmap.
            reduction: What the heatmap's sides are divided by.
            threshold: Overrides the model's decision threshold.

        Raises:
            PreprocessingError: The upload is no photograph of a fundus.
            ClosedError: The service is shutting down.
        """
        with self._company.join():
            return await self._predict(upload, heatmap, reduction, threshold)

    async def _predict(
        self, upload: bytes, heatmap: Heatmap, reduction: Factor, threshold: float | None
    ) -> Prediction:
        started = perf_counter()
        timings = Timings()
        prepared = await self._off_loop(lambda: self._prepare(upload, timings))
        submitted = perf_counter()
        answer = await self._batcher.submit(prepared.model_input.image, in_company=self._company.is_there)
        timings[Stage.QUEUE] = perf_counter() - submitted - answer.seconds
        timings[Stage.INFERENCE] = answer.seconds
        sections = 1 if self._company.is_there else self._sections
        regions, png = await self._off_loop(
            lambda: self._draw(heatmap, reduction, prepared, answer.heatmap, sections, timings)
        )
        score = round(answer.score, DECIMALS)
        prediction = Prediction(
            score=score,
            threshold=self._metadata.decision.value if threshold is None else threshold,
            percentile=percentile(score, self._metadata.normal_scores),
            regions=regions,
            quality=prepared.quality,
            width=prepared.file.width,
            height=prepared.file.height,
            acquisition=prepared.acquisition,
            png=png,
            timings=timings,
            seconds=perf_counter() - started,
        )
        self._observe(
            score,
            anomalous=prediction.anomalous,
            quality=[note.code for note in prediction.quality],
            timings=timings,
        )
        return prediction

    async def _off_loop(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    def _prepare(self, upload: bytes, timings: Timings) -> _Prepared:
        constants = self._metadata.preprocessing
        with timings.measure(Stage.DECODE):
            file = PhotographFile(upload, max_pixels=self._max_pixels)
            copy = read_copy(file, constants)
            acquisition = read_acquisition(upload)
        with timings.measure(Stage.PREPROCESS):
            model_input = prepare_copy(copy, constants)
            return _Prepared(file, model_input, assess_quality(model_input), acquisition)

    def _draw(
        self,
        kind: Heatmap,
        factor: Factor,
        prepared: _Prepared,
        heatmap: NDArray[np.float32],
        sections: int,
        timings: Timings,
    ) -> tuple[list[Region], bytes | None]:
        mapping = prepared.model_input.mapping
        with timings.measure(Stage.RENDER):
            regions = find_regions(heatmap, self._metadata.region.value, mapping)
            side_by_side = partial(spread, self._executor)
            png = render(
                kind, heatmap, mapping, prepared.file, factor, spread=side_by_side, sections=sections
            )
        return regions, png


def percentile(score: float, normal_scores: Sequence[float]) -> float:
    """The percentage of normal photographs that score lower.

    Args:
        score: Anomaly score.
        normal_scores: Scores of normal photographs at evenly spaced quantiles, ascending.
    """
    quantiles = np.linspace(0, 100, len(normal_scores))
    return round(float(np.interp(score, normal_scores, quantiles)), 2)
