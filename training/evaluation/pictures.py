"""Pages that show where a method hits and where it misses."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.data.prepared import ImageArray, MaskArray, PreparedSet
from training.data.records import LesionType
from training.evaluation.protocol import ImageResult

LESION_COLOURS = {
    LesionType.MICROANEURYSMS: (255, 0, 255),
    LesionType.HAEMORRHAGES: (0, 255, 0),
    LesionType.HARD_EXUDATES: (0, 160, 255),
    LesionType.SOFT_EXUDATES: (255, 255, 255),
}
"""RGB of the outline of each type of lesion: none is a colour that a retina has."""

_LEGEND = "MA magenta, HE green, EX blue, SE white"
_FALSE_POSITIVE_COLOUR = (0, 255, 255)
_TILE = 480
_CAPTION = 28
_COLUMNS = 2

Heatmaps = npt.NDArray[np.float32]


def lesion_page(prepared: PreparedSet, heatmaps: Heatmaps, results: Sequence[ImageResult]) -> ImageArray:
    """Draw each delineated photograph, its true lesions in outline, and the heatmap.

    Args:
        prepared: The evaluation set.
        heatmaps: (N, size, size).
        results: What was measured of each photograph.

    Returns:
        The page, uint8 RGB, best average precision first.
    """
    brightest = _brightest(heatmaps)
    shown = [index for index, result in enumerate(results) if result.average_precision is not None]
    shown.sort(key=lambda index: -(results[index].average_precision or 0))
    rows = [
        _row(
            f"{results[index].identifier}  AP {results[index].average_precision:.3f}  "
            f"score {results[index].score:.3f}",
            [
                prepared.images[index],
                _outlined(prepared.images[index], prepared.lesions(index)),
                _coloured(heatmaps[index], 0.0, brightest),
            ],
        )
        for index in shown
    ]
    return _page(f"Outlines: {_LEGEND}. Heatmap: white is {brightest:.3f} and above.", rows)


def normal_page(
    prepared: PreparedSet, heatmaps: Heatmaps, results: Sequence[ImageResult], threshold: float
) -> ImageArray:
    """Draw each normal photograph, what is falsely called a lesion in outline, and the heatmap.

    Args:
        prepared: The evaluation set.
        heatmaps: (N, size, size).
        results: What was measured of each photograph.
        threshold: Of a heatmap; pixels that reach it are called lesion.

    Returns:
        The page, uint8 RGB, highest score first.
    """
    brightest = _brightest(heatmaps)
    shown = [index for index, result in enumerate(results) if not result.anomalous]
    shown.sort(key=lambda index: -results[index].score)
    rows = [_normal_row(prepared, heatmaps, results, index, threshold, brightest) for index in shown]
    return _page(
        f"Normal photographs. Outlined: {threshold:.3f} and above. Heatmap: white is {brightest:.3f}.", rows
    )


def comparison_page(
    prepared: PreparedSet, heatmaps: Mapping[str, Heatmaps], results: Sequence[ImageResult]
) -> ImageArray:
    """Draw the same photographs with the heatmaps of several methods side by side.

    Shown are, by rule and not by taste, those on which the first method does best, as the median does, and
    worst (average precision), and the normal photographs with its highest, median and lowest score.

    Args:
        prepared: The evaluation set.
        heatmaps: (N, size, size) of each method by its name. Each has a scale of its own, black up to its
            median inside the fields of view: a distance is nowhere near 0 as a probability is.
        results: What was measured of each photograph, by the first method.

    Returns:
        The page, uint8 RGB: a row a photograph, its true lesions in outline, then a heatmap a method.
    """
    scales = {name: (float(np.median(each[each > 0])), _brightest(each)) for name, each in heatmaps.items()}
    rows = []
    for why, index in _telling(results):
        image = prepared.images[index]
        maps = [_coloured(each[index], *scales[name]) for name, each in heatmaps.items()]
        caption = f"{why}: {results[index].identifier}  score {results[index].score:.3f}"
        rows.append(_row(caption, [image, _outlined(image, prepared.lesions(index)), *maps]))
    names = " | ".join(f"{name} (black {low:.3g}, white {high:.3g})" for name, (low, high) in scales.items())
    return _page(f"photograph | true lesions: {_LEGEND} | {names}", rows, columns=1)


def write_picture(picture: ImageArray, path: Path) -> None:
    """Write a picture, uint8 RGB, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    path.write_bytes(encoded.tobytes())


def _normal_row(
    prepared: PreparedSet,
    heatmaps: Heatmaps,
    results: Sequence[ImageResult],
    index: int,
    threshold: float,
    brightest: float,
) -> ImageArray:
    called = heatmaps[index] >= threshold
    share = called.sum() / prepared.field_of_view(index).sum()
    image = prepared.images[index]
    return _row(
        f"{results[index].identifier}  score {results[index].score:.3f}  {share:.2%} falsely called",
        [image, _drawn(image, called, _FALSE_POSITIVE_COLOUR), _coloured(heatmaps[index], 0.0, brightest)],
    )


def _telling(results: Sequence[ImageResult]) -> list[tuple[str, int]]:
    places = range(len(results))
    lesions = [place for place in places if results[place].average_precision is not None]
    lesions.sort(key=lambda place: -(results[place].average_precision or 0))
    normals = [place for place in places if not results[place].anomalous]
    normals.sort(key=lambda place: -results[place].score)
    return [
        *_first_middle_last(lesions, "best", "median", "worst"),
        *_first_middle_last(normals, "normal, highest score", "normal, median score", "normal, lowest score"),
    ]


def _first_middle_last(ranked: Sequence[int], *names: str) -> list[tuple[str, int]]:
    chosen = (0, len(ranked) // 2, len(ranked) - 1)
    # Of few photographs, the same may be first and last: it is shown once.
    return list({ranked[at]: (name, ranked[at]) for name, at in zip(names, chosen, strict=True)}.values())


def _brightest(heatmaps: Heatmaps) -> float:
    # A method's values may crowd near 0: one scale for the whole page, set by its thousandth highest part.
    return float(np.quantile(heatmaps, 0.999)) or 1.0


def _outlined(image: ImageArray, lesions: Mapping[LesionType, MaskArray]) -> ImageArray:
    for lesion, mask in lesions.items():
        image = _drawn(image, mask, LESION_COLOURS[lesion])
    return image


def _drawn(image: ImageArray, mask: MaskArray, colour: tuple[int, int, int]) -> ImageArray:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.array(image), contours, -1, colour, 1), np.uint8)


def _coloured(heatmap: npt.NDArray[np.float32], darkest: float, brightest: float) -> ImageArray:
    levels = np.clip((heatmap - darkest) / (brightest - darkest) * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_HOT), cv2.COLOR_BGR2RGB), np.uint8)


def _row(caption: str, tiles: Sequence[ImageArray]) -> ImageArray:
    side = (_TILE, _TILE)
    small = np.hstack([cv2.resize(tile, side, interpolation=cv2.INTER_AREA) for tile in tiles])
    return np.vstack([_text(caption, small.shape[1]), small])


def _page(title: str, rows: Sequence[ImageArray], columns: int = _COLUMNS) -> ImageArray:
    blank = np.zeros_like(rows[0])
    padded = [*rows, *[blank] * (-len(rows) % columns)]
    lines = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.vstack([_text(title, lines[0].shape[1]), *lines])


def _text(text: str, width: int) -> ImageArray:
    strip = np.zeros((_CAPTION, width, 3), np.uint8)
    place, white = (8, _CAPTION - 8), (255, 255, 255)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, white, 1, cv2.LINE_AA)
    return strip
