"""The int8 variant of an exported model, which OpenVINO runs several times as fast on a CPU."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from service.engines.card import digest_of
from service.engines.contract import INPUT_NAME, INT8_OF_KEY, int8_variant_path
from service.engines.model import Model
from service.preprocessing.constants import PreprocessingConstants
from training.data.prepared import NormalImages
from training.export.parity import ParityError
from training.presets import COMPACT
from training.stages.localization import held_back_samples

ImageArray = NDArray[np.uint8]

# Largest mean difference between the two maps of a photograph, and largest difference between its scores:
# a tenth of what two trainings of the same method differ by.
MAP_TOLERANCE = 0.005
SCORE_TOLERANCE = 0.03


def write_int8_variant(
    model: Path, calibration: NormalImages, compared: NormalImages, constants: PreprocessingConstants
) -> Path:
    """Quantize a model's convolutions, with ranges taken from real photographs.

    Args:
        model: The ``.onnx`` file.
        calibration: Normal photographs; they set the ranges of activations, as they are and with synthetic
            lesions, whose features go further than any normal retina's.
        compared: Others, on which both must agree, as they are and with synthetic lesions too.
        constants: How both were prepared.

    Returns:
        The ``.int8.onnx`` file beside the model, with its card.

    Raises:
        ParityError: Its outputs differ from those of the model; nothing is written.
    """
    variant = int8_variant_path(model)
    with tempfile.TemporaryDirectory(dir=model.parent) as folder:
        candidate = Path(folder) / variant.name
        _quantize(model, _with_lesions(calibration, constants), candidate)
        maps, scores = _require_agreement(model, candidate, _with_lesions(compared, constants))
        candidate.replace(variant)
    _write_card(variant, model, len(calibration), len(compared), maps, scores)
    return variant


def _with_lesions(normals: NormalImages, constants: PreprocessingConstants) -> list[ImageArray]:
    """Normal photographs, and each once more with synthetic lesions: always the same."""
    samples = held_back_samples(normals, constants, COMPACT, rounds=1, normal_share=0.0)
    return [*normals.prepared, *(samples[index][0].numpy() for index in range(len(samples)))]


class _Photographs(CalibrationDataReader):  # type: ignore[misc]
    """Photographs one by one, as ONNX Runtime asks for them."""

    def __init__(self, images: Sequence[ImageArray]) -> None:
        self._images: Iterator[ImageArray] = iter(images)

    def get_next(self) -> dict[str, ImageArray] | None:
        """Return the next model input, or None after the last."""
        image = next(self._images, None)
        return None if image is None else {INPUT_NAME: np.asarray(image)[None]}


def _quantize(model: Path, calibration: Sequence[ImageArray], variant: Path) -> None:
    optimised = variant.with_suffix(".optimised")
    # The shapes are known, and symbolic inference does not know all of the graph's operators.
    quant_pre_process(model, optimised, skip_symbolic_shape=True)
    *_, head = (node.name for node in onnx.load(optimised).graph.node if node.op_type == "Conv")
    quantize_static(
        optimised,
        variant,
        _Photographs(calibration),
        quant_format=QuantFormat.QDQ,
        # Convolutions are nearly all of the work, and a rectifier is no more than the lower end of what its
        # convolution may give: rounded once, between the two. Normalisation and score stay exact, and so does
        # the head: no lesion may be cut off at the highest logit that was seen.
        op_types_to_quantize=["Conv", "Relu"],
        nodes_to_exclude=[head],
        per_channel=True,
        # 7 bits of weights: processors without VNNI add two products of 8 bits in 16, which overflows.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    graph = onnx.load(variant)
    properties = {each.key: each.value for each in onnx.load(model).metadata_props}
    onnx.helper.set_model_props(graph, properties | {INT8_OF_KEY: digest_of(model)})
    onnx.save(graph, variant)


def _require_agreement(model: Path, variant: Path, compared: Sequence[ImageArray]) -> tuple[float, float]:
    """Return the largest mean difference between maps and the largest between scores."""
    ours, theirs = Model(variant, device="cpu"), Model(model, device="cpu")
    maps, scores = 0.0, 0.0
    for image in compared:
        score, heatmap = ours.run(np.asarray(image)[None])
        expected_score, expected = theirs.run(np.asarray(image)[None])
        maps = max(maps, float(np.abs(heatmap - expected).mean()))
        scores = max(scores, float(np.abs(score - expected_score).max()))
    if not (maps <= MAP_TOLERANCE and scores <= SCORE_TOLERANCE):
        raise ParityError(
            f"in 8 bits the maps of {model} differ by {maps:.2g} on average (over {MAP_TOLERANCE}) or its "
            f"scores by {scores:.2g} (over {SCORE_TOLERANCE})"
        )
    return maps, scores


def _write_card(
    variant: Path, model: Path, calibrated: int, compared: int, maps: float, scores: float
) -> None:
    size = variant.stat().st_size / 2**20
    variant.with_suffix(".md").write_text(
        f"# {variant.name}\n\n"
        f"`{variant.name}`, {size:.1f} MiB, SHA-256 `{digest_of(variant)}`\n\n"
        f"The int8 variant of [{model.name}]({model.with_suffix('.md').name}) with convolutions in 8-bit "
        "integers, which the service takes instead of it where OpenVINO runs models on a CPU.\n\n"
        f"{calibrated} normal photographs set the ranges of its activations, as they are and with synthetic "
        f"lesions. On {compared} others, with and without, the maps of the two differ by at most {maps:.1g} "
        f"on average, their scores by at most {scores:.1g}.\n"
    )
