import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data

from service.engines import model as module
from service.engines import openvino_engine
from service.engines.contract import ModelError
from service.engines.model import Model
from service.engines.onnxruntime_engine import CPU
from service.preprocessing import decode, prepare
from tests.service.conftest import MODELS
from tests.service.tiny_model import SIZE, write_tiny_model

pytestmark = pytest.mark.skipif(not openvino_engine.is_installed(), reason="OpenVINO is not installed")


@pytest.fixture(scope="module")
def network(tiny_model_path) -> Model:
    return Model(tiny_model_path, device="cpu", engine="openvino")


def noise(count):
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)


def test_it_says_what_runs(network):
    assert network.device == "cpu"
    assert network.provider.startswith("OpenVINO ")


def test_auto_takes_it(tiny_model_path, network):
    assert Model(tiny_model_path, device="cpu", engine="auto").provider == network.provider


def test_without_it_auto_takes_onnx_runtime(tiny_model_path, monkeypatch):
    monkeypatch.setattr(openvino_engine, "is_installed", lambda: False)
    assert Model(tiny_model_path, device="cpu", engine="auto").provider == CPU
    with pytest.raises(ModelError, match="'openvino' is not installed"):
        Model(tiny_model_path, device="cpu", engine="openvino")


def test_a_gpu_is_not_its_own():
    with pytest.raises(ModelError, match="the device is cuda"):
        module._takes_openvino("openvino", "cuda")
    assert not module._takes_openvino("auto", "cuda")


def test_it_refuses_what_the_contract_refuses(tmp_path):
    with pytest.raises(ModelError, match="tensors are"):
        Model(
            write_tiny_model(tmp_path / "other.onnx", input_name="picture"), device="cpu", engine="openvino"
        )


def test_answers_are_those_of_onnx_runtime(network, tiny_model):
    for ours, theirs in zip(network.run(noise(3)), tiny_model.run(noise(3)), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, atol=0.005)


def test_answers_stay_when_others_follow(network):
    scores, heatmaps = network.run(noise(1))
    before = scores.copy(), heatmaps.copy()
    network.run(255 - noise(1))
    np.testing.assert_array_equal(scores, before[0])
    np.testing.assert_array_equal(heatmaps, before[1])


def test_models_that_come_and_go_leave_signals_alone(tiny_model_path):
    """As at a reload: loaded in threads, dropped out of order. A signal then once ended the process."""
    code = f"""
import gc, os, pathlib, signal, threading
from service.engines.model import Model

def load():
    return Model(pathlib.Path({str(tiny_model_path)!r}), device="cpu", engine="openvino", max_concurrent=2)

seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
first, second = load(), load()
del first
gc.collect()
third = load()
del second
thread = threading.Thread(target=load)
thread.start()
thread.join()
del third
gc.collect()
for _ in range(10):
    os.kill(os.getpid(), signal.SIGUSR1)
print(len(seen))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (answer.returncode, answer.stdout.strip()) == (0, "10"), answer.stderr


def test_threads_get_their_own_answers(network):
    images = noise(8)
    expected = network.run(images)[0]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda image: network.run(image[None])[0][0], images))
    np.testing.assert_array_equal(found, expected)


@pytest.fixture(scope="module")
def engines():
    """The shipped model in both engines, OpenVINO's first."""
    path = MODELS / "resynthdetect.onnx"
    return [Model(path, device="cpu", engine=engine) for engine in ("openvino", "onnxruntime")]


def require_agreement(engines, photograph, *, score_within, pixels_within):
    """Assert that both engines say the same of a photograph, and return what ONNX Runtime scores it."""
    images = prepare(photograph).image[None]
    ((score,), (heatmap,)), ((expected_score,), (expected,)) = (model.run(images) for model in engines)
    assert score == pytest.approx(expected_score, abs=score_within)
    # All but one pixel in a thousand: integers may be surer of a single lesion, or less sure.
    assert np.quantile(np.abs(heatmap - expected), 0.999) < pixels_within
    assert np.abs(heatmap - expected).mean() < 0.003
    assert np.corrcoef(heatmap.ravel(), expected.ravel())[0, 1] > 0.98
    return expected_score


def test_both_engines_answer_alike(engines):
    require_agreement(engines, skimage.data.retina(), score_within=0.02, pixels_within=0.1)


@pytest.mark.parametrize("name", ["idrid_07.jpg", "eyepacs_406_right.jpeg"])
def test_both_engines_answer_alike_on_lesions_and_other_cameras(engines, fundus_data, name):
    photograph = decode((fundus_data / "fullsize" / name).read_bytes(), max_pixels=64_000_000)
    assert require_agreement(engines, photograph, score_within=0.05, pixels_within=0.25) > 0.5
