"""docker/kubernetes: rendered by Kustomize, valid for the Kubernetes API, and true to the service."""

import copy
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from fastapi.routing import APIRoute

from service.api.routes.health import router
from service.serving.metrics import Metrics
from service.settings import ENVIRONMENT_PREFIX, MEBIBYTE, Settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker" / "kubernetes"
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
COMPONENTS = ("gpu", "models", "monitoring")
# Of the Prometheus operator, not of Kubernetes.
OTHER_KINDS = {"ServiceMonitor"}
PATHS = {route.path for route in router.routes if isinstance(route, APIRoute)}
UNITS = {"Mi": MEBIBYTE, "Gi": 1024 * MEBIBYTE}


def kustomize():
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    pytest.skip("there is neither kustomize nor kubectl")


@pytest.fixture(scope="module")
def render(tmp_path_factory):
    """Renders the overlay of docs/scale.md with components."""
    document = (ROOT / "docs" / "scale.md").read_text()
    (overlay,) = re.findall(r"```yaml\n# [^\n]*kustomization.yml\n(.*?)```", document, re.DOTALL)

    @cache
    def rendered(*components):
        described = yaml.safe_load(overlay)
        assert {Path(each).name for each in described["components"]} <= set(COMPONENTS)
        folder = tmp_path_factory.mktemp("overlay")
        # Kustomize takes no absolute path.
        manifests = Path(os.path.relpath(FOLDER, folder))
        described["resources"] = [str(manifests / Path(each).name) for each in described["resources"]]
        described["components"] = [str(manifests / each) for each in components]
        (folder / "kustomization.yml").write_text(yaml.safe_dump(described))
        result = subprocess.run([*kustomize(), folder], capture_output=True, text=True, check=False)  # noqa: S603
        assert result.returncode == 0, result.stderr
        return list(yaml.safe_load_all(result.stdout))

    return lambda *components: {each["kind"]: each for each in copy.deepcopy(rendered(*components))}


def container(documents):
    (only,) = documents["Deployment"]["spec"]["template"]["spec"]["containers"]
    return only


def size(quantity):
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


@pytest.mark.parametrize("components", [(), *((each,) for each in COMPONENTS), COMPONENTS])
def test_every_object_is_valid(render, components):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    documents = render(*components)
    assert {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    } <= set(documents)
    for kind, document in documents.items():
        assert document["metadata"]["namespace"] == "fundus"
        if kind not in OTHER_KINDS:
            kubernetes_validate.validate(document, "1.34", strict=True)


def test_an_object_with_a_misspelt_field_is_not_valid(render):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    deployment = render()["Deployment"]
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.34", strict=True)


def test_probes_and_ports_are_the_services(render):
    documents = render()
    served = container(documents)
    (port,) = served["ports"]
    assert f"EXPOSE {port['containerPort']}" in DOCKERFILE
    assert f"RESYNTHDETECT_PORT={port['containerPort']}" in DOCKERFILE
    for kind, path in (("startup", "/livez"), ("liveness", "/livez"), ("readiness", "/readyz")):
        assert served[f"{kind}Probe"]["httpGet"] == {"path": path, "port": port["name"]}
        assert path in PATHS
    (exposed,) = documents["Service"]["spec"]["ports"]
    (allowed,) = documents["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    assert exposed["targetPort"] == allowed["port"] == port["name"]


def test_all_select_the_same_pods(render):
    documents = render("monitoring")
    labels = documents["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [documents[kind]["spec"]["selector"] for kind in ("Deployment", "PodDisruptionBudget")]
    selectors += [
        documents["NetworkPolicy"]["spec"]["podSelector"],
        documents["ServiceMonitor"]["spec"]["selector"],
    ]
    (spread,) = documents["Deployment"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert all(each["matchLabels"] == labels for each in [*selectors, spread["labelSelector"]])
    assert documents["Service"]["spec"]["selector"] == labels
    assert documents["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "resynthdetect"


@pytest.mark.parametrize("components", [(), ("gpu",)])
def test_the_environment_is_one_that_the_service_reads(render, monkeypatch, components):
    served = container(render(*components))
    cores = served["resources"]["limits"]["cpu"]
    for variable in served["env"]:
        name, source = variable["name"], variable.get("valueFrom")
        assert name.removeprefix(ENVIRONMENT_PREFIX).lower() in Settings.model_fields
        if source is not None:
            assert source == {"resourceFieldRef": {"containerName": served["name"], "resource": "limits.cpu"}}
        monkeypatch.setenv(name, variable.get("value", cores))
    settings = Settings()
    # By themselves they would be the node's cores.
    assert settings.workers == settings.inference_threads == int(cores)
    assert settings.device == ("cuda" if components else "cpu")


def test_a_service_of_the_same_name_sets_no_settings(render):
    documents = render()
    assert documents["Service"]["metadata"]["name"].upper() + "_" == ENVIRONMENT_PREFIX
    assert documents["Deployment"]["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_a_pod_has_the_time_to_drain(render):
    documents = render()
    pod = documents["Deployment"]["spec"]["template"]["spec"]
    command, pause = container(documents)["lifecycle"]["preStop"]["exec"]["command"]
    assert command == "sleep"
    assert pod["terminationGracePeriodSeconds"] >= int(pause) + Settings().shutdown_seconds + 5


@pytest.mark.parametrize("components", [(), ("gpu",)])
def test_memory_has_room_for_a_full_queue_of_the_largest_uploads(render, components):
    settings, limit = Settings(), size(container(render(*components))["resources"]["limits"]["memory"])
    assert limit > settings.queue_size * settings.max_upload_bytes + 1024 * MEBIBYTE


def test_a_pod_may_no_more_than_it_needs(render):
    documents = render("models")
    pod, served = documents["Deployment"]["spec"]["template"]["spec"], container(documents)
    assert pod["securityContext"]["runAsNonRoot"]
    assert f"USER {pod['securityContext']['runAsUser']}\n" in DOCKERFILE
    assert served["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {each["mountPath"]: each.get("readOnly", False) for each in served["volumeMounts"]} == {
        "/tmp": False,  # noqa: S108
        "/models": True,
    }
    assert "RESYNTHDETECT_MODEL=/models" in DOCKERFILE
    assert not pod["automountServiceAccountToken"]
    assert documents["NetworkPolicy"]["spec"]["egress"] == []


def test_a_disruption_leaves_a_copy(render):
    documents = render()
    least = documents["HorizontalPodAutoscaler"]["spec"]["minReplicas"]
    assert least > documents["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    assert documents["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {
        "maxSurge": 1,
        "maxUnavailable": 0,
    }
    # One more copy would wait for one more GPU.
    assert render("gpu")["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_the_autoscaler_asks_for_a_metric_that_the_service_has_and_the_adapter_gives(render):
    cpu, requests = render("monitoring")["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert cpu == render()["HorizontalPodAutoscaler"]["spec"]["metrics"][0]
    name = requests["pods"]["metric"]["name"]
    assert name in {metric.name for metric in Metrics().registry.collect()}
    (rule,) = yaml.safe_load((FOLDER / "monitoring" / "adapter.yml").read_text())["rules"]["custom"]
    assert rule["seriesQuery"].partition("{")[0] == name
    endpoint = render("monitoring")["ServiceMonitor"]["spec"]["endpoints"][0]
    assert endpoint["path"] in PATHS
    assert endpoint["port"] == render()["Service"]["spec"]["ports"][0]["name"]
