import base64
import dataclasses

import pytest

from service.api.answers import answer_of
from service.api.schemas import PredictionAnswer
from service.pictures.regions import Region
from service.preprocessing import Box
from service.serving.predictor import Prediction
from tests.service.tiny_model import METADATA

PREDICTION = Prediction(
    score=0.5,
    threshold=0.25,
    percentile=99.5,
    regions=[Region(box=Box(1, 2, 3, 5), area=4, peak=0.12345678, peak_x=1, peak_y=2)] * 2,
    regions_total=3,
    quality=[],
    width=60,
    height=40,
    acquisition=None,
    png=bytes(range(256)),
    timings={},
    seconds=0.1,
)


def test_a_region_is_told_by_corner_and_size():
    regions = answer_of(PREDICTION, METADATA, None).model_dump()["regions"]
    box = {"x": 1, "y": 2, "width": 2, "height": 3}
    assert regions == 2 * [
        {"box": box, "area": 4, "peak": 0.123457, "peak_position": {"x": 1, "y": 2}},
    ]


@pytest.mark.parametrize("png", [None, b"", b"1", PREDICTION.png])
@pytest.mark.parametrize("request_id", [None, "null}"])
def test_what_is_written_as_json_is_read_again(png, request_id):
    answer = answer_of(dataclasses.replace(PREDICTION, png=png), METADATA, request_id)
    read = PredictionAnswer.model_validate_json(answer.model_dump_json())
    assert read == answer
    assert read.request_id == request_id
    assert png == (None if read.heatmap_png is None else base64.b64decode(read.heatmap_png, validate=True))
