"""The pipeline in BentoML: ``bentoml serve benchmarks.peers.with_bentoml:Photographs --port PORT``."""

import os
from pathlib import Path
from typing import Any

import bentoml

from benchmarks.peers.pipeline import Pipeline


@bentoml.service(workers=int(os.environ["PEER_WORKERS"]), traffic={"timeout": 120})
class Photographs:
    """Takes photographs as multipart forms."""

    def __init__(self) -> None:
        """Load the model in a worker."""
        self.pipeline = Pipeline()

    @bentoml.api(route="/predict")  # type: ignore[untyped-decorator]
    def predict(self, file: Path) -> dict[str, Any]:
        """Answer one request."""
        return self.pipeline(file.read_bytes())
