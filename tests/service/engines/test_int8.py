import hashlib
from pathlib import Path

import onnx
import pytest

from service.engines.contract import TWIN_OF_KEY, twin_of
from service.engines.errors import ModelError
from service.engines.int8 import find_twin
from service.engines.model import Model
from service.serving.catalogue import find_models, load_models
from service.settings import Settings
from tests.service.conftest import MODELS
from tests.service.tiny_model import write_tiny_model


@pytest.fixture
def model(tmp_path) -> Path:
    return write_tiny_model(tmp_path / "eye.onnx")


def write_twin(model: Path, digest: str) -> Path:
    graph = onnx.load(model)
    graph.metadata_props.add(key=TWIN_OF_KEY, value=digest)
    onnx.save(graph, twin_of(model))
    return twin_of(model)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_may_have_none(model):
    assert find_twin(model) is None


def test_a_twin_is_found_and_is_no_model_of_its_own(model):
    twin = write_twin(model, digest(model))
    assert find_twin(model) == twin
    assert find_models(model.parent) == [model]


def test_openvino_runs_the_twin_and_onnx_runtime_the_model(model):
    write_twin(model, digest(model))
    assert Model(model, device="cpu", engine="openvino").provider == "OpenVINO int8"
    assert Model(model, device="cpu", engine="onnxruntime").provider == "CPUExecutionProvider"


@pytest.mark.parametrize("marked", ["0" * 64, ""])
def test_the_twin_of_another_model_is_refused(model, marked):
    write_twin(model, marked)
    with pytest.raises(ModelError, match=r"eye\.int8\.onnx is the twin of another eye\.onnx"):
        Model(model, device="cpu", engine="openvino")


def test_where_openvino_was_not_asked_for_the_model_runs_instead_and_says_why(model, events):
    write_twin(model, "0" * 64)
    (loaded,) = load_models(Settings(model=model, device="cpu", engine="auto"))
    assert loaded.provider == "CPUExecutionProvider"
    (warning,) = [event for event in events if event["log_level"] == "warning"]
    assert "is the twin of another" in warning["reason"]


def test_half_a_twin_is_refused(model):
    twin = write_twin(model, digest(model))
    twin.write_bytes(twin.read_bytes()[:200])
    with pytest.raises(ModelError, match="cannot be loaded"):
        find_twin(model)


def test_a_twin_that_is_not_its_cards_is_refused(model):
    twin = write_twin(model, digest(model))
    twin.with_suffix(".md").write_text(f"SHA-256 `{'0' * 64}`")
    with pytest.raises(ModelError, match=r"is not the file that eye\.int8\.md describes"):
        find_twin(model)


def test_the_shipped_model_has_its_own():
    assert find_twin(MODELS / "resynthdetect.onnx") == MODELS / "resynthdetect.int8.onnx"
