"""Predictions from Python and from the command line (``python -m service.client``).

    with Client("http://localhost:8000") as client:
        answer = client.predict("photo.jpg")
    print(answer.score, answer.anomalous)

It needs none of the server's dependencies: pydantic and httpx2 are enough, and tqdm for the command line.
Only :class:`service.client.in_process.InProcess`, which predicts without a service, needs them all.
"""

from service.api.schemas import PredictionAnswer
from service.client.http_client import Client
from service.client.interface import PredictionError, PredictionSource
from service.pictures.options import Heatmap

__all__ = ["Client", "Heatmap", "PredictionAnswer", "PredictionError", "PredictionSource"]
