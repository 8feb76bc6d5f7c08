"""The trained networks as one ONNX graph that keeps :mod:`service.engines.contract`."""

import warnings
from pathlib import Path

import onnx
import torch

from service.engines.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, ModelMetadata
from training.networks.anomaly_network import AnomalyNetwork
from training.whole_file import whole_file

_OPSET = 18


def write_graph(network: AnomalyNetwork, metadata: ModelMetadata, path: Path) -> None:
    """Write the network and its metadata to one ONNX file.

    Args:
        network: Trained, in evaluation mode, on the CPU.
        metadata: Becomes a part of the file.
        path: The ``.onnx`` file; it is replaced only when the new one is whole.
    """
    with whole_file(path) as unfinished:
        _trace(network, metadata.preprocessing.size, unfinished)
        graph = onnx.load(unfinished)
        _name_shapes(graph, metadata.preprocessing.size)
        onnx.helper.set_model_props(graph, {METADATA_KEY: metadata.model_dump_json()})
        onnx.checker.check_model(graph, full_check=True)
        onnx.save(graph, unfinished)


def _trace(network: AnomalyNetwork, size: int, path: Path) -> None:
    example = torch.ones((2, size, size, 3), dtype=torch.uint8)
    batch = {name: {0: "N"} for name in (INPUT_NAME, *OUTPUT_NAMES)}
    with warnings.catch_warnings():
        # The newer exporter needs onnxscript and unrolls the batch for this graph; the older one warns that
        # it is the older one.
        warnings.simplefilter("ignore", DeprecationWarning)
        # What a picture's sides decide becomes a part of the graph: its size is fixed.
        constant = torch.jit.TracerWarning  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", category=constant, module=r"training\.networks\.")
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[INPUT_NAME],
            output_names=list(OUTPUT_NAMES),
            dynamic_axes=batch,
            opset_version=_OPSET,
            dynamo=False,
        )


def _name_shapes(graph: onnx.ModelProto, size: int) -> None:
    """Write down the fixed sides of the heatmap, which tracing leaves open."""
    for output in graph.graph.output:
        for dimension in output.type.tensor_type.shape.dim[1:]:
            dimension.dim_value = size
