"""What a prediction costs, in counts; and where a score stands among those of normals."""

import asyncio
from collections import Counter

import pytest
import skimage.data

from service.inference import predictor, rendering
from service.inference.predictor import Prediction, percentile
from service.inference.rendering import Heatmap
from service.inference.runtime import Runtime
from service.preprocessing import PhotographFile
from tests.service.preprocessing.pictures import file_of

NORMALS = (0.1, 0.2, 0.3, 0.4, 0.5)


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
    return file_of(skimage.data.retina(), "JPEG", quality=90)


@pytest.fixture
def counted(settings, tiny_model, monkeypatch):
    """Predicts, and counts the pictures decoded, the model's runs and the sections drawn."""
    counts: Counter[str] = Counter()
    decode, run, render = PhotographFile.decode, tiny_model.run, rendering.render

    def counting_decode(self, factor):
        counts[f"decoded 1/{factor}"] += 1
        return decode(self, factor)

    def counting_run(images, *, in_company):
        counts["alone" if not in_company else "in company"] += 1
        return run(images, in_company=in_company)

    def counting_render(*arguments, sections, **options):
        counts["sections"] += sections
        return render(*arguments, sections=sections, **options)

    monkeypatch.setattr(predictor, "render", counting_render)
    monkeypatch.setattr(PhotographFile, "decode", counting_decode)
    monkeypatch.setattr(tiny_model, "run", counting_run)

    def predict(*uploads, **options) -> list[Prediction]:
        async def main():
            runtime = Runtime(settings, [tiny_model])
            async with runtime.running():
                predict = runtime.default.predictor.predict
                return await asyncio.gather(*(predict(each, **options) for each in uploads))

        return asyncio.run(main())

    return predict, counts


@pytest.mark.parametrize("heatmap", [Heatmap.NONE, Heatmap.MAP, Heatmap.RAW])
def test_a_photograph_that_is_not_drawn_is_decoded_once_and_reduced(counted, settings, upload, heatmap):
    predict, counts = counted
    predict(upload, heatmap=heatmap)
    assert counts == {"decoded 1/4": 1, "alone": 1, "sections": settings.threads}


@pytest.mark.parametrize("reduction", [1, 2, 8])
def test_an_overlay_decodes_no_more_than_it_draws(counted, settings, upload, reduction):
    predict, counts = counted
    predict(upload, heatmap=Heatmap.OVERLAY, reduction=reduction)
    assert counts["decoded 1/4"] == counts[f"decoded 1/{reduction}"] == 1
    assert counts.total() == 3 + settings.threads


def test_photographs_that_come_together_are_run_in_company(counted, upload):
    predict, counts = counted
    alone, *together = predict(upload, heatmap=Heatmap.NONE) + predict(*[upload] * 3, heatmap=Heatmap.NONE)
    # The last one left in hand may be alone again.
    assert counts["in company"] >= 2
    assert counts["in company"] + counts["alone"] == 4
    # So are their pictures drawn: cores that others need do not share the work of one.
    assert 4 + 1 <= counts["sections"] <= 2 + 2 + 1 + 1
    assert {each.score for each in together} == {alone.score}
