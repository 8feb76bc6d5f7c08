from functools import partial
from pathlib import Path

import numpy as np
import pytest

from service.preprocessing.constants import PreprocessingConstants
from training.data.prepared import Entry, PreparedSet
from training.data.records import LesionType, Record, Split
from training.data.store import ArrayStore
from training.data.validation import ValidationReport
from training.evaluation.methods import Method
from training.evaluation.metrics.resampling import draw_resamples
from training.evaluation.protocol import measure, predict

SIZE = 64


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """What is tested of a whole evaluation does not need a thousand of them."""
    monkeypatch.setattr("training.evaluation.protocol.draw_resamples", partial(draw_resamples, count=40))


@pytest.fixture
def constants():
    return PreprocessingConstants(size=SIZE)


@pytest.fixture
def prepared(tmp_path, constants):
    """Two normal photographs and two with a bright square, an exudate; four rows are no retina."""
    store = ArrayStore(tmp_path / "store")
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[20:28, 30:40] = True
    store.write("mask", mask)
    records, entries = [], []
    for index, lesion in enumerate([False, False, True, True]):
        image = np.full((SIZE, SIZE, 3), 90 + index, np.uint8)
        image[mask & lesion] = 250
        image[:4] = 0
        store.write(f"{index}", image)
        lesions = {LesionType.HARD_EXUDATES: Path("EX.tif")} if lesion else None
        grade = None if lesion else 0
        records.append(Record(Path(f"{index}.jpg"), f"eye{index}", Split.TESTING, grade, lesions))
        entries.append(Entry(f"{index}", None, {LesionType.HARD_EXUDATES: "mask"} if lesion else {}, None))
    report = ValidationReport(tuple(records), ())
    return PreparedSet(tuple(records), tuple(entries), store, constants, report)


def brightness(images):
    """Finds what is bright: a perfect method for the set above."""
    heatmaps = images[..., 1].astype(np.float32) / 255
    return heatmaps.reshape(len(images), -1).max(axis=1), heatmaps


@pytest.fixture
def perfect(constants):
    return Method("perfect", brightness, constants, decision_threshold=0.5, pixel_threshold=0.5)


@pytest.fixture
def predicted(perfect, prepared):
    """Heatmaps and results of the perfect method."""
    prediction = predict(perfect, prepared, progress=False)
    return prediction.heatmaps, measure(perfect, prepared, prediction, "test").images
