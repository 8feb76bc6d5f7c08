import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
import skimage.data
from onnx import TensorProto

from service.engines import onnxruntime_engine
from service.engines.contract import ModelError
from service.engines.model import Model
from service.engines.onnxruntime_engine import CPU, CUDA
from service.preprocessing import prepare
from tests.service.conftest import MODELS
from tests.service.tiny_model import METADATA, SIZE, write_tiny_model


def without_cuda() -> bool:
    return onnxruntime_engine._preload_cuda_libraries() != ""


def test_reads_what_the_model_says_of_itself(tiny_model):
    assert tiny_model.metadata == METADATA
    assert (tiny_model.provider, tiny_model.device, tiny_model.fallback) == (CPU, "cpu", None)


def test_score_is_the_mean_of_the_ten_highest_probabilities(tiny_model):
    images = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    scores, heatmaps = tiny_model.run(images)
    contrast = (images.max(axis=3).astype(np.float32) - images.min(axis=3)) / 255
    np.testing.assert_allclose(heatmaps, contrast, atol=1e-6)
    np.testing.assert_allclose(scores, np.sort(contrast.reshape(3, -1))[:, -10:].mean(axis=1), atol=1e-6)


def test_answers_of_a_batch_are_the_answers_one_by_one(tiny_model):
    images = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    scores, heatmaps = tiny_model.run(images)
    for image, score, heatmap in zip(images, scores, heatmaps, strict=True):
        alone = tiny_model.run(image[None])
        np.testing.assert_array_equal(alone[0], [score])
        np.testing.assert_array_equal(alone[1], [heatmap])


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_answers_concurrent_are_the_answers_alone(engine):
    model = Model(MODELS / "resynthdetect.onnx", device="cpu", engine=engine, max_concurrent=2)
    images = [prepare(skimage.data.retina()[:, ::step]).image[None] for step in (1, -1)]
    alone = [model.run(image) for image in images]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda image: model.run(image, concurrent=True), images * 3))
    for index, answer in enumerate(together):
        for found, expected in zip(answer, alone[index % 2], strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("flaw", "message"),
    [
        ({"metadata": None}, "no 'resynthdetect'"),
        ({"metadata": "{"}, "another contract"),
        ({"metadata": METADATA.model_copy(update={"contract": "2"}).model_dump_json()}, "another contract"),
        # Every photograph would cost its worker.
        ({"metadata": METADATA.model_dump_json().replace(":2.0", ":1e999")}, "finite number"),
        ({"metadata": METADATA.model_dump_json().replace('grid":8', 'grid":99999999')}, "clahe_grid"),
        ({"input_name": "picture"}, "tensors are"),
        ({"input_type": TensorProto.FLOAT}, r"image is tensor\(float\)"),
        ({"batch": 1}, "image is"),
        ({"size": 128}, "image is"),
    ],
)
def test_refuses_a_model_of_another_contract(tmp_path, flaw, message):
    path = write_tiny_model(tmp_path / "flawed.onnx", **flaw)
    with pytest.raises(ModelError, match=message):
        Model(path, device="cpu")


def test_refuses_a_file_that_is_no_model(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("no model")
    with pytest.raises(ModelError, match=r"text\.onnx cannot be loaded"):
        Model(path, device="cpu")


@pytest.mark.parametrize("gain", [-1, 2])
def test_warm_up_refuses_what_is_no_probability(tmp_path, gain):
    model = Model(write_tiny_model(tmp_path / "loud.onnx", gain=gain), device="cpu")
    with pytest.raises(ModelError, match=r"score leaves \[0, 1\]"):
        model.warm_up([1])


def test_warm_up_refuses_what_is_no_number(tiny_model_path, monkeypatch):
    model = Model(tiny_model_path, device="cpu")
    model.warm_up([1])
    nowhere = np.full(1, np.nan, np.float32), np.zeros((1, SIZE, SIZE), np.float32)
    monkeypatch.setattr(model, "run", lambda images, *, concurrent: nowhere)
    with pytest.raises(ModelError, match=r"score leaves \[0, 1\]"):
        model.warm_up([1])


def test_warm_up_refuses_another_number_of_answers(tiny_model_path, monkeypatch):
    model = Model(tiny_model_path, device="cpu")
    run = model.run
    monkeypatch.setattr(model, "run", lambda images, *, concurrent: run(images[:1]))
    with pytest.raises(ModelError, match="a batch of 2 gave"):
        model.warm_up([1, 2])


@pytest.mark.skipif(not without_cuda(), reason="CUDA works here")
def test_cuda_without_cuda_fails_with_the_reason(tiny_model_path):
    with pytest.raises(ModelError, match=r"CUDA was asked for.*libcublas"):
        Model(tiny_model_path, device="cuda")


@pytest.mark.skipif(not without_cuda(), reason="CUDA works here")
def test_auto_without_cuda_says_that_it_runs_on_the_cpu(tiny_model_path, monkeypatch):
    monkeypatch.setattr(onnxruntime_engine, "_has_gpu", lambda: True)
    model = Model(tiny_model_path, device="auto")
    assert (model.device, model.provider) == ("cpu", CPU)
    assert model.fallback is not None
    assert model.fallback.to == "CPU"
    assert "libcublas" in model.fallback.reason


def test_auto_without_a_gpu_takes_the_cpu_and_misses_nothing(tiny_model_path, monkeypatch):
    monkeypatch.setattr(onnxruntime_engine, "_SIGNS_OF_A_GPU", ())
    monkeypatch.setattr(onnxruntime_engine, "_preload_cuda_libraries", lambda: pytest.fail("looked for CUDA"))
    model = Model(tiny_model_path, device="auto")
    assert (model.device, model.provider, model.fallback) == ("cpu", CPU, None)


@pytest.mark.skipif(CUDA not in onnxruntime.get_available_providers(), reason="a build without CUDA")
@pytest.mark.parametrize("complaints", ["", "Failed to load libcudnn.so"])
def test_a_session_that_silently_fell_back_is_no_cuda_session(tiny_model_path, monkeypatch, complaints):
    monkeypatch.setattr(onnxruntime_engine, "_preload_cuda_libraries", lambda: complaints)
    monkeypatch.setattr(
        onnxruntime_engine,
        "_open_on",
        lambda path, options, providers: onnxruntime.InferenceSession(path, providers=[CPU]),
    )
    with pytest.raises(ModelError, match=complaints or "fell back to the CPU"):
        Model(tiny_model_path, device="cuda")


def test_answers_of_cuda_are_those_of_the_cpu():
    on_cuda = Model(MODELS / "resynthdetect.onnx", device="auto")
    if on_cuda.device == "cpu":
        pytest.skip("there is no GPU that works")
    images = np.stack([prepare(skimage.data.retina()[:, ::step]).image for step in (1, -1)])
    on_cpu = Model(MODELS / "resynthdetect.onnx", device="cpu")
    for found, expected in zip(on_cuda.run(images), on_cpu.run(images), strict=True):
        np.testing.assert_allclose(found, expected, atol=0.01)


def test_serving_imports_neither_torch_nor_training():
    code = "import sys, service.__main__; print({'torch', 'training', 'onnx'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert answer.stdout.strip() == "set()"
