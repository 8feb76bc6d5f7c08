"""The pipeline in LitServe: ``python -m benchmarks.peers.with_litserve PORT``."""

import os
import sys
from typing import Any

import litserve
from fastapi import Request

from benchmarks.peers.pipeline import Pipeline


class Photographs(litserve.LitAPI):  # type: ignore[misc]
    """Takes photographs as multipart forms."""

    def setup(self, device: str) -> None:
        """Load the model in a worker."""
        del device
        self.pipeline = Pipeline()

    def decode_request(self, request: Request) -> bytes:
        """Take the file out of the form."""
        data: bytes = request["file"].file.read()
        return data

    def predict(self, data: bytes) -> dict[str, Any]:
        """Answer one request."""
        return self.pipeline(data)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Answer with JSON."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        Photographs(api_path="/predict"),
        accelerator="cpu",
        workers_per_device=int(os.environ["PEER_WORKERS"]),
        timeout=120,
    )
    server.run(port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
