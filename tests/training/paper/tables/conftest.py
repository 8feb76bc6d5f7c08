from pathlib import Path

import numpy as np
import pytest

from service.engines.contract import TrainingData
from service.preprocessing.constants import PreprocessingConstants
from tests.training.pictures import normal_images, retina
from training.data.prepared import Entry, PreparedSet
from training.data.records import LesionType, Record, Split
from training.data.store import ArrayStore
from training.data.validation import ValidationReport
from training.overrides import override
from training.paper.tables.row import Row, TableDefinition
from training.paper.tables.runs import Normals, Setting, plan
from training.presets import COMPACT
from training.run import RunRecord, digests
from training.stages.stage import Hardware

SIZE = 64
TINY = override(
    COMPACT,
    [
        "network.widths=[4,8]",
        "held_back=0.4",
        *(
            f"{stage}.{value}"
            for stage in ("reconstruction", "localization")
            for value in ("epochs=1", "window=64", "batch_size=2", "warmup_epochs=0")
        ),
    ],
)
TEXTURE_CHANGES = ('generator={"method": "paper", "source": "texture"}',)


def draw_evaluation(folder, size):
    """Two normal photographs and two with a bright square, an exudate."""
    store = ArrayStore(folder)
    mask = np.zeros((size, size), np.bool_)
    mask[5 * size // 16 : 7 * size // 16, 15 * size // 32 : 5 * size // 8] = True
    store.write("aa", mask)
    records, entries = [], []
    for index, lesion in enumerate([False, False, True, True]):
        image = retina(100 + index, size)
        image[mask & lesion] = 250
        store.write(f"{index:02}", image)
        grade, lesions = (None, {LesionType.HARD_EXUDATES: Path("EX.tif")}) if lesion else (0, None)
        records.append(Record(Path(f"{index}.jpg"), f"eye{index}", Split.TESTING, grade, lesions))
        entries.append(Entry(f"{index:02}", None, {LesionType.HARD_EXUDATES: "aa"} if lesion else {}, None))
    constants = PreprocessingConstants(size=size)
    return PreparedSet(tuple(records), tuple(entries), store, constants, ValidationReport((), ()))


@pytest.fixture(autouse=True)
def quick(few_resamples):
    """Every test of a table."""


@pytest.fixture
def evaluation(tmp_path):
    return draw_evaluation(tmp_path / "store", SIZE)


@pytest.fixture
def setting(evaluation, tmp_path):
    return Setting(
        evaluation={None: evaluation},
        evaluation_name="drawn retinas (2+2)",
        runs=tmp_path / "runs",
        model=tmp_path / "none.onnx",
        hardware=Hardware(workers=0, mixed_precision=False),
    )


def normals(seed=0, size=None):
    images, held_back = normal_images(range(4), size or SIZE), normal_images(range(4, 6), size or SIZE)
    record = RunRecord(
        config=TINY.model_copy(update={"seed": seed}),
        preprocessing=PreprocessingConstants(size=size or SIZE),
        data=TrainingData(name="drawn retinas", images=4, licence="CC0-1.0", attribution="None."),
        training=digests(images.natural),
        held_back=digests(held_back.natural),
    )
    return Normals(images, held_back, record)


def plan_rows(setting, *rows, seeds=1):
    """The runs of a table of rows."""
    return plan(TableDefinition("9", "A table", {}, rows), seeds, normals, setting)


def plan_row(setting, method="ours", changes=(), **more):
    (run,) = plan_rows(setting, Row("row", "a row", method, changes, **more))
    return run
