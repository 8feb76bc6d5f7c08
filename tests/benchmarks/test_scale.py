from collections import Counter
from pathlib import Path

import psutil
import pytest

from benchmarks.clients import Turn
from benchmarks.scale import Way, bounds_table, cpu_seconds, service_config
from benchmarks.server import Server


@pytest.fixture
def way():
    """Twenty photographs in ten seconds on two replicas of each deployment."""
    return Way(
        "Ray Serve, 2",
        2,
        Server(0, psutil.Process(), 0.0),
        {4: [Turn(10, [0.5] * 20)]},
        Counter({"HTTP proxy": 1.2}),
        {"HTTP proxy": 0.02},
    )


def test_a_photograph_costs_what_is_beyond_idling(way):
    assert way.cost("HTTP proxy") == pytest.approx((1.2 - 10 * 0.02) / 20)
    assert way.cost("controller") == 0


def test_bounds_follow_from_one_replicas_rate(way):
    rows = [line.split("|")[1:-1] for line in bounds_table(way, form_bytes=1e6).splitlines()[2:]]
    for replicas, row in zip((10, 100, 1000), rows, strict=True):
        # One photograph per second and replica, of 1 MB, and 4.1 MB to the network and back.
        assert [float(each) for each in row] == [
            replicas,
            replicas,
            replicas,
            pytest.approx(4.13 * replicas, abs=1),
            pytest.approx(0.05 * replicas),
        ]


def test_cpu_time_is_that_of_the_processes(way):
    assert cpu_seconds(way.server)["others"] > 0


def test_ray_serve_takes_the_config():
    schema = pytest.importorskip("ray.serve.schema", reason="the extra 'ray' is not installed")
    (app,) = schema.ServeDeploySchema.model_validate(service_config(Path("m.onnx"), "cpu", 3)).applications
    assert {each.num_replicas for each in app.deployments} == {3}
    assert app.args["model"] == str(Path("m.onnx").resolve())
