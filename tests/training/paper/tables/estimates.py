"""Figures with intervals, and outcomes that hold them."""

from training.evaluation.metrics.estimates import Estimate


def estimate(value, low=None, high=None):
    low, high = value - 0.05 if low is None else low, value + 0.05 if high is None else high
    return Estimate(value=value, low=low, high=high, replicates=(low, value, high))
