"""Pixel metrics of an evaluation set: these beside scikit-learn's own on every pixel.

    python -m benchmarks.metrics [--photographs 24] [--rounds 3] [--alone]

scikit-learn gives the same figures once: area under the receiver operating characteristic, average
precision, the precision-recall curve for its area by the trapezoid rule, and the best balanced accuracy, of
unrounded scores. :mod:`training.evaluation.metrics` counts rounded scores by photograph first, and is
measured twice: with two resamples, which is about the figures alone, and with the thousand that intervals
come from.

The scores are drawn: most of a heatmap is near 0, lesions are 1.4 % of the pixels, and a tenth of a lesion's
pixels is missed. All are measured in turn, on one thread, and compared round by round. The times are of the
processor, not of the clock, so that whatever else runs on the machine counts less.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from training.evaluation.metrics import pixel_metrics
from training.evaluation.resampling import RESAMPLES

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Measure = Callable[[Scores, Mask], object]

PIXELS = 768 * 768
LESION_SHARE = 0.014


def drawn_set(photographs: int) -> tuple[Scores, Mask]:
    """Scores and lesions of so many photographs, (N, 768 * 768) each."""
    generator = np.random.default_rng(0)
    scores = np.empty((photographs, PIXELS), np.float32)
    lesion = np.empty((photographs, PIXELS), np.bool_)
    for row, mask in zip(scores, lesion, strict=True):
        mask[:] = generator.random(PIXELS, np.float32) < LESION_SHARE
        row[:] = generator.random(PIXELS, np.float32) ** 8
        lit = mask & (generator.random(PIXELS, np.float32) < 0.9)
        row[lit] = generator.random(int(lit.sum()), np.float32)
    return scores, lesion


def with_scikit_learn(scores: Scores, lesion: Mask) -> None:
    """Every figure once, of every pixel as it is."""
    pooled, positive = scores.ravel(), lesion.ravel()
    metrics.roc_auc_score(positive, pooled)
    metrics.average_precision_score(positive, pooled)
    precision, recall, _ = metrics.precision_recall_curve(positive, pooled)
    metrics.auc(recall, precision)
    false_positives, true_positives, _ = metrics.roc_curve(positive, pooled)
    (true_positives - false_positives).max()


def with_resamples(count: int) -> Measure:
    """Every figure and so many replicates of each."""

    def measure(scores: Scores, lesion: Mask) -> object:
        photographs = len(scores)
        draws = np.random.default_rng(0).multinomial(
            photographs, np.full(photographs, 1 / photographs), size=count
        )
        return pixel_metrics(scores, lesion, 0.5, draws.astype(np.float64))

    return measure


METHODS: dict[str, Measure] = {
    "scikit-learn, figures alone": with_scikit_learn,
    "here, 2 resamples": with_resamples(2),
    f"here, {RESAMPLES:,} resamples": with_resamples(RESAMPLES),
}


def seconds(measure: Measure, scores: Scores, lesion: Mask) -> float:
    """Processor time of one measurement."""
    start = time.process_time()
    measure(scores, lesion)
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photographs", type=int, default=24, help="photographs of the set")
    parser.add_argument("--rounds", type=int, default=3, help="rounds")
    parser.add_argument("--alone", action="store_true", help="leave scikit-learn out")
    options = parser.parse_args()
    scores, lesion = drawn_set(options.photographs)
    chosen = dict(list(METHODS.items())[options.alone :])
    rounds = [
        {name: seconds(measure, scores, lesion) for name, measure in chosen.items()}
        for _ in range(options.rounds)
    ]
    print(f"{scores.size:,} pixels of {options.photographs} photographs")  # noqa: T201
    report({f"{name}, s": [each[name] for each in rounds] for name in chosen})
    if not options.alone:
        reference, *ours = chosen
        report({f"ratio, {name}": [each[reference] / each[name] for each in rounds] for name in ours})


def report(columns: dict[str, list[float]]) -> None:
    """Print each column as median and range over the rounds."""
    for name, values in columns.items():
        print(f"{name:32} {statistics.median(values):7.2f}  ({min(values):.2f} to {max(values):.2f})")  # noqa: T201


if __name__ == "__main__":
    main()
