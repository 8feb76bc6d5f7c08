"""The int8 variant of a model."""

from pathlib import Path

import onnxruntime

from service.engines.card import check_against_card, digest_of
from service.engines.contract import INT8_OF_KEY, ModelError, int8_variant_path
from service.engines.onnxruntime_engine import CPU, ERRORS_ONLY


def find_int8_variant(model: Path) -> Path | None:
    """Return the int8 variant of a model file; None where it has none.

    Raises:
        ModelError: What lies there is damaged, or the variant of another model.
    """
    variant = int8_variant_path(model)
    if not variant.is_file():
        return None
    check_against_card(variant)
    if _model_digest(variant) != digest_of(model):
        raise ModelError(
            f"{variant} is the int8 variant of another {model.name}: quantize again, or remove it"
        )
    return variant


def _model_digest(variant: Path) -> str | None:
    """Return the digest of the model that a variant was made from, without preparing it to run."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(variant, sess_options=options, providers=[CPU])
    except Exception as error:
        raise ModelError(f"{variant} cannot be loaded: {error}") from error
    properties: dict[str, str] = session.get_modelmeta().custom_metadata_map
    return properties.get(INT8_OF_KEY)
