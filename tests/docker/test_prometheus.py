"""What Prometheus and Grafana are given: alerts that do what they say, queries that find something."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import cv2
import httpx2
import pytest
import skimage.data
import yaml
from prometheus_client import start_http_server

from service.dicomweb.watcher import WatcherMetrics
from tests.service.live_server import free_port
from tests.service.process import Process

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "docker" / "prometheus"
DASHBOARD = ROOT / "docker" / "grafana" / "dashboards" / "resynthdetect.json"
needs_prometheus = pytest.mark.skipif(
    shutil.which("promtool") is None or shutil.which("prometheus") is None,
    reason="prometheus and promtool are not installed",
)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout + result.stderr


def alert_rules():
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts():
    return [rule["alert"] for rule in alert_rules()]


@needs_prometheus
def test_alerts_fire_when_they_should_and_only_then():
    run("promtool", "check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))
    run("promtool", "test", "rules", str(PROMETHEUS / "alerts.test.yml"))


def test_every_alert_is_tested_and_says_what_to_do():
    cases = yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]
    fired = {
        rule["alertname"] for case in cases for rule in case["alert_rule_test"] if rule.get("exp_alerts")
    }
    silent = {
        rule["alertname"] for case in cases for rule in case["alert_rule_test"] if not rule.get("exp_alerts")
    }
    assert fired == silent == set(alerts())
    headings = re.findall(r"^## (.*)$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    # As Markdown's renderers make anchors.
    anchors = {
        name: heading.lower().replace(",", "").replace(" ", "-")
        for heading in headings
        for name in heading.split(", ")
    }
    assert {rule["alert"]: rule["annotations"]["runbook_url"] for rule in alert_rules()} == {
        name: f"docs/alerts.md#{anchor}" for name, anchor in anchors.items()
    }


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")
@pytest.mark.parametrize("mark", ["", "#:"])
def test_alertmanager_routes_by_severity_as_shipped_and_filled_in(tmp_path, mark):
    config = tmp_path / "alertmanager.yml"
    text = (ROOT / "docker" / "alertmanager" / "alertmanager.yml").read_text()
    config.write_text(text.replace(mark, ""))
    run("amtool", "check-config", str(config))
    receivers = {each["name"]: each for each in yaml.safe_load(config.read_text())["receivers"]}
    for severity, receiver in (("page", "on-call"), ("ticket", "tickets")):
        arguments = [f"--config.file={config}", f"--verify.receivers={receiver}", f"severity={severity}"]
        run("amtool", "config", "routes", "test", *arguments)
        assert ("email_configs" in receivers[receiver]) == (mark != "")
    assert {rule["labels"]["severity"] for rule in alert_rules()} == {"page", "ticket"}


def queries():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]


@pytest.fixture(scope="module")
def service(tiny_model_path):
    process = Process("--model", str(tiny_model_path), "--queue-size", "1")
    yield process.address()
    process.kill()


@pytest.fixture(scope="module")
def watcher():
    """What the watcher of an archive says of itself after its first failure; its port."""
    metrics = WatcherMetrics()
    metrics.failures.labels("query").inc()
    port = free_port()
    server, thread = start_http_server(port, addr="127.0.0.1", registry=metrics.registry)
    yield port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, service, watcher, jpeg):
    """A Prometheus with the shipped rules, which has watched a busy service for a while; its address."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    of_service, of_watcher = config["scrape_configs"]
    of_service["static_configs"] = [{"targets": [service.removeprefix("http://")]}]
    of_watcher["static_configs"] = [{"targets": [f"127.0.0.1:{watcher}"]}]
    del of_watcher["dns_sd_configs"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    for name in config["rule_files"]:
        shutil.copy(PROMETHEUS / name, folder)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            _wait_until_ready(address)
            _keep_busy(service, address, jpeg)
            yield address
        finally:
            process.terminate()


def _wait_until_ready(prometheus):
    deadline = time.monotonic() + 60
    # It answers before it is ready, though not with JSON.
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=10)) as client:
        while client.get(f"{prometheus}/-/ready").status_code != httpx2.codes.OK:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _keep_busy(service, prometheus, jpeg):
    """Ask until the last rule has something to say."""
    deadline = time.monotonic() + 60
    no_fundus = cv2.imencode(".png", skimage.data.coffee())[1].tobytes()
    while not ask(prometheus, "resynthdetect:no_fundus:ratio_rate6h"):
        assert time.monotonic() < deadline
        for data in (jpeg, no_fundus):
            httpx2.post(f"{service}/predict", files={"file": data})
        time.sleep(0.2)


def ask(address, query):
    answer = httpx2.get(f"{address}/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


@needs_prometheus
@pytest.mark.parametrize(("title", "query"), queries())
def test_every_query_of_the_dashboard_finds_something(prometheus, title, query):
    found = ask(prometheus, query)
    assert found, title
    assert all(sample["value"][1] != "NaN" for sample in found)


@needs_prometheus
def test_rules_and_alerts_are_loaded_and_well(prometheus):
    groups = httpx2.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules if rule["type"] == "alerting"] == alerts()
