"""Plots of evaluations."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from training.evaluation.froc import FALSE_ALARMS
from training.evaluation.protocol import Evaluation


def write_froc_plot(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw the share of lesions found against false alarms a photograph, one curve a method.

    Args:
        evaluations: On the same delineated set.
        path: The file to write; its suffix says in which format.
    """
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    for evaluation in evaluations:
        if evaluation.pixels is not None:
            rates, sensitivities = zip(*evaluation.pixels.froc.curve, strict=True)
            axes.plot(rates, sensitivities, label=evaluation.method)
    axes.set(
        xlim=(0, 2 * FALSE_ALARMS[-1]),
        ylim=(0, 1),
        xlabel="false alarms a photograph",
        ylabel="share of lesions found",
        title=evaluations[0].data,
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(path, dpi=150)
