import dataclasses

import pytest

from service.api.answers import answer_of, json_of
from service.pictures.regions import Region
from service.preprocessing import Box
from service.serving.predictor import Prediction
from tests.service.tiny_model import METADATA

PREDICTION = Prediction(
    score=0.5,
    threshold=0.25,
    percentile=99.5,
    regions=[Region(box=Box(1, 2, 3, 4), area=4, peak=0.75, peak_x=1, peak_y=2)] * 2,
    regions_total=3,
    quality=[],
    width=60,
    height=40,
    acquisition=None,
    png=bytes(range(256)),
    timings={},
    seconds=0.1,
)


@pytest.mark.parametrize("png", [None, b"", b"1", PREDICTION.png])
@pytest.mark.parametrize("request_id", [None, "null}"])
def test_the_json_is_the_answers(png, request_id):
    prediction = dataclasses.replace(PREDICTION, png=png)
    expected = answer_of(prediction, METADATA, request_id)
    assert json_of(prediction, METADATA, request_id).decode() == expected.model_dump_json()
