"""The pages of settings and metrics in docs/: ``python -m service.reference docs`` writes them.

They are made from what the service reads and counts.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo

from service.serving.metrics import Metrics
from service.settings import ENVIRONMENT_PREFIX, Settings


def settings_page() -> str:
    """Return every setting, as Markdown."""
    rows = [
        (f"`{ENVIRONMENT_PREFIX}{name.upper()}`", _default(field), _cell(field.description or ""))
        for name, field in Settings.model_fields.items()
    ]
    return (
        "# Settings\n\n"
        "Each setting is an environment variable and an option of the command line: "
        f"`{ENVIRONMENT_PREFIX}QUEUE_SIZE=64` is `--queue-size 64`.\n\n"
    ) + _table(("setting", "default", "description"), rows)


def metrics_page() -> str:
    """Return every metric of the service's own, as Markdown."""
    metrics = [each for each in vars(Metrics()).values() if isinstance(each, MetricWrapperBase)]
    return (
        "# Metrics\n\n"
        "`GET /metrics` has these, and those of the process (memory, CPU time, open files) and of Python.\n\n"
    ) + _table(("metric", "type", "labels", "description"), [_metric(metric) for metric in metrics])


PAGES: Mapping[str, Callable[[], str]] = {"settings.md": settings_page, "metrics.md": metrics_page}


def _metric(metric: MetricWrapperBase) -> tuple[str, ...]:
    (family,) = metric.describe()
    # The library shows a metric's labels nowhere else.
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    return f"`{family.name}{suffix}`", family.type, labels, _cell(family.documentation)


def _default(field: FieldInfo) -> str:
    # The description says what stands for None, and what a factory makes.
    if field.default_factory is not None or field.default in (None, ""):
        return "-"
    return f"`{field.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page())
