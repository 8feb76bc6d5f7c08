"""The Ray cluster that a job runs on."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

_ADDRESS = "RAY_ADDRESS"
_MEBIBYTE = 2**20
# Rows and parts are small; Ray's default is a third of the machine's memory.
_OBJECT_STORE_BYTES = 512 * _MEBIBYTE


@contextmanager
def cluster() -> Iterator[tuple[int, int]]:
    """Connect to the cluster of ``RAY_ADDRESS``, or start one of this machine until the end of the block.

    Yields:
        The cluster's cores and GPUs.
    """
    # It would tell its makers about every cluster.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if _ADDRESS in os.environ:
        ray.init(logging_level=logging.WARNING)
    else:
        ray.init(
            "local",
            include_dashboard=False,
            logging_level=logging.WARNING,
            object_store_memory=_OBJECT_STORE_BYTES,
        )
    try:
        cluster_resources: Any = ray.cluster_resources
        resources = cluster_resources()
        yield int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
    finally:
        ray.shutdown()
