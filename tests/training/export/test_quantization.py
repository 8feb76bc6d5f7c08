from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from service.engines.int8 import find_int8_variant
from service.engines.model import Model
from service.preprocessing import PreprocessingConstants
from tests.training.export.described import metadata
from tests.training.pictures import normal_images
from training.config import NetworkConfig
from training.export import quantization
from training.export.graph import write_graph
from training.export.parity import ParityError
from training.export.quantization import write_int8_variant
from training.networks.anomaly_network import AnomalyNetwork
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer

SIZE = 128
SHIPPED = Path(__file__).parents[3] / "models"
CONSTANTS = PreprocessingConstants(size=SIZE)
NORMALS, COMPARED = normal_images(range(4), SIZE), normal_images(range(4, 6), SIZE)
PICTURES = [*NORMALS.prepared, *COMPARED.prepared]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained network whose statistics and probabilities are spread as a trained one's are."""
    torch.manual_seed(0)
    config = NetworkConfig(widths=(8, 16), fold=2, local_contrast=True, standardize=True)
    localizer = GuidedLocalizer(config, Autoencoder(config)).train()
    for picture in PICTURES:
        localizer(torch.from_numpy(picture)[None])
    torch.nn.init.normal_(localizer.head.weight, std=0.5)
    assert localizer.head.bias is not None
    torch.nn.init.zeros_(localizer.head.bias)
    path = tmp_path_factory.mktemp("models") / "eye.onnx"
    write_graph(AnomalyNetwork(localizer).eval(), metadata(SIZE), path)
    return path


@pytest.fixture(scope="module")
def variant(model):
    return write_int8_variant(model, NORMALS, COMPARED, CONSTANTS)


def test_the_variant_is_the_models_and_says_so(model, variant):
    assert variant.name == "eye.int8.onnx"
    assert find_int8_variant(model) == variant
    assert Model(variant, device="cpu").metadata == metadata(SIZE)
    assert "On 2 others" in variant.with_suffix(".md").read_text()
    assert sorted(path.name for path in model.parent.iterdir()) == [
        "eye.int8.md",
        "eye.int8.onnx",
        "eye.onnx",
    ]


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_its_outputs_are_close_to_those_of_the_model(model, variant, engine):
    batch = np.stack(PICTURES)
    _, ours = Model(variant, device="cpu", engine=engine).run(batch)
    _, theirs = Model(model, device="cpu").run(batch)
    assert theirs.std() > 0.05
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99
    assert 0 < np.abs(ours - theirs).mean() < 0.01


def test_lesions_take_part(model, tmp_path, monkeypatch):
    """The ranges are those of normal photographs and of the same with synthetic lesions."""
    seen = []
    quantize = quantization._quantize

    def remember(path, images, variant):
        seen.extend(images)
        quantize(path, images, variant)

    monkeypatch.setattr(quantization, "_quantize", remember)
    copy = tmp_path / "eye.onnx"
    copy.write_bytes(model.read_bytes())
    write_int8_variant(copy, normal_images(range(2), SIZE), COMPARED, CONSTANTS)
    assert len(seen) == 4
    assert all(np.array_equal(*pair) for pair in zip(seen, PICTURES[:2], strict=False))
    assert not any(np.array_equal(each, picture) for each in seen[2:] for picture in PICTURES)


@pytest.mark.parametrize("name", [None, "resynthdetect"])
def test_no_two_products_overflow_where_they_are_added_in_16_bits(variant, name):
    """Processors without VNNI do; 255 times 64 is the most that fits twice."""
    graph = onnx.load(SHIPPED / f"{name}.int8.onnx" if name else variant).graph
    kernels = [
        array
        for array in map(numpy_helper.to_array, graph.initializer)
        if array.dtype == np.int8 and array.ndim == 4
    ]
    assert len(kernels) > 5
    assert max(np.abs(kernel.astype(int)).max() for kernel in kernels) == 64


def test_the_head_is_no_integer(variant):
    """Else no lesion would be more probable than anything that set the ranges."""
    graph = onnx.load(variant).graph
    exact = {array.name for array in graph.initializer if array.data_type == onnx.TensorProto.FLOAT}
    *others, head = (node for node in graph.node if node.op_type == "Conv")
    assert head.input[1] in exact
    assert not any(node.input[1] in exact for node in others)


def test_a_variant_with_other_outputs_is_not_written(model, tmp_path, monkeypatch):
    copy = tmp_path / "eye.onnx"
    copy.write_bytes(model.read_bytes())
    monkeypatch.setattr(quantization, "MAP_TOLERANCE", 1e-9)
    with pytest.raises(ParityError, match=r"in 8 bits the maps of .* differ by"):
        write_int8_variant(copy, normal_images(range(1), SIZE), COMPARED, CONSTANTS)
    assert list(tmp_path.iterdir()) == [copy]
