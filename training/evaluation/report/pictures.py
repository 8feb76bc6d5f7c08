"""Pages that show where a method hits and where it misses."""

from collections.abc import Sequence

from training.data.prepared import ImageArray, PreparedSet
from training.evaluation.protocol import ImageResult
from training.evaluation.report.page import (
    LEGEND,
    Heatmaps,
    brightest,
    coloured,
    drawn,
    outlined,
    page_of,
    page_row,
)

_FALSE_POSITIVE_COLOUR = (0, 255, 255)


def lesion_page(prepared: PreparedSet, heatmaps: Heatmaps, results: Sequence[ImageResult]) -> ImageArray:
    """Draw each delineated photograph, its true lesions in outline, and the heatmap.

    Args:
        prepared: The evaluation set.
        heatmaps: (N, size, size).
        results: What was measured of each photograph.

    Returns:
        The page, uint8 RGB, best average precision first.
    """
    white = brightest(heatmaps)
    shown = [index for index, result in enumerate(results) if result.average_precision is not None]
    shown.sort(key=lambda index: -(results[index].average_precision or 0))
    rows = [
        page_row(
            f"{results[index].identifier}  AP {results[index].average_precision:.3f}  "
            f"score {results[index].score:.3f}",
            [
                prepared.images[index],
                outlined(prepared.images[index], prepared.lesions(index)),
                coloured(heatmaps[index], 0.0, white),
            ],
        )
        for index in shown
    ]
    return page_of(f"Outlines: {LEGEND}. Heatmap: white is {white:.3f} and above.", rows)


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
    white = brightest(heatmaps)
    shown = [index for index, result in enumerate(results) if not result.anomalous]
    shown.sort(key=lambda index: -results[index].score)
    rows = [_normal_row(prepared, heatmaps, results, index, threshold, white) for index in shown]
    return page_of(
        f"Normal photographs. Outlined: {threshold:.3f} and above. Heatmap: white is {white:.3f}.", rows
    )


def _normal_row(
    prepared: PreparedSet,
    heatmaps: Heatmaps,
    results: Sequence[ImageResult],
    index: int,
    threshold: float,
    white: float,
) -> ImageArray:
    called = heatmaps[index] >= threshold
    share = called.sum() / prepared.field_of_view(index).sum()
    image = prepared.images[index]
    return page_row(
        f"{results[index].identifier}  score {results[index].score:.3f}  {share:.2%} falsely called",
        [image, drawn(image, called, _FALSE_POSITIVE_COLOUR), coloured(heatmaps[index], 0.0, white)],
    )
