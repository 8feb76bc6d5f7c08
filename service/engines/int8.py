"""A model's twin in integers of 8 bits."""

from pathlib import Path

import onnxruntime

from service.engines.card import check_against_card, digest_of
from service.engines.contract import TWIN_OF_KEY, twin_of
from service.engines.errors import ModelError
from service.engines.sessions import CPU, ERRORS_ONLY


def find_twin(model: Path) -> Path | None:
    """Return the twin of a model file; None where it has none.

    Raises:
        ModelError: What lies there is damaged, or the twin of another model.
    """
    twin = twin_of(model)
    if not twin.is_file():
        return None
    check_against_card(twin)
    if _twin_of(twin) != digest_of(model):
        raise ModelError(
            f"{twin} is the twin of another {model.name}: quantize that anew, or remove the twin"
        )
    return twin


def _twin_of(twin: Path) -> str | None:
    """What a twin says of its model, read without making anything ready to run."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(twin, sess_options=options, providers=[CPU])
    except Exception as error:
        raise ModelError(f"{twin} cannot be loaded: {error}") from error
    properties: dict[str, str] = session.get_modelmeta().custom_metadata_map
    return properties.get(TWIN_OF_KEY)
