"""What becomes of a photograph whose worker process ends, without Ray."""

import sys

import pytest

from service.bulk.storage import Storage, StoredFile
from service.bulk.worker import Job, PartWorker
from service.client.in_process import prediction_error
from service.serving.workers.pool import Loss, TooCostlyError


class Predictor:
    """Fails as often as it is told, before it answers as another does."""

    def __init__(self, predictor, failures):
        self._predictor = predictor
        self._failures = failures

    def predict(self, *arguments, **options):
        if self._failures:
            raise prediction_error("too-costly", "") from TooCostlyError(self._failures.pop())
        return self._predictor.predict(*arguments, **options)


@pytest.fixture(scope="module")
def worker(tmp_path_factory, tiny_model_path, jpeg):
    from service.settings import Settings

    folder = tmp_path_factory.mktemp("photographs")
    (folder / "eye.jpg").write_bytes(jpeg)
    settings = Settings(model=tiny_model_path, device="cpu", engine="onnxruntime", workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["__main__"], "__file__", None, raising=False)
        patch.setattr("service.bulk.worker.configure_logging", lambda level: None)
        worker = PartWorker(Job(str(folder), str(folder / "out"), settings, None, overlays=False), ())
        yield worker
        worker._predictor.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("failures", "problem"),
    [
        ([Loss.CRASH], None),
        ([Loss.CRASH, Loss.CRASH], "too-costly"),
        ([Loss.TIME], "too-costly"),
        ([Loss.MEMORY], "too-costly"),
    ],
    ids=["ended once", "ended twice", "time", "memory"],
)
def test_a_photograph_is_scored_again_whose_worker_process_ended(worker, monkeypatch, failures, problem):
    monkeypatch.setattr(worker, "_predictor", Predictor(worker._predictor, failures))
    row = worker._row(StoredFile("eye.jpg", 1))
    assert row["photograph"] == "eye.jpg"
    assert row.get("problem") == problem
    assert failures == []


def test_a_file_beyond_the_limit_is_not_even_read(worker):
    limit = worker._job.settings.max_upload_bytes
    row = worker._row(StoredFile("missing.jpg", limit + 1))
    assert row["problem"] == "body-too-large"
    assert str(limit) in row["problem_detail"]
    assert worker._row(StoredFile("missing.jpg", limit)) == "FileNotFoundError"


def test_a_part_is_written_under_a_name_of_its_own(worker):
    part = {"names": ["eye.jpg"], "sizes": [1]}
    first, second = worker(part), worker(part)
    assert first["photographs"] == second["photographs"] == 1
    assert len(list(Storage(worker._job.target).find("predictions"))) == 1
