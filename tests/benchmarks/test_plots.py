"""What the programs draw of rows. All figures here are made up."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchmarks import gpu, load, report, request, scale, training
from benchmarks.clients import Turn
from benchmarks.server import Server


def turn(rate, latencies=(0.1, 0.2, 0.4)):
    return Turn(latencies=list(latencies), refused=0, failed=0, seconds=len(latencies) / rate)


def lines(axes: Axes) -> dict[str, Any]:
    """The points of each line, by its name in the legend."""
    return {
        str(line.get_label()): list(map(tuple, np.asarray(line.get_xydata()).tolist())) for line in axes.lines
    }


def widths(axes: Axes) -> list[float]:
    return [float(bar.get_width()) for bar in axes.patches if isinstance(bar, Rectangle)]


def test_a_process_costs_what_it_takes_longer_than_a_thread():
    taken = {"prepare": {"process": 42.0, "thread": 40.5}, "regions": {"process": 5.0, "thread": 4.0}}
    assert request.worker_table(taken).splitlines()[-1] == "| both | 47.0 | 44.5 | 2.5 |"


def test_a_lone_request_is_a_bar_of_its_stages():
    stages = {"decode": 20.0, "inference": 150.0, "HTTP": 5.0, "total": 175.0}
    figure = request.draw({"onnxruntime, `heatmap=none`": (stages, 8.0)})
    (axes,) = figure.axes
    assert widths(axes) == [20, 150, 5]
    assert [text.get_text() for text in axes.texts] == [" 175 ms"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["onnxruntime, heatmap=none"]


def test_load_is_rate_latency_and_memory_against_clients():
    rows = [
        load.Row(workers, clients, turn(workers * 5 + clients), load.Watch([400.0, 420.0 + clients], [0.01]))
        for workers in (1, 2)
        for clients in (1, 4)
    ]
    rate, latency, memory = load.draw(rows).axes
    assert lines(rate) == {
        "workers: 1": [(1, pytest.approx(6)), (4, pytest.approx(9))],
        "workers: 2": [(1, pytest.approx(11)), (4, pytest.approx(14))],
    }
    assert lines(latency)["workers: 1"] == [(1, 0.2), (4, 0.2)]
    assert lines(memory)["workers: 2"] == [(1, 421), (4, 424)]


def test_the_gpu_is_a_rate_below_that_of_the_network_alone():
    rows = [
        gpu.Row(max_batch, clients, turn(10 * max_batch + clients), 3.0, 50.0)
        for max_batch in (1, 4)
        for clients in (1, 16)
    ]
    alone, axes = gpu.draw({1: 0.01, 4: 0.02}, rows).axes
    assert [np.asarray(line.get_ydata()).tolist() for line in alone.lines] == [pytest.approx([100, 200])]
    assert lines(axes) == {
        "batches of 1": [(1, pytest.approx(11)), (16, pytest.approx(26))],
        "batches of 4": [(1, pytest.approx(41)), (16, pytest.approx(56))],
        "network alone": [(1, 200), (16, 200)],
    }
    assert axes.get_legend() is not None
    assert len(gpu.draw({1: 0.01, 4: 0.02}, []).axes) == 1


def test_a_gpu_that_is_not_seen_leaves_its_cell_empty():
    text = gpu.service_table([gpu.Row(4, 16, turn(50), 3.25, None), gpu.Row(4, 32, turn(60), 3.25, 71.4)])
    assert "| 4 | 16 | 50.0 | 0 | 200 | 200 | 3.2 | - |" in text
    assert "| 4 | 32 | 60.0 | 0 | 200 | 200 | 3.2 | 71 |" in text


def test_training_is_samples_drawn_beside_samples_taken():
    rates, taken = {"DRAEM's": [20.0, 30.0, 10.0]}, {"with its samples": [1.0, 2.0, 4.0]}
    (axes,) = training.draw(rates, taken, batch=4).axes
    assert widths(axes) == [20, 2]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["DRAEM's", "training, with its samples"]


def test_going_past_one_machine_is_a_line_for_each_way():
    rates = {"by itself, 1": (9.0, 12.0), "Ray Serve, 1": (6.0, 11.0)}
    ways = [
        scale.Way(name, 1, cast("Server", None), turns={1: [turn(one), turn(one + 2)], 4: [turn(four)]})
        for name, (one, four) in rates.items()
    ]
    (axes,) = scale.draw(ways).axes
    drawn = {line.get_label(): tuple(np.asarray(line.get_ydata())) for line in axes.lines}
    assert drawn == {name: pytest.approx((one + 1, four)) for name, (one, four) in rates.items()}


def test_the_same_figures_give_the_same_file(tmp_path):
    def written(name: str) -> bytes:
        figure = Figure()
        figure.subplots().plot([1, 2], [3, 4])
        report.save(figure, tmp_path / name)
        return Path(tmp_path / name).read_bytes()

    assert written("a.svg") == written("b.svg")
