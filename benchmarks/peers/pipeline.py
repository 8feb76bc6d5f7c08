"""The service's own stages as one function, for servers that take nothing else."""

import base64
import os
from pathlib import Path
from typing import Any

import cv2

from service.engines.model import Model
from service.pictures.options import DEFAULT_SIZE, Heatmap
from service.pictures.regions import find_regions
from service.pictures.rendering import render
from service.preprocessing import PhotographFile, assess_quality, prepare_file
from service.settings import Settings


class Pipeline:
    """The stages of a request, without a server."""

    def __init__(self) -> None:
        """Load the model that ``PEER_MODEL`` names, for one thread."""
        cv2.setNumThreads(1)
        self._model = Model(Path(os.environ["PEER_MODEL"]), device="cpu", inference_threads=1)
        self._heatmap = Heatmap(os.environ["PEER_HEATMAP"])
        self._max_pixels = Settings().max_pixels

    def __call__(self, data: bytes) -> dict[str, Any]:
        """Answer with the score, the regions and the heatmap of a photograph."""
        file = PhotographFile(data, max_pixels=self._max_pixels)
        metadata = self._model.metadata
        prepared = prepare_file(file, metadata.preprocessing)
        (score,), (heatmap,) = self._model.run(prepared.image[None])
        regions = find_regions(heatmap, metadata.region.value, prepared.mapping)
        png = render(self._heatmap, heatmap, prepared.mapping, file, DEFAULT_SIZE)
        return {
            "score": round(float(score), 6),
            "regions": [[*vars(region.box).values(), region.peak] for region in regions],
            "quality": [note.code for note in assess_quality(prepared)],
            "heatmap_png": None if png is None else base64.b64encode(png).decode(),
        }
