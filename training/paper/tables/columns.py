"""Columns of the tables: which of an evaluation's figures stands in each."""

from collections.abc import Callable
from dataclasses import dataclass

from training.evaluation.metrics.estimates import Estimate
from training.evaluation.protocol import Evaluation, PixelResult


@dataclass(frozen=True)
class Column:
    """One figure of each row.

    Attributes:
        key: What rows call the paper's figure for it.
        title: Its heading.
        select: Takes our figure from an evaluation; None where the set does not give it.
    """

    key: str
    title: str
    select: Callable[[Evaluation], Estimate | None]


def _pixels(select: Callable[[PixelResult], Estimate | None]) -> Callable[[Evaluation], Estimate | None]:
    return lambda evaluation: None if evaluation.pixels is None else select(evaluation.pixels)


def _grade(grade: int) -> Callable[[Evaluation], Estimate | None]:
    return lambda evaluation: evaluation.image_auroc_by_grade.get(grade)


def _all(evaluation: Evaluation) -> Estimate:
    return evaluation.image_auroc


def _honest_accuracy(pixels: PixelResult) -> Estimate | None:
    point = pixels.all_pixels.honest
    return None if point is None else point.balanced_accuracy


PIXEL_COLUMNS = (
    Column("auroc", "AUROC", _pixels(lambda pixels: pixels.all_pixels.auroc)),
    # The published protocol chooses this threshold on the test masks themselves.
    Column("acc", "ACC", _pixels(lambda pixels: pixels.all_pixels.protocol.balanced_accuracy)),
    Column("honest-acc", "ACC, honest", _pixels(_honest_accuracy)),
    Column("aupr", "AUPR", _pixels(lambda pixels: pixels.all_pixels.average_precision)),
    Column("image-auroc", "image AUROC", _all),
)
"""Pixel by pixel over all pixels, as the paper counts them (Tables 2 to 4), and image by image."""

EYEQ_COLUMNS = (
    *(Column(f"eyeq-{grade}", f"0 vs {grade}", _grade(grade)) for grade in (1, 2, 3, 4)),
    Column("eyeq", "0 vs all", _all),
)
"""Image AUROC by grade on EyeQ (Table 1)."""

EYEQ_ALL_COLUMNS = EYEQ_COLUMNS[-1:]
"""Image AUROC on EyeQ, as far as Tables 3 and 4 quote it."""

IDRID_GRADE_COLUMNS = (
    *(Column(f"idrid-{grade}", f"0 vs {grade}", _grade(grade)) for grade in (1, 2, 3, 4)),
    Column("idrid", "0 vs all", _all),
)
"""The same on IDRiD's graded photographs, for which the paper has no figures."""
