"""From the bytes of a photograph to a prediction."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.cameras.choice import Choice, choose_camera, find_profile
from service.cameras.conformal import p_value
from service.cameras.profile import UNKNOWN_CAMERA, CameraProfile, Device
from service.dicom.statement import Statement
from service.engines.contract import ModelMetadata
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size
from service.pictures.regions import Region
from service.preprocessing import Acquisition, OpticDisc, QualityNote, SquareMapping
from service.serving.batching import Batcher
from service.serving.concurrency import InFlight
from service.serving.finding import Finding, finding_of
from service.serving.metrics import ObservePrediction, Stage, Timings
from service.serving.stages import Drawn, Prepared, draw, make_dicom, prepare
from service.serving.workers.pool import WorkerPool
from service.settings import Settings

DECIMALS = 6
# In one answer: a reader looks at few, and thousands would make it large.
MAX_REGIONS = 100


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
    png: bytes | None
    photograph_png: bytes | None
    heatmap: NDArray[np.float32] = field(repr=False, compare=False)
    mapping: SquareMapping
    timings: Timings
    seconds: float

    @property
    def anomalous(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= self.threshold


class _Standing(NamedTuple):
    """Where a score stands among normal photographs; see :class:`Prediction`."""

    threshold: float
    percentile: float
    p_value: float | None


class Predictor:
    """Takes photographs through decoding, preparation, the model and rendering, off the event loop."""

    def __init__(
        self,
        metadata: ModelMetadata,
        cameras: Sequence[CameraProfile],
        batcher: Batcher,
        workers: WorkerPool,
        observe: ObservePrediction,
        settings: Settings,
        in_flight: InFlight,
    ) -> None:
        """Join the parts.

        Args:
            metadata: What the model says of itself.
            cameras: The profiles of cameras that it has.
            batcher: Runs the model.
            workers: What decodes, prepares and draws.
            observe: Counts every prediction.
            settings: The limits of a photograph and of its answer.
            in_flight: The photographs of all models.
        """
        self._metadata = metadata
        self._cameras = cameras
        self._batcher = batcher
        self._workers = workers
        self._observe = observe
        self._settings = settings
        self._in_flight = in_flight

    async def predict(
        self,
        upload: bytes | bytearray,
        *,
        heatmap: Heatmap,
        size: Size = DEFAULT_SIZE,
        photograph: bool = False,
        threshold: float | None = None,
        camera: str | None = None,
    ) -> Prediction:
        """Score a photograph and show where.

        Args:
            upload: A photograph as a file's bytes.
            heatmap: How to draw the heatmap.
            size: The longest side of the picture, in pixels, or ``full`` for the photograph's own.
            photograph: Whether to draw the photograph alone, too.
            threshold: Overrides the decision threshold.
            camera: The camera that took it; None looks which one it was.

        Raises:
            UnknownCameraError: There is no profile of the camera.
            PreprocessingError: The upload is no photograph of a fundus, or takes too much.
            ClosedError: The service is shutting down.
        """
        with self._in_flight.count():
            return await self._predict(upload, heatmap, size, photograph, threshold, camera)

    async def make_dicom(self, upload: bytes | bytearray, prediction: Prediction) -> dict[str, bytes]:
        """Make the DICOM objects of a prediction, in a worker; needs the extra ``dicom``.

        Args:
            upload: The photograph, a DICOM object.
            prediction: Of this photograph.

        Returns:
            Files by name; see :func:`service.dicom.objects.make_objects`.

        Raises:
            PreprocessingError: Nothing can refer to the object, or it takes too much.
        """
        picture = None if prediction.png is None else np.frombuffer(prediction.png, np.uint8)
        objects: list[tuple[str, NDArray[np.uint8]]] = await self._workers.run(
            make_dicom,
            np.frombuffer(upload, np.uint8),
            self._statement(prediction),
            prediction.heatmap,
            self._metadata.region.value,
            prediction.mapping,
            prediction.kind,
            picture,
        )
        return {name: file.tobytes() for name, file in objects}

    def _statement(self, prediction: Prediction) -> Statement:
        camera = prediction.camera
        return Statement(
            model=self._metadata.name,
            version=self._metadata.version,
            score=prediction.score,
            threshold=prediction.threshold,
            percentile=prediction.percentile,
            p_value=prediction.p_value,
            finding=str(prediction.finding),
            camera=UNKNOWN_CAMERA if camera is None else camera.profile.camera,
            chosen_by=None if camera is None else str(camera.chosen_by),
            normals=None if camera is None else len(camera.profile.scores),
            quality=tuple(prediction.quality),
            regions=tuple(prediction.regions),
            regions_total=prediction.regions_total,
        )

    def check_camera(self, name: str | None) -> None:
        """Make sure that there is a profile of a camera that a request names.

        Raises:
            UnknownCameraError: There is none.
        """
        if name is not None:
            find_profile(self._cameras, name)

    async def _predict(
        self,
        upload: bytes | bytearray,
        heatmap: Heatmap,
        size: Size,
        photograph: bool,
        threshold: float | None,
        camera: str | None,
    ) -> Prediction:
        self.check_camera(camera)
        started = perf_counter()
        data = np.frombuffer(upload, np.uint8)
        prepared: Prepared = await self._workers.run(
            prepare, data, self._metadata.preprocessing, self._settings.max_pixels
        )
        answer = await self._batcher.submit(prepared.image, concurrent=self._in_flight.concurrent)
        drawn: Drawn = await self._workers.run(
            draw,
            answer.heatmap,
            prepared.mapping,
            self._metadata.region.value,
            MAX_REGIONS,
            heatmap,
            size,
            photograph,
            data if photograph or heatmap is not Heatmap.NONE else None,
            self._settings.max_pixels,
        )
        seconds = perf_counter() - started
        timings = {
            Stage.DECODE: prepared.decode_seconds,
            Stage.PREPROCESS: prepared.preprocess_seconds,
            Stage.INFERENCE: answer.seconds,
            Stage.RENDER: drawn.seconds,
        }
        # For a worker, for the model, and for a worker again.
        timings[Stage.QUEUE] = seconds - sum(timings.values())
        choice = choose_camera(
            self._cameras, prepared.looks, name=camera, device=_device(prepared.acquisition)
        )
        score = round(answer.score, DECIMALS)
        codes = [note.code for note in prepared.quality]
        standing = self._standing(score, choice)
        limit = standing.threshold if threshold is None else threshold
        prediction = Prediction(
            score=score,
            threshold=limit,
            percentile=standing.percentile,
            camera=choice,
            p_value=standing.p_value,
            finding=finding_of(
                anomalous=score >= limit,
                percentile=standing.percentile,
                quality=codes,
            ),
            regions=drawn.regions,
            regions_total=drawn.regions_total,
            optic_disc=prepared.optic_disc,
            quality=prepared.quality,
            width=prepared.width,
            height=prepared.height,
            acquisition=prepared.acquisition,
            kind=heatmap,
            png=None if drawn.png is None else drawn.png.tobytes(),
            photograph_png=None if drawn.photograph_png is None else drawn.photograph_png.tobytes(),
            heatmap=answer.heatmap,
            mapping=prepared.mapping,
            timings=timings,
            seconds=seconds,
        )
        self._observe(
            score,
            camera=None if choice is None else choice.profile.camera,
            anomalous=prediction.anomalous,
            quality=codes,
            timings=timings,
        )
        return prediction

    def _standing(self, score: float, choice: Choice | None) -> _Standing:
        """Compare a score with those of normal photographs."""
        if choice is None:
            return _Standing(
                self._metadata.decision.value, percentile(score, self._metadata.normal_scores), None
            )
        scores = choice.profile.scores
        lower = 100 * bisect_left(scores, score) / len(scores)
        return _Standing(choice.profile.threshold, round(lower, 2), round(p_value(score, scores), 4))


def _device(acquisition: Acquisition | None) -> Device | None:
    if acquisition is None or acquisition.manufacturer is None or acquisition.device is None:
        return None
    return Device(manufacturer=acquisition.manufacturer, model=acquisition.device)


def percentile(score: float, normal_scores: Sequence[float]) -> float:
    """The percentage of normal photographs that score lower.

    Args:
        score: Anomaly score.
        normal_scores: Scores of normal photographs at evenly spaced quantiles, ascending.
    """
    quantiles = np.linspace(0, 100, len(normal_scores))
    return round(float(np.interp(score, normal_scores, quantiles)), 2)
