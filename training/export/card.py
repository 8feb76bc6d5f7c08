"""The card that stands beside an exported model."""

from pathlib import Path

from service.engines.card import digest_of
from service.engines.contract import ModelMetadata, Threshold
from training.config import TrainingConfig
from training.data.split import too_few
from training.presets import PRESETS

_LIMITS = """\
- It is no medical device. It points a person at places that differ from the normal retinas it was trained
  on; it names no disease, and a low score does not rule one out.
- It was trained on photographs of the camera and population named above. On another camera, the scores of
  normal eyes may lie elsewhere: measure them on your own normals before you rely on the threshold, or train
  on your own normals.
- What 768 pixels across the field of view do not resolve, such as most microaneurysms, it misses.
- It sees what differs locally. Anomalies as large as the image (a cloudy lens, a pale retina) are not what it
  was trained to find."""


_FLIPPED = "The heatmap is the mean over the photograph and its three mirror images, at four times the work."
_AS_IT_IS = "The network sees the photograph once, as it is."


def write_card(
    path: Path,
    model: Path,
    metadata: ModelMetadata,
    config: TrainingConfig,
    difference: float,
    results: str,
    *,
    held_back: int,
    begun_from: str = "",
    flips: bool = False,
) -> None:
    """Write the card of a model.

    Args:
        path: The Markdown file to write.
        model: The exported ``.onnx`` file.
        metadata: What stands in the model.
        config: What it was trained with.
        difference: Largest difference between the exported and the trained model, on photographs.
        results: A Markdown table of its evaluation; empty where it was not evaluated.
        held_back: Normal photographs that chose epoch and thresholds.
        begun_from: SHA-256 of the model file that its training began from; empty where there was none.
        flips: Whether its heatmap is the mean over an image and its mirror images.
    """
    digest = digest_of(model)
    size = model.stat().st_size / 2**20
    data = metadata.training_data
    few = too_few(data.images, held_back)
    sections = [
        f"# {metadata.name} {metadata.version}",
        *([f"**Do not rely on it.** {few}"] if few else []),
        f"`{model.name}`, {size:.1f} MiB, SHA-256 `{digest}`",
        "## What it was trained on",
        f"{data.images} normal photographs: {data.name}. Licence: {data.licence}. {data.attribution}",
        "## How it does",
        results or "It has not been evaluated.",
        "## Thresholds",
        _threshold("An image is called anomalous", metadata.decision),
        _threshold("A pixel belongs to a region", metadata.region),
        "No lesion mask was used to choose them.",
        "## Limits of use",
        _LIMITS,
        "## How it was made",
        _commands(metadata, config, begun_from, flips=flips),
        "Preprocessing:",
        _json(metadata.preprocessing.model_dump_json(indent=2)),
        "Training, as `--preset` and `--set` chose it:",
        _json(config.model_dump_json(indent=2)),
        _FLIPPED if flips else _AS_IT_IS,
        f"On held-back photographs its outputs equal those of the trained network within {difference:.1g}.",
    ]
    path.write_text("\n\n".join(sections) + "\n")


def _commands(metadata: ModelMetadata, config: TrainingConfig, begun_from: str, *, flips: bool) -> str:
    preset = next((name for name, preset in PRESETS.items() if preset == config), None)
    train = f" --preset {preset}" if preset else " --set ..."
    if begun_from:
        train = f" --from MODEL{train}    # SHA-256 of MODEL: {begun_from}"
    export = f" --name {metadata.name} --version {metadata.version}{' --flips' if flips else ''}"
    return (
        "```sh\n"
        f"python -m training train PHOTOGRAPHS --run RUN{train}\n"
        f"python -m training export RUN PHOTOGRAPHS{export}\n"
        "```"
    )


def _threshold(sentence: str, threshold: Threshold) -> str:
    return f"{sentence} from {threshold.value:.4f}: {threshold.chosen_by}."


def _json(text: str) -> str:
    return f"```json\n{text}\n```"
