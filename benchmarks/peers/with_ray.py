"""The pipeline in Ray Serve: ``python -m benchmarks.peers.with_ray PORT``."""

import os
import sys
from typing import Any

from ray import serve
from starlette.datastructures import UploadFile
from starlette.requests import Request

from benchmarks.peers.pipeline import Pipeline


@serve.deployment(num_replicas=int(os.environ["PEER_WORKERS"]), ray_actor_options={"num_cpus": 1})
class Photographs:
    """Takes photographs as multipart forms."""

    def __init__(self) -> None:
        """Load the model in a worker."""
        self.pipeline = Pipeline()

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer one request."""
        async with request.form() as form:
            file = form["file"]
            if not isinstance(file, UploadFile):
                raise TypeError("the field 'file' is no file")
            data = await file.read()
        return self.pipeline(data)


if __name__ == "__main__":
    deployment: Any = Photographs
    serve.start(http_options={"port": int(sys.argv[1])}, logging_config={"log_level": "WARNING"})
    serve.run(deployment.bind(), route_prefix="/predict", blocking=True)
