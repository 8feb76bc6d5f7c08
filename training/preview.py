"""Sheets of synthetic images with their masks, for a person to look at."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from training.config import CameraConfig, LesionConfig, TrainingConfig
from training.data.prepared import NormalImages
from training.stages.samples import Images, SyntheticSamples
from training.synthesis.generator import Generator, make_generator

Image = NDArray[np.uint8]

_CYAN = (0, 255, 255)
_WHITE = (255, 255, 255)
# Side of a close-up, in pixels of the prepared image and on the sheet.
_CLOSE_UP = 160
_SHOWN = 240
_LINE = 28
# An image is drawn at most this many times until it has a lesion of the kind.
_TRIES = 20


def synthetic_sheet(
    normals: NormalImages,
    constants: PreprocessingConstants,
    config: TrainingConfig,
    *,
    rows: int,
    columns: int,
    seed: int,
    sources: Images | None = None,
) -> Image:
    """Draw what the second stage is trained on, and under each image the same with its mask outlined.

    Args:
        normals: Normal images.
        constants: How they were prepared.
        config: The training; no image is left normal here.
        rows: Rows of pairs.
        columns: Pairs in a row.
        seed: Another seed draws other images.
        sources: What lesions are made of; the normal images where it is left out.

    Returns:
        The sheet, uint8 (2 * rows * window, columns * window, 3), RGB, masks in cyan.
    """
    generator = config.generator.model_copy(update={"normal_share": 0.0})
    drawn = make_generator(generator, constants)
    samples = SyntheticSamples(normals, drawn, config.localization, seed, sources)
    cells = [_pair(samples, index) for index in range(rows * columns)]
    lines = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return np.vstack(lines)


def kinds_sheet(
    normals: NormalImages, constants: PreprocessingConstants, config: LesionConfig, *, columns: int, seed: int
) -> Image:
    """Draw close-ups of each kind of lesion: one line per kind with its name, each above itself outlined.

    Args:
        normals: Normal images.
        constants: How they were prepared.
        config: The generator; the camera is left out, so that the lesions differ and nothing else.
        columns: Close-ups in a line.
        seed: Another seed draws others.

    Returns:
        The sheet, uint8 (H, W, 3), RGB, masks in cyan.
    """
    plain = {"normal_share": 0.0, "distractors": (), "zoom_share": 0.0, "camera": CameraConfig(share=0)}
    lines = []
    for kind in config.lesions:
        generator = make_generator(config.model_copy(update={**plain, "lesions": (kind,)}), constants)
        drawn = _close_ups(normals, generator, seed)
        cells = [next(drawn) for _ in range(columns)]
        lines += [_title(f"{kind.shape} of {kind.matter}", columns * _SHOWN), np.hstack(cells)]
    return np.vstack(lines)


def _close_ups(normals: NormalImages, generator: Generator, seed: int) -> Iterator[Image]:
    """Yield close-ups of lesions, each above the same outlined: uint8 (2 * shown, shown, 3)."""
    pictures = generator.pictures_of(normals)
    random = np.random.default_rng(seed)
    while True:
        for _ in range(_TRIES):
            target, source = map(int, random.integers(len(pictures), size=2))
            image, mask = generator(pictures[target], pictures[source], random, normals.scales[target])
            if mask.any():
                break
        yield _close_up(image, mask, random)


def _close_up(image: Image, mask: NDArray[np.bool_], generator: np.random.Generator) -> Image:
    """Cut a close-up around a random pixel of a mask."""
    side = min(_CLOSE_UP, *mask.shape)
    seen = np.argwhere(mask) if mask.any() else np.array([mask.shape]) // 2
    middle = seen[int(generator.integers(len(seen)))]
    top, left = np.clip(middle - side // 2, 0, np.array(mask.shape) - side)
    place = (slice(top, top + side), slice(left, left + side))
    pair = (image[place], _outlined(image, mask)[place])
    size = (_SHOWN, _SHOWN)
    return np.vstack([cv2.resize(each, size, interpolation=cv2.INTER_CUBIC) for each in pair])


def _title(text: str, width: int) -> Image:
    line = np.zeros((_LINE, width, 3), np.uint8)
    cv2.putText(line, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _WHITE, 1, cv2.LINE_AA)
    return line


def _pair(samples: SyntheticSamples, index: int) -> Image:
    image, mask = (part.numpy() for part in samples[index])
    return np.vstack([image, _outlined(image, mask > 0)])


def _outlined(image: Image, mask: NDArray[np.bool_]) -> Image:
    outlined = image.copy()
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(outlined, contours, -1, _CYAN, 1)
    return outlined
