from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from service.ray.exposition import join


def exposition(replica, count):
    registry = CollectorRegistry()
    Counter("requests", "Requests.", ["route"], registry=registry).labels(route="/predict").inc(count)
    Histogram("seconds", "Durations.", buckets=(1,), registry=registry).observe(count)
    return replica, generate_latest(registry).decode()


def test_each_replica_keeps_its_counts():
    joined = join([exposition("a", 1), exposition("b", 2)])
    assert joined.get_sample_value("requests_total", {"route": "/predict", "replica": "a"}) == 1
    assert joined.get_sample_value("requests_total", {"route": "/predict", "replica": "b"}) == 2
    assert joined.get_sample_value("seconds_bucket", {"le": "1.0", "replica": "b"}) == 0
    lines = generate_latest(joined).decode().splitlines()
    assert lines.count("# TYPE requests_total counter") == 1
    assert lines.count("# TYPE seconds histogram") == 1
