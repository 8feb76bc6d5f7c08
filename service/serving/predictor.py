"""From the bytes of a photograph to a prediction."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from service.cameras.choice import choose_camera, device_of, devices_that_decide, find_profile
from service.cameras.profile import UNKNOWN_CAMERA, CameraProfile
from service.dicom.statement import Statement
from service.engines.contract import ModelMetadata
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size
from service.serving.batching import Answer
from service.serving.concurrency import InFlight
from service.serving.finding import finding_of
from service.serving.inference import Scorer
from service.serving.metrics import ObservePrediction, Stage, Timings
from service.serving.prediction import Prediction
from service.serving.stages import Drawn, Prepared, draw, make_dicom, prepare
from service.serving.standing import standing_of
from service.serving.workers.pool import WorkerPool
from service.settings import Settings

DECIMALS = 6
# In one answer: a reader looks at few, and thousands would make it large.
MAX_REGIONS = 100


class Predictor:
    """Takes photographs through decoding, preparation, the model and rendering, off the event loop."""

    def __init__(
        self,
        metadata: ModelMetadata,
        cameras: Sequence[CameraProfile],
        batcher: Scorer,
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
            prepare,
            data,
            self._metadata.preprocessing,
            self._settings.max_pixels,
            devices_that_decide(self._cameras, camera),
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
        choice = choose_camera(
            self._cameras, prepared.looks, name=camera, device=device_of(prepared.acquisition)
        )
        score = round(answer.score, DECIMALS)
        codes = [note.code for note in prepared.quality]
        standing = standing_of(score, choice, self._metadata)
        limit = standing.threshold if threshold is None else threshold
        prediction = Prediction(
            score=score,
            threshold=limit,
            percentile=standing.percentile,
            camera=choice,
            p_value=standing.p_value,
            finding=finding_of(anomalous=score >= limit, percentile=standing.percentile, quality=codes),
            regions=drawn.regions,
            regions_total=drawn.regions_total,
            optic_disc=prepared.optic_disc,
            quality=prepared.quality,
            width=prepared.width,
            height=prepared.height,
            acquisition=prepared.acquisition,
            kind=heatmap,
            png=None if drawn.png is None else drawn.png.data,
            photograph_png=None if drawn.photograph_png is None else drawn.photograph_png.data,
            heatmap=answer.heatmap,
            mapping=prepared.mapping,
            timings=_timings(prepared, answer, drawn, seconds),
            seconds=seconds,
        )
        self._observe(
            score,
            camera=None if choice is None else choice.profile.camera,
            anomalous=prediction.anomalous,
            quality=codes,
            timings=prediction.timings,
        )
        return prediction


def _timings(prepared: Prepared, answer: Answer, drawn: Drawn, seconds: float) -> Timings:
    measured = {
        Stage.DECODE: prepared.decode_seconds,
        Stage.PREPROCESS: prepared.preprocess_seconds,
        Stage.INFERENCE: answer.seconds,
        Stage.RENDER: drawn.seconds,
    }
    # For a worker, for the model, and for a worker again.
    return {**measured, Stage.QUEUE: seconds - sum(measured.values())}
