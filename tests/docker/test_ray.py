"""docker/ray: valid for Ray Serve and Kubernetes, and true to the service."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

pytest.importorskip("ray", reason="the extra 'ray' is not installed")

from ray.serve.schema import ServeDeploySchema

from service.ray import application, proxy

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker" / "ray"
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
KUBERAY = yaml.safe_load((FOLDER / "kuberay.yml").read_text())["spec"]
CONFIGS = {
    "one host": yaml.safe_load((FOLDER / "serve.yml").read_text()),
    "KubeRay": yaml.safe_load(KUBERAY["serveConfigV2"]),
}
CLUSTER = KUBERAY["rayClusterConfig"]
TEMPLATES = {
    "head": CLUSTER["headGroupSpec"]["template"],
    **{group["groupName"]: group["template"] for group in CLUSTER["workerGroupSpecs"]},
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=list(CONFIGS))
def test_ray_serve_takes_the_config(config):
    described: Any = ServeDeploySchema.model_validate(config)
    (app,) = described.applications
    module, _, name = app.import_path.partition(":")
    assert (module, getattr(application, name)) == (application.__name__, application.application)
    deployments = {each.name: each for each in app.deployments}
    assert deployments.keys() == {application.preparation.name, application.network.name}
    assert set(app.args) <= set(Settings.model_fields)
    assert described.http_options.keep_alive_timeout_s == Settings().keep_alive_seconds
    assert application.preparation.max_ongoing_requests > Settings().queue_size
    for each, deployment in ((application.preparation, "Preparation"), (application.network, "Network")):
        # It scales before requests wait for a place.
        target = deployments[deployment].autoscaling_config["target_ongoing_requests"]
        assert target <= each.max_ongoing_requests
    on_gpu = deployments["Network"].ray_actor_options.num_gpus
    assert (app.args["device"] == "cuda") == bool(on_gpu)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_kubernetes_takes_the_pods(template):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ray"}, **template}
    kubernetes_validate.validate(pod, "1.34", strict=True)
    (container,) = pod["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert variables["RAY_USAGE_STATS_ENABLED"] == "0"
    path, _, name = variables["RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"].rpartition(".")
    assert (path, getattr(proxy, name)) == (proxy.__name__, proxy.middlewares)
    assert pod["spec"]["enableServiceLinks"] is False
    assert f"USER {pod['spec']['securityContext']['runAsUser']}\n" in DOCKERFILE
    assert container["securityContext"]["readOnlyRootFilesystem"]
    # Ray finds its session and its objects there.
    assert {"/tmp", "/dev/shm"} <= {each["mountPath"] for each in container["volumeMounts"]}  # noqa: S108


def test_each_replica_fits_on_a_pod():
    (app,) = CONFIGS["KubeRay"]["applications"]
    needs = {each["name"]: each["ray_actor_options"] for each in app["deployments"]}
    has = {
        name: template["spec"]["containers"][0]["resources"]["limits"] for name, template in TEMPLATES.items()
    }
    assert int(has["cores"]["cpu"]) >= needs["Preparation"]["num_cpus"]
    assert int(has["gpus"]["cpu"]) >= needs["Network"]["num_cpus"]
    assert int(has["gpus"]["nvidia.com/gpu"]) == needs["Network"]["num_gpus"]


def test_the_cluster_and_the_constraints_have_the_same_ray():
    assert f"ray=={CLUSTER['rayVersion']}\n" in (ROOT / "constraints.txt").read_text()


def test_the_commands_use_the_middleware():
    first = (FOLDER / "serve.yml").read_text().partition("http_options")[0]
    assert f"RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH={proxy.__name__}.middlewares" in first
    assert "RAY_USAGE_STATS_ENABLED=0" in first
