"""A trained run becomes a model file and its card."""

from pathlib import Path

from service.engines.contract import ModelMetadata, Threshold, int8_variant_path
from training.data.prepared import NormalImages
from training.evaluation.calibration import calibrate
from training.evaluation.methods import network_predictor
from training.export.card import write_card
from training.export.graph import write_graph
from training.export.parity import require_parity
from training.networks.anomaly_network import AnomalyNetwork
from training.run import load_localizer, read_record

# Enough photographs for the comparison of the file with the network; each takes both runtimes a while.
_COMPARED = 4


def export_run(
    run: Path,
    held_back: NormalImages,
    folder: Path,
    *,
    name: str,
    version: str,
    flips: bool = False,
    results: str = "",
) -> Path:
    """Export the best localizer of a run.

    Args:
        run: Run folder.
        held_back: The normal images that the run held back.
        folder: Receives ``<name>.onnx`` and ``<name>.md``.
        name: Name of the model.
        version: Its version.
        flips: Whether its heatmap is the mean over an image and its mirror images.
        results: A Markdown table of its evaluation, for the card.

    Returns:
        The ``.onnx`` file.

    Raises:
        RunError: The run has no localizer yet.
        ParityError: The outputs of the file differ from those of the network; nothing is left in the folder.
    """
    record = read_record(run)
    network = AnomalyNetwork(load_localizer(run), flips=flips).eval()
    calibration = calibrate(network_predictor(network), held_back, record.preprocessing, record.config)
    network.cpu()
    metadata = ModelMetadata(
        name=name,
        version=version,
        preprocessing=record.preprocessing,
        training_data=record.data,
        decision=Threshold(**calibration.decision._asdict()),
        region=Threshold(**calibration.region._asdict()),
        pixel=Threshold(**calibration.pixel._asdict()),
        normal_scores=calibration.normal_scores,
    )
    model = folder / f"{name}.onnx"
    candidate = folder / f"{name}.candidate.onnx"
    try:
        write_graph(network, metadata, candidate)
        compared = list(held_back.prepared[:_COMPARED])
        difference = require_parity(network, candidate, compared)
        candidate.replace(model)
        # That of a former model of this name is no longer one.
        for stale in (int8_variant_path(model), int8_variant_path(model).with_suffix(".md")):
            stale.unlink(missing_ok=True)
    finally:
        candidate.unlink(missing_ok=True)
    write_card(
        model.with_suffix(".md"),
        model,
        metadata,
        record.config,
        difference,
        results,
        held_back=len(held_back),
        begun_from=record.begun_from,
        flips=flips,
    )
    return model
