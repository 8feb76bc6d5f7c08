"""The metrics of all replicas in one exposition."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


class _Joined(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def join(expositions: Iterable[tuple[str, str]]) -> CollectorRegistry:
    """Return a registry with the metrics of several replicas, under the names that each has.

    Args:
        expositions: The name of each replica, which becomes the label ``replica``, and its metrics as text.
    """
    joined: dict[str, Metric] = {}
    for replica, text in expositions:
        for family in text_string_to_metric_families(text):
            metric = joined.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                metric.add_sample(sample.name, {**sample.labels, "replica": replica}, sample.value)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Joined(joined.values()))
    return registry
