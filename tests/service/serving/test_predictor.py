"""What a prediction costs, in counts; and where a score stands among those of normals."""

import asyncio
from collections import Counter

import numpy as np
import pytest
import skimage.data

from service.pictures.options import Heatmap
from service.preprocessing import PhotographFile, PreprocessingError
from service.serving import stages
from service.serving.runtime import Runtime
from service.serving.standing import percentile
from tests.service.preprocessing.pictures import file_of
from tests.service.tiny_model import METADATA, SIZE

NORMALS = (0.1, 0.2, 0.3, 0.4, 0.5)
LIMIT = 2_000_000


@pytest.mark.parametrize(
    ("score", "expected"), [(0.0, 0), (0.1, 0), (0.25, 37.5), (0.3, 50), (0.5, 100), (0.9, 100)]
)
def test_percentile_interpolates_between_quantiles(score, expected):
    assert percentile(score, NORMALS) == pytest.approx(expected)


def test_percentile_of_equal_normals():
    assert percentile(0.1, (0.2, 0.2)) == 0
    assert percentile(0.3, (0.2, 0.2)) == 100


@pytest.fixture(scope="module")
def upload():
    """A photograph of 1411 x 1411 pixels; the tiny model sees 256 x 256."""
    return np.frombuffer(file_of(skimage.data.retina(), "JPEG", quality=90), np.uint8)


@pytest.fixture
def decoded(monkeypatch):
    """The factors that photographs were decoded by."""
    counts: Counter[int] = Counter()
    decode = PhotographFile.decode

    def counting_decode(self, factor):
        counts[factor] += 1
        return decode(self, factor)

    monkeypatch.setattr(PhotographFile, "decode", counting_decode)
    return counts


def test_a_photograph_is_prepared_from_one_reduced_copy(decoded, upload):
    prepared = stages.prepare(upload, METADATA.preprocessing, LIMIT)
    assert prepared.image.shape == (SIZE, SIZE, 3)
    assert decoded == {4: 1}


@pytest.mark.parametrize(("size", "factor"), [("full", 1), (1000, 1), (700, 2), (170, 8)])
@pytest.mark.parametrize("kind", list(Heatmap))
def test_drawing_decodes_no_more_than_it_draws(decoded, upload, kind, size, factor):
    mapping = stages.prepare(upload, METADATA.preprocessing, LIMIT).mapping
    decoded.clear()
    heatmap = np.zeros((SIZE, SIZE), np.float32)
    drawn = stages.draw(heatmap, mapping, 0.5, 10, kind, size, False, upload, LIMIT)
    assert decoded == ({factor: 1} if kind is Heatmap.OVERLAY else {})
    assert (drawn.png is None) == (kind is Heatmap.NONE)
    decoded.clear()
    drawn = stages.draw(heatmap, mapping, 0.5, 10, Heatmap.NONE, size, True, upload, LIMIT)
    assert decoded == {factor: 1}
    assert drawn.photograph_png is not None


def test_pictures_without_room_in_an_answer_are_refused_where_they_are_drawn(upload, monkeypatch):
    mapping = stages.prepare(upload, METADATA.preprocessing, LIMIT).mapping

    def draw(photograph):
        heatmap = np.zeros((SIZE, SIZE), np.float32)
        return stages.draw(heatmap, mapping, 0.5, 10, Heatmap.MAP, 300, photograph, upload, LIMIT)

    both = draw(True)
    monkeypatch.setattr(stages, "MAX_ANSWER_BYTES", both.png.size + both.photograph_png.size)
    draw(True)
    monkeypatch.setattr(stages, "MAX_ANSWER_BYTES", both.png.size + both.photograph_png.size - 1)
    draw(False)
    with pytest.raises(PreprocessingError, match="ask for a smaller size") as refused:
        draw(True)
    assert refused.value.code == "too-costly"


def test_photographs_that_come_together_are_run_concurrent(settings, tiny_model, upload, monkeypatch):
    counts: Counter[bool] = Counter()

    def run(images, *, concurrent):
        counts[concurrent] += 1
        return tiny_model.run(images)

    async def main():
        runtime = Runtime(settings, [tiny_model])
        monkeypatch.setattr(runtime.default.batcher, "_infer", run)
        async with runtime.running():
            predict = runtime.default.predictor.predict
            data = upload.tobytes()
            alone = await predict(data, heatmap=Heatmap.NONE)
            return alone, await asyncio.gather(*(predict(data, heatmap=Heatmap.NONE) for _ in range(3)))

    alone, together = asyncio.run(main())
    # The last one left in hand may be alone again.
    assert counts[True] >= 2
    assert counts.total() == 4
    assert {each.score for each in together} == {alone.score}
