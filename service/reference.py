"""The tables of settings and metrics in the README: ``python -m service.reference README.md`` writes them.

They are made from what the service itself reads and counts, so that they cannot lie.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo

from service.serving.metrics import Metrics
from service.settings import ENVIRONMENT_PREFIX, Settings


def settings_table() -> str:
    """Return every setting as a row of a Markdown table."""
    rows = [
        (f"`{ENVIRONMENT_PREFIX}{name.upper()}`", _default(field), _cell(field.description or ""))
        for name, field in Settings.model_fields.items()
    ]
    return _table(("setting", "default", "what it does"), rows)


def metrics_table() -> str:
    """Return every metric of the service's own as a row of a Markdown table."""
    metrics = [each for each in vars(Metrics()).values() if isinstance(each, MetricWrapperBase)]
    return _table(("metric", "kind", "labels", "what it tells"), [_metric(metric) for metric in metrics])


TABLES: Mapping[str, Callable[[], str]] = {"settings": settings_table, "metrics": metrics_table}


def with_tables(text: str) -> str:
    """Return a Markdown text with the tables between its markers made anew.

    Args:
        text: With ``<!-- settings -->`` and ``<!-- /settings -->`` round one table, and likewise ``metrics``.

    Raises:
        ValueError: It lacks a marker.
    """
    for name, table in TABLES.items():
        between = re.search(rf"(?s)<!-- {name} -->\n(.*?)<!-- /{name} -->", text)
        if between is None:
            raise ValueError(f"there are no markers for the {name}")
        text = text[: between.start(1)] + table() + text[between.end(1) :]
    return text


def _metric(metric: MetricWrapperBase) -> tuple[str, ...]:
    (family,) = metric.describe()
    # The library shows a metric's labels nowhere else.
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    return f"`{family.name}{suffix}`", family.type, labels, _cell(family.documentation)


def _default(field: FieldInfo) -> str:
    # What is None or made on the spot is told by its description.
    if field.default_factory is not None or field.default in (None, ""):
        return "-"
    return f"`{field.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(with_tables(path.read_text()))
