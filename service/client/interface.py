"""The interface of the HTTP client and of in-process prediction."""

from collections.abc import Mapping
from typing import Protocol

from service.api.schemas import PredictionAnswer
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size


class PredictionError(Exception):
    """A photograph got no answer.

    Attributes:
        code: Stable, as in a problem document; ``unreachable`` where no service answers, and
            ``status-502`` and the like where something else than the service does.
    """

    def __init__(self, code: str, message: str) -> None:
        """Say why, for a program and for a person."""
        super().__init__(message)
        self.code = code


class PredictionSource(Protocol):
    """Scores photographs. Threads may share it."""

    def predict(
        self,
        photograph: bytes,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> PredictionAnswer:
        """Score a photograph and show where it is anomalous.

        Args:
            photograph: A file's bytes.
            heatmap: How to draw the heatmap.
            size: The longest side of the picture, in pixels, or ``full`` for the photograph's own.
            model: Name of the model, or None for the default.
            camera: Name of the camera's profile, or None for the one that fits.

        Returns:
            The answer, with the heatmap as a base64 PNG.

        Raises:
            PredictionError: It is no fundus photograph, or got no answer.
        """

    def predict_dicom(
        self,
        photograph: bytes,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> Mapping[str, bytes]:
        """Score a photograph in a DICOM object, and make DICOM objects about it.

        Args:
            photograph: A DICOM file's bytes.
            heatmap: ``overlay`` adds a secondary capture, ``raw`` a segmentation of probabilities.
            size: The longest side of the overlay, in pixels, or ``full`` for the photograph's own.
            model: Name of the model, or None for the default.
            camera: Name of the camera's profile, or None for the one that fits.

        Returns:
            Files by name: ``report``, ``regions`` if there are any, ``overlay`` or ``probabilities``.

        Raises:
            PredictionError: It is no DICOM photograph of a fundus, or got no answer.
        """
