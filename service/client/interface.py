"""The interface of the HTTP client and of in-process prediction."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from service.api.schemas import PredictionAnswer
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size

# The path of a file, an open one, or its bytes.
Photograph = str | os.PathLike[str] | BinaryIO | bytes | bytearray | memoryview


def read(photograph: Photograph) -> bytes:
    """Return the bytes of a photograph's file.

    Raises:
        OSError: It cannot be read.
    """
    if isinstance(photograph, bytes | bytearray | memoryview):
        return bytes(photograph)
    if isinstance(photograph, str | os.PathLike):
        return Path(photograph).read_bytes()
    return photograph.read()


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
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> PredictionAnswer:
        """Score a photograph and show where it is anomalous.

        Args:
            photograph: The path of a file, an open one (binary), or its bytes.
            heatmap: How to draw the heatmap.
            size: The longest side of the picture, in pixels, or ``full`` for the photograph's own.
            model: Name of the model, or None for the default.
            camera: Name of the camera's profile, or None for the one that fits.

        Returns:
            The answer, with the heatmap as a base64 PNG.

        Raises:
            PredictionError: It is no fundus photograph, or got no answer.
            OSError: The file cannot be read.
        """

    def predict_dicom(
        self,
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> Mapping[str, bytes]:
        """Score a photograph in a DICOM object, and make DICOM objects about it.

        Args:
            photograph: A DICOM file, likewise.
            heatmap: ``overlay`` adds a secondary capture, ``raw`` a segmentation of probabilities.
            size: The longest side of the overlay, in pixels, or ``full`` for the photograph's own.
            model: Name of the model, or None for the default.
            camera: Name of the camera's profile, or None for the one that fits.

        Returns:
            Files by name: ``report``, ``regions`` if there are any, ``overlay`` or ``probabilities``.

        Raises:
            PredictionError: It is no DICOM photograph of a fundus, or got no answer.
            OSError: The file cannot be read.
        """
