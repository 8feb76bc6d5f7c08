"""A sheet of synthetic images with their masks, for a person to look at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from training.config import TrainingConfig
from training.data.prepared import NormalImages
from training.stages.samples import SyntheticSamples
from training.synthesis.generator import make_generator

Image = NDArray[np.uint8]

_CYAN = (0, 255, 255)


def synthetic_sheet(
    normals: NormalImages,
    constants: PreprocessingConstants,
    config: TrainingConfig,
    *,
    rows: int,
    columns: int,
    seed: int,
) -> Image:
    """Draw what the second stage is trained on, and under each image the same with its mask outlined.

    Args:
        normals: Normal images.
        constants: How they were prepared.
        config: The training; no image is left normal here.
        rows: Rows of pairs.
        columns: Pairs in a row.
        seed: Another seed draws other images.

    Returns:
        The sheet, uint8 (2 * rows * window, columns * window, 3), RGB, masks in cyan.
    """
    generator = config.generator.model_copy(update={"normal_share": 0.0})
    samples = SyntheticSamples(normals, make_generator(generator, constants), config.localization, seed)
    cells = [_pair(samples, index) for index in range(rows * columns)]
    lines = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return np.vstack(lines)


def _pair(samples: SyntheticSamples, index: int) -> Image:
    image, mask = (part.numpy() for part in samples[index])
    outlined = image.copy()
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(outlined, contours, -1, _CYAN, 1)
    return np.vstack([image, outlined])
