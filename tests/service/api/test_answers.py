import base64
import dataclasses

import numpy as np
import pytest

from service.api.answers import answer_of
from service.api.schemas import PredictionAnswer
from service.pictures.options import Heatmap
from service.pictures.regions import Region
from service.preprocessing import Box, Circle, OpticDisc, SquareMapping
from service.serving.finding import Finding
from service.serving.prediction import Prediction
from tests.service.tiny_model import METADATA

PREDICTION = Prediction(
    score=0.5,
    threshold=0.25,
    percentile=99.5,
    camera=None,
    p_value=None,
    finding=Finding.ANOMALOUS,
    regions=[Region(box=Box(1, 2, 3, 5), area=4, peak=0.12345678, peak_x=1, peak_y=2)] * 2,
    regions_total=3,
    optic_disc=None,
    quality=[],
    width=60,
    height=40,
    acquisition=None,
    kind=Heatmap.OVERLAY,
    png=bytes(range(256)),
    photograph_png=b"photograph",
    heatmap=np.zeros((2, 2), np.float32),
    mapping=SquareMapping(40, 60, Box(0, 0, 60, 40), 0, 0, 40, 2),
    timings={},
    seconds=0.1,
)


def test_a_region_is_told_by_corner_and_size():
    regions = answer_of(PREDICTION, METADATA, None).model_dump()["regions"]
    box = {"x": 1, "y": 2, "width": 2, "height": 3}
    assert regions == 2 * [
        {"box": box, "area": 4, "peak": 0.123457, "peak_position": {"x": 1, "y": 2}, "place": None},
    ]


def test_a_region_is_told_by_quadrant_and_disc_diameters():
    disc = OpticDisc(Circle(x=9.0, y=8.0, radius=2.5), temporal="left")
    answer = answer_of(dataclasses.replace(PREDICTION, optic_disc=disc), METADATA, None).model_dump()
    assert answer["optic_disc"] == {"x": 9, "y": 8, "diameter": 5, "temporal": "left"}
    assert answer["regions"][0]["place"] == {"quadrant": "superotemporal", "disc_diameters": 2}


@pytest.mark.parametrize("png", [None, b"", b"1", PREDICTION.png])
@pytest.mark.parametrize("request_id", [None, "null}"])
def test_what_is_written_as_json_is_read_again(png, request_id):
    answer = answer_of(dataclasses.replace(PREDICTION, png=png), METADATA, request_id)
    read = PredictionAnswer.model_validate_json(answer.model_dump_json())
    assert read == answer
    assert read.request_id == request_id
    assert png == (None if read.heatmap_png is None else base64.b64decode(read.heatmap_png, validate=True))
