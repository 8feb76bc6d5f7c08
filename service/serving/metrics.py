"""Every Prometheus name of the service, in one place."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Protocol

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)

from service.cameras.profile import UNKNOWN_CAMERA
from service.preprocessing import QUALITY_CODES
from service.serving.control_group import ControlGroup
from service.serving.workers.pool import Loss

# The outcome of a request that is answered.
SUCCESS = "success"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SCORES = tuple(tenth / 20 for tenth in range(1, 21))
# The middle and the upper end: where the scores of a day's photographs are compared with the normals'.
NORMAL_QUANTILES = (0.5, 0.9)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Stage(StrEnum):
    """The stages of a prediction, in order."""

    DECODE = "decode"
    PREPROCESS = "preprocess"
    QUEUE = "queue"
    INFERENCE = "inference"
    RENDER = "render"


# Seconds of each stage of one prediction.
Timings = Mapping[Stage, float]


class ObservePrediction(Protocol):
    """Counts the answers of one model."""

    def __call__(
        self,
        score: float,
        *,
        camera: str | None,
        anomalous: bool,
        quality: Sequence[str],
        timings: Timings,
    ) -> None:
        """Count an answer."""


class Metrics:
    """The metrics of one application, on a registry of its own so that two never collide."""

    def __init__(self) -> None:
        """Register every metric, and those of the process."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        histogram, info = partial(Histogram, registry=self.registry), partial(Info, registry=self.registry)
        self.requests = counter(
            "resynthdetect_requests",
            "Requests by route, outcome (success, client-disconnected, cancelled, or the code of the "
            "problem) and the name of the API key.",
            ["route", "outcome", "client"],
        )
        self.request_seconds = histogram(
            "resynthdetect_request_duration_seconds",
            "From a request's first byte to the beginning of its answer; of successes: refusals are fast.",
            ["route"],
            buckets=SECONDS,
        )
        self.stage_seconds = histogram(
            "resynthdetect_stage_duration_seconds",
            "One stage of a prediction.",
            ["model", "stage"],
            buckets=SECONDS,
        )
        self.predictions = counter(
            "resynthdetect_predictions",
            "Answers by camera profile and decision.",
            ["model", "camera", "anomalous"],
        )
        self.scores = histogram(
            "resynthdetect_score",
            "Anomaly scores answered, by camera profile; where their distribution drifts, patients or the "
            "camera changed.",
            ["model", "camera"],
            buckets=SCORES,
        )
        self.normal_scores = gauge(
            "resynthdetect_normal_score",
            "Scores of a camera's normal photographs, by quantile, and of held-back ones for unknown "
            "cameras: the reference for resynthdetect_score.",
            ["model", "camera", "quantile"],
        )
        self.quality_notes = counter(
            "resynthdetect_quality_notes",
            "Quality notes on answered photographs, by code.",
            ["model", "code"],
        )
        self.batch_sizes = histogram(
            "resynthdetect_batch_size",
            "Photographs in one inference.",
            ["model"],
            buckets=BATCH_SIZES,
        )
        self.inference_failures = counter(
            "resynthdetect_inference_failures",
            "Photographs on which the model failed; after three in a row the service is not ready.",
            ["model"],
        )
        self.workers_lost = counter(
            "resynthdetect_workers_lost",
            "Workers lost and replaced, by reason: the photograph exceeded its time or memory, crashed the "
            "process, or was abandoned by its client.",
            ["reason"],
        )
        self.queue_depth = gauge(
            "resynthdetect_queue_depth",
            "Concurrent requests.",
        )
        self.queue_capacity = gauge(
            "resynthdetect_queue_capacity",
            "Most concurrent requests.",
        )
        self.memory = gauge(
            "resynthdetect_memory_bytes",
            "Memory of the container or systemd unit, the workers included; NaN outside a cgroup v2.",
        )
        self.memory_limit = gauge(
            "resynthdetect_memory_limit_bytes",
            "Its limit; +Inf without one.",
        )
        self.reloads = counter(
            "resynthdetect_reloads",
            "Reloads of the models by outcome: success, or refused, where the former models stay.",
            ["outcome"],
        )
        self.model = info(
            "resynthdetect_model",
            "A model that is served, the device and provider that run it, and the device asked for.",
            ["model"],
        )

        group = ControlGroup()
        self.memory.set_function(group.memory)
        self.memory_limit.set_function(group.memory_limit)
        for outcome in ("success", "refused"):
            self.reloads.labels(outcome=outcome)
        for reason in Loss:
            self.workers_lost.labels(reason=reason)

    def describe_model(
        self,
        name: str,
        *,
        normal_scores: Sequence[float],
        cameras: Mapping[str, Sequence[float]],
        **info: str,
    ) -> None:
        """Describe a model that is served, and show its counters before the first prediction.

        Args:
            name: Of the model.
            normal_scores: Scores of held-back normal photographs at evenly spaced quantiles, ascending.
            cameras: Scores of the normal photographs of each camera that has a profile.
            info: Labels of ``resynthdetect_model_info``: version, contract, device, provider, and the device
                asked for.
        """
        self.model.labels(model=name).info(info)
        self.normal_scores.remove_by_labels({"model": name})
        for camera, scores in {UNKNOWN_CAMERA: normal_scores, **cameras}.items():
            self.scores.labels(model=name, camera=camera)
            for quantile in NORMAL_QUANTILES:
                value = np.quantile(scores, quantile)
                self.normal_scores.labels(model=name, camera=camera, quantile=f"{quantile:g}").set(value)
            for anomalous in ("true", "false"):
                self.predictions.labels(model=name, camera=camera, anomalous=anomalous)
        for stage in Stage:
            self.stage_seconds.labels(model=name, stage=stage)
        for code in QUALITY_CODES:
            self.quality_notes.labels(model=name, code=code)

    def forget_model(self, name: str) -> None:
        """Remove a model that is no longer served; what it answered stays counted."""
        self.model.remove(name)
        self.normal_scores.remove_by_labels({"model": name})

    def observe_request(self, route: str, outcome: str, client: str, seconds: float) -> None:
        """Count a request by its outcome; the client is the name of its API key."""
        self.requests.labels(route=route, outcome=outcome, client=client).inc()
        if outcome == SUCCESS:
            self.request_seconds.labels(route=route).observe(seconds)

    def observe_prediction(
        self,
        model: str,
        score: float,
        *,
        camera: str | None,
        anomalous: bool,
        quality: Sequence[str],
        timings: Timings,
    ) -> None:
        """Count an answer of the model of that name, with the codes of its notes on quality."""
        labels = {"model": model, "camera": camera or UNKNOWN_CAMERA}
        self.predictions.labels(**labels, anomalous=str(anomalous).lower()).inc()
        self.scores.labels(**labels).observe(score)
        for code in quality:
            self.quality_notes.labels(model=model, code=code).inc()
        for stage, seconds in timings.items():
            self.stage_seconds.labels(model=model, stage=stage).observe(seconds)
