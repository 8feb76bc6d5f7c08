from pathlib import Path

import pytest

from service.reference import metrics_table, settings_table, with_tables
from service.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_tells_the_truth():
    text = README.read_text()
    assert with_tables(text) == text, "run: python -m service.reference README.md"


def test_every_setting_stands_there_with_its_default():
    table = settings_table()
    assert all(f"| `RESYNTHDETECT_{name.upper()}` |" in table for name in Settings.model_fields)
    assert "| `RESYNTHDETECT_QUEUE_SIZE` | `32` | Requests in hand" in table
    assert "| `RESYNTHDETECT_API_KEYS` | - |" in table


def test_metrics_stand_there_under_the_name_that_prometheus_knows(client, jpeg):
    client.post("/predict", files={"file": jpeg})
    exposed = client.get("/metrics").text
    names = [line.split("`")[1] for line in metrics_table().splitlines()[2:]]
    assert {"resynthdetect_requests_total", "resynthdetect_model_info"} <= set(names)
    assert all(f"\n{name}" in exposed for name in names)
    assert "| `resynthdetect_stage_duration_seconds` | histogram | `model`, `stage` |" in metrics_table()


def test_a_text_without_markers_is_refused():
    with pytest.raises(ValueError, match="settings"):
        with_tables("# nothing")
