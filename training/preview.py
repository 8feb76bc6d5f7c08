"""A sheet of synthetic images with their masks, for a person to look at."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import GeneratorConfig
from training.synthesis.generator import AnomalyGenerator, SyntheticImage

Image = NDArray[np.uint8]

_CYAN = (0, 255, 255)


def synthetic_sheet(
    images: Sequence[Image], config: GeneratorConfig, *, rows: int, columns: int, seed: int
) -> Image:
    """Draw synthetic images side by side, and under each the same image with its mask outlined in cyan.

    Args:
        images: Prepared normal images, each uint8 (size, size, 3), RGB.
        config: The generator; no image is left normal here.
        rows: Rows of pairs.
        columns: Pairs in a row.
        seed: Another seed draws other images.

    Returns:
        The sheet, uint8 (2 * rows * size, columns * size, 3), RGB.
    """
    anomalies = AnomalyGenerator(config.model_copy(update={"normal_share": 0.0}))
    generator = np.random.default_rng(seed)
    cells = [_pair(_draw(images, anomalies, generator)) for _ in range(rows * columns)]
    lines = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return np.vstack(lines)


def _draw(
    images: Sequence[Image], anomalies: AnomalyGenerator, generator: np.random.Generator
) -> SyntheticImage:
    target, source = (images[int(index)] for index in generator.integers(len(images), size=2))
    return anomalies(target, source, generator)


def _pair(synthetic: SyntheticImage) -> Image:
    outlined = synthetic.image.copy()
    mask = synthetic.mask.astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(outlined, contours, -1, _CYAN, 1)
    return np.vstack([synthetic.image, outlined])
