"""A tiny but real ONNX model that keeps the contract: the more colourful a pixel, the more anomalous."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from service.engines.contract import METADATA_KEY, ModelMetadata, Threshold, TrainingData
from service.preprocessing import PreprocessingConstants

SIZE = 256
METADATA = ModelMetadata(
    name="tiny",
    version="0.0.1",
    preprocessing=PreprocessingConstants(size=SIZE),
    training_data=TrainingData(name="none", images=1, licence="CC0-1.0", attribution="none"),
    decision=Threshold(value=0.5, chosen_by="hand"),
    region=Threshold(value=0.6, chosen_by="hand"),
    pixel=Threshold(value=0.4, chosen_by="hand"),
    normal_scores=(0.1, 0.2, 0.3, 0.4, 0.5),
)


def write_tiny_model(
    path: Path,
    *,
    metadata: str | None = METADATA.model_dump_json(),
    input_name: str = "image",
    input_type: int = TensorProto.UINT8,
    batch: str | int = "N",
    size: int = SIZE,
    gain: float = 1.0,
) -> Path:
    """Write the model; every argument beyond the path makes one that breaks its contract."""
    constants: dict[str, np.ndarray] = {
        "full": np.array(255 / gain, np.float32),
        "channels": np.array([3], np.int64),
        "flat": np.array([0, -1], np.int64),
        "ten": np.array([10], np.int64),
        "last": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", [input_name], ["colour"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["colour", "channels"], ["brightest"], keepdims=0),
        helper.make_node("ReduceMin", ["colour", "channels"], ["darkest"], keepdims=0),
        helper.make_node("Sub", ["brightest", "darkest"], ["contrast"]),
        helper.make_node("Div", ["contrast", "full"], ["heatmap"]),
        helper.make_node("Reshape", ["heatmap", "flat"], ["pixels"]),
        helper.make_node("TopK", ["pixels", "ten"], ["highest", "places"]),
        helper.make_node("ReduceMean", ["highest", "last"], ["score"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(input_name, input_type, [batch, size, size, 3])],
        [
            helper.make_tensor_value_info("score", TensorProto.FLOAT, [batch]),
            helper.make_tensor_value_info("heatmap", TensorProto.FLOAT, [batch, size, size]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if metadata is not None:
        helper.set_model_props(model, {METADATA_KEY: metadata})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
