import hashlib
from pathlib import Path

import onnx
import pytest

from service.engines.contract import INT8_OF_KEY, ModelError, int8_variant_path
from service.engines.int8 import find_int8_variant
from service.engines.model import Model
from service.serving.models.repository import find_models, load_models
from service.settings import Settings
from tests.service.conftest import MODELS
from tests.service.tiny_model import write_tiny_model


@pytest.fixture
def model(tmp_path) -> Path:
    return write_tiny_model(tmp_path / "eye.onnx")


def write_variant(model: Path, digest: str) -> Path:
    graph = onnx.load(model)
    graph.metadata_props.add(key=INT8_OF_KEY, value=digest)
    onnx.save(graph, int8_variant_path(model))
    return int8_variant_path(model)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_may_have_none(model):
    assert find_int8_variant(model) is None


def test_a_variant_is_found_and_is_no_model_of_its_own(model):
    variant = write_variant(model, digest(model))
    assert find_int8_variant(model) == variant
    assert find_models(model.parent) == [model]


def test_openvino_runs_the_variant_and_onnx_runtime_the_model(model):
    write_variant(model, digest(model))
    assert Model(model, device="cpu", engine="openvino").provider == "OpenVINO int8"
    assert Model(model, device="cpu", engine="onnxruntime").provider == "CPUExecutionProvider"


@pytest.mark.parametrize("marked", ["0" * 64, ""])
def test_the_variant_of_another_model_is_refused(model, marked):
    write_variant(model, marked)
    with pytest.raises(ModelError, match=r"eye\.int8\.onnx is the int8 variant of another eye\.onnx"):
        Model(model, device="cpu", engine="openvino")


def test_where_openvino_was_not_asked_for_the_model_runs_instead_and_says_why(model, events):
    write_variant(model, "0" * 64)
    (loaded,) = load_models(Settings(model=model, device="cpu", engine="auto"))
    assert loaded.provider == "CPUExecutionProvider"
    (warning,) = [event for event in events if event["log_level"] == "warning"]
    assert warning["event"] == "fell back to ONNX Runtime"
    assert "is the int8 variant of another" in warning["reason"]


def test_half_a_variant_is_refused(model):
    variant = write_variant(model, digest(model))
    variant.write_bytes(variant.read_bytes()[:200])
    with pytest.raises(ModelError, match="cannot be loaded"):
        find_int8_variant(model)


def test_a_variant_that_is_not_its_cards_is_refused(model):
    variant = write_variant(model, digest(model))
    variant.with_suffix(".md").write_text(f"SHA-256 `{'0' * 64}`")
    with pytest.raises(ModelError, match=r"is not the file that eye\.int8\.md describes"):
        find_int8_variant(model)


def test_the_shipped_model_has_its_own():
    assert find_int8_variant(MODELS / "resynthdetect.onnx") == MODELS / "resynthdetect.int8.onnx"
