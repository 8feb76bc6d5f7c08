from pathlib import Path

import pytest

from service.reference import PAGES, metrics_page, settings_page
from service.settings import ENVIRONMENT_PREFIX as PREFIX
from service.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_says_what_the_code_does(name):
    assert (DOCS / name).read_text() == PAGES[name](), "run: python -m service.reference docs"


def test_every_setting_is_there_with_its_default():
    page = settings_page()
    assert all(f"| `{PREFIX}{name.upper()}` |" in page for name in Settings.model_fields)
    assert f"| `{PREFIX}QUEUE_SIZE` | `32` |" in page
    assert f"| `{PREFIX}API_KEYS` | - |" in page


def test_metrics_are_there_under_the_name_that_prometheus_knows(client, jpeg):
    client.post("/predict", files={"file": jpeg})
    exposed = client.get("/metrics").text
    rows = [line for line in metrics_page().splitlines() if line.startswith("| `")]
    names = [row.split("`")[1] for row in rows]
    assert {"resynthdetect_requests_total", "resynthdetect_model_info"} <= set(names)
    assert all(f"\n{name}" in exposed for name in names)
    assert "| `resynthdetect_stage_duration_seconds` | histogram | `model`, `stage` |" in metrics_page()
