"""Tables of evaluations, as Markdown and as JSON."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from training.data.records import LesionType
from training.evaluation.metrics.classification import OperatingPoint
from training.evaluation.metrics.froc import FALSE_ALARMS, SIZES
from training.evaluation.metrics.pixels import PixelMetrics
from training.evaluation.protocol import Evaluation, PixelResult
from training.evaluation.recalibration import NORMALS, CalibratedRates

_INTERVALS = "In brackets, 95 % bootstrap intervals by photograph (by patient where patients are known)."
_CALIBRATED = (
    f" Calibrated: at a threshold that {NORMALS} of the set's own normal photographs give for a specificity "
    "of 90 %, on other patients; the mean of 200 such calibrations, in brackets what 90 % of them reach."
)


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: What it shows.
        header: Column names.
        rows: One cell per column.
        note: What a reader must know to read it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def tables(evaluations: Sequence[Evaluation]) -> list[Table]:
    """Return the tables that evaluations on the same set fill, one row per method."""
    delineated = [(evaluation, evaluation.pixels) for evaluation in evaluations if evaluation.pixels]
    return [_image_table(evaluations), *(_pixel_tables(delineated) if delineated else [])]


def to_markdown(evaluations: Sequence[Evaluation]) -> str:
    """Return all tables as Markdown."""
    return "\n".join(_markdown_table(table) for table in tables(evaluations))


def write_report(evaluations: Sequence[Evaluation], folder: Path) -> None:
    """Write ``report.md`` with the tables and ``report.json`` with everything measured."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(to_markdown(evaluations), encoding="utf-8")
    document = TypeAdapter(list[Evaluation]).dump_python(list(evaluations), mode="json")
    (folder / "report.json").write_text(json.dumps(_without_replicates(document), indent=2) + "\n")


def _image_table(evaluations: Sequence[Evaluation]) -> Table:
    first = evaluations[0]
    grades = sorted(first.image_auroc_by_grade)
    calibrated = first.calibrated is not None
    header = (
        "method",
        "image AUROC",
        *(f"0 vs {grade}" for grade in grades),
        "sensitivity",
        "specificity",
        *(("sensitivity, calibrated", "specificity, calibrated") if calibrated else ()),
    )
    rows = tuple(
        (
            evaluation.method,
            evaluation.image_auroc.text(),
            *(evaluation.image_auroc_by_grade[grade].text() for grade in grades),
            *_rates(evaluation.decision),
            *(_rates(evaluation.calibrated) if calibrated else ()),
        )
        for evaluation in evaluations
    )
    return Table(
        f"{first.data}: images, {first.normal} normal against {first.anomalous} others",
        header,
        rows,
        f"{_INTERVALS} Sensitivity and specificity at the threshold that the model carries."
        + (_CALIBRATED if calibrated else ""),
    )


def _pixel_tables(delineated: Sequence[tuple[Evaluation, PixelResult]]) -> list[Table]:
    return [
        _pixel_table(delineated, "all pixels", lambda pixels: pixels.all_pixels),
        _pixel_table(delineated, "pixels inside the field of view", lambda pixels: pixels.field_of_view),
        _lesion_table(delineated),
        _froc_table(delineated),
        _size_table(delineated),
    ]


def _pixel_table(
    delineated: Sequence[tuple[Evaluation, PixelResult]],
    what: str,
    part: Callable[[PixelResult], PixelMetrics],
) -> Table:
    rows = tuple((evaluation.method, *_pixel_cells(part(pixels))) for evaluation, pixels in delineated)
    evaluation, pixels = delineated[0]
    header = ("method", "AUROC", "AUPR", "AUPR (trapezoid)", "ACC (protocol)", "ACC (honest)")
    return Table(
        f"{evaluation.data}: {what}, {part(pixels).lesion_share:.2%} of them lesion",
        header,
        rows,
        f"{_INTERVALS} AUPR is average precision. ACC is balanced accuracy: 'protocol' chooses its threshold "
        "on these very masks, as published figures do; 'honest' takes the threshold that the model carries. "
        "Over all pixels is what published figures are, and the headline for that reason; inside the field "
        f"of view is harder and more honest: it leaves out the black corners, {_corners(pixels):.0%} of all "
        "pixels, which no method gets wrong.",
    )


