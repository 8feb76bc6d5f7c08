"""DICOM objects as large as cameras make them, within the memory that the documentation names for them."""

import asyncio

import cv2
import numpy as np
import pytest

from service.dicom.statement import Statement
from service.pictures.options import Heatmap
from service.preprocessing import PreprocessingConstants
from service.serving import stages
from service.serving.workers.pool import WorkerPool
from service.serving.workers.worker import Work
from tests.service.preprocessing.dicom_objects import PHOTOGRAPHY_16_BIT, STUDY, uncompressed

MEBIBYTE = 2**20
SIZE = 256
STATEMENT = Statement("tiny", "1", 0.9, 0.5, 99, None, "anomalous", "unknown", None, None, (), (), 1)


async def answer(data, memory):
    """All that is done with a photograph but for the model; returns the objects."""
    work = Work(
        stages.IMPORTS,
        stages.warm_up,
        memory=memory,
        shared=data.size + 8 * MEBIBYTE,
        answers=stages.ANSWERS,
    )
    pool = WorkerPool(1, work, seconds=60)
    await pool.start()
    try:
        max_pixels = 64_000_000
        prepared = await pool.run(stages.prepare, data, PreprocessingConstants(size=SIZE), max_pixels)
        heatmap = np.zeros((SIZE, SIZE), np.float32)
        heatmap[100:110, 100:110] = 1
        kind = Heatmap.OVERLAY
        shown = (kind, 768, False, data, max_pixels)
        drawn = await pool.run(stages.draw, heatmap, prepared.mapping, 0.5, 9, *shown)
        return await pool.run(
            stages.make_dicom, data, STATEMENT, heatmap, 0.5, prepared.mapping, kind, drawn.png
        )
    finally:
        await pool.close()


def enlarged(photograph, mebibytes, dtype):
    pixels = mebibytes * MEBIBYTE / (3 * np.dtype(dtype).itemsize)
    side = int(pixels**0.5)
    return cv2.resize(photograph, (side, side)).astype(dtype) * (np.iinfo(dtype).max // 255)


@pytest.mark.parametrize(
    ("mebibytes", "dtype", "memory"),
    [(48, np.uint8, 2048), (40, np.uint16, 2048), (180, np.uint8, 4096), (200, np.uint16, 4096)],
)
def test_it_takes_the_memory_that_is_documented(photograph, mebibytes, dtype, memory):
    study = dict(STUDY)
    if dtype is np.uint16:
        study["SOPClassUID"] = PHOTOGRAPHY_16_BIT
    data = uncompressed(enlarged(photograph, mebibytes, dtype), **study)
    objects = asyncio.run(answer(np.frombuffer(data, np.uint8), memory * MEBIBYTE))
    assert [name for name, _ in objects] == ["report", "regions", "overlay"]