def _corners(pixels: PixelResult) -> float:
    """Return the share of pixels outside the fields of view, where no lesion is."""
    return 1 - pixels.all_pixels.lesion_share / pixels.field_of_view.lesion_share


def _pixel_cells(metrics: PixelMetrics) -> tuple[str, ...]:
    return (
        metrics.auroc.text(),
        metrics.average_precision.text(),
        metrics.trapezoidal_aupr.text(),
        metrics.protocol.balanced_accuracy.text(),
        metrics.honest.balanced_accuracy.text() if metrics.honest else "-",
    )


def _lesion_table(delineated: Sequence[tuple[Evaluation, PixelResult]]) -> Table:
    evaluation, first = delineated[0]
    header = tuple(f"{lesion} ({first.lesions[lesion].pixel_share:.2%})" for lesion in first.lesions)
    rows = tuple(
        (evaluation.method, *(_lesion_cell(pixels, lesion) for lesion in first.lesions))
        for evaluation, pixels in delineated
    )
    return Table(
        f"{evaluation.data}: average precision (sensitivity) by lesion",
        ("method", *header),
        rows,
        "In the header, the share of pixels. Each type counts against pixels of no lesion. Sensitivity at "
        "the threshold that the model carries.",
    )


def _lesion_cell(pixels: PixelResult, lesion: LesionType) -> str:
    metrics = pixels.lesions[lesion]
    found = "" if metrics.sensitivity is None else f" ({metrics.sensitivity.percent()})"
    return metrics.average_precision.text() + found


def _froc_table(delineated: Sequence[tuple[Evaluation, PixelResult]]) -> Table:
    evaluation, first = delineated[0]
    return Table(
        f"{evaluation.data}: share of {first.froc.lesions} lesions found, by false alarms per photograph",
        ("method", *(f"{rate:g}" for rate in FALSE_ALARMS), "mean"),
        tuple(
            (evaluation.method, *(each.text() for each in (*pixels.froc.sensitivity, pixels.froc.score)))
            for evaluation, pixels in delineated
        ),
        f"{_INTERVALS} A lesion is found if a peak of the heatmap lies on it or within 3 pixels; a peak that "
        "lies on none is a false alarm.",
    )


def _size_table(delineated: Sequence[tuple[Evaluation, PixelResult]]) -> Table:
    evaluation, first = delineated[0]
    bounds = (0, *SIZES)
    sizes = [f"{low}-{high - 1} px" for low, high in zip(bounds, SIZES, strict=False)] + [f"{SIZES[-1]}+ px"]
    counted = [
        *zip(sizes, first.froc.by_size, strict=True),
        *((str(lesion), group) for lesion, group in first.froc.by_type.items()),
    ]
    return Table(
        f"{evaluation.data}: share found at {FALSE_ALARMS[-1]:g} false alarms, by size and type",
        ("method", *(f"{name} ({group.count})" for name, group in counted)),
        tuple(
            (
                evaluation.method,
                *(
                    "-" if group.sensitivity is None else group.sensitivity.percent()
                    for group in (*pixels.froc.by_size, *pixels.froc.by_type.values())
                ),
            )
            for evaluation, pixels in delineated
        ),
        "In the header, the number of lesions: connected components of all types together by size, and of "
        "each type.",
    )


def _rates(point: OperatingPoint | CalibratedRates | None) -> tuple[str, str]:
    return ("-", "-") if point is None else (point.sensitivity.percent(), point.specificity.percent())


def _without_replicates(value: object) -> object:
    """Leave the replicates out: a thousand numbers per figure that nobody reads."""
    if isinstance(value, dict):
        return {name: _without_replicates(each) for name, each in value.items() if name != "replicates"}
    if isinstance(value, list):
        return [_without_replicates(each) for each in value]
    return value


def _markdown_table(table: Table) -> str:
    rule = ["---"] + ["---:"] * (len(table.header) - 1)
    lines = ["| " + " | ".join(cells) + " |" for cells in (table.header, rule, *table.rows)]
    return "\n".join([f"### {table.title}", "", *lines, "", table.note, ""])
