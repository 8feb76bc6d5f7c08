"""What PaDiM and PatchCore share: the distance of features from those of normal photographs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.config import TrainingConfig
from training.evaluation.methods import Predictor
from training.paper.rivals.parts.backbone import BACKBONE, EfficientNetLite0, FeaturePyramid
from training.paper.rivals.parts.prediction import predictor, resize_maps, smooth_maps
from training.stages.checkpoint import load_checkpoint, save_checkpoint
from training.stages.samples import Images
from training.stages.stage import Hardware

# Both papers', at the resolution of the network's input.
_SIGMA = 4.0


@dataclass(frozen=True)
class FeatureDistance(ABC):
    """Learns once what normal features are, and maps the distance of others from them.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        pyramid: Makes the network that extracts features.
        side: Side that photographs are scaled to; half the prepared size, which is more than the papers' 224.
    """

    name: str
    backbone: str = BACKBONE
    pyramid: Callable[[], FeaturePyramid] = EfficientNetLite0
    side: int = 384

    @abstractmethod
    def learn(self, images: Images, pyramid: FeaturePyramid, seed: int, device: str) -> dict[str, Tensor]:
        """Return what is kept of normal photographs, each uint8 (size, size, 3)."""

    @abstractmethod
    def distance(self, image: Tensor, pyramid: FeaturePyramid, learned: Mapping[str, Tensor]) -> Tensor:
        """Map a photograph, uint8 (1, size, size, 3), to distances, float32 (1, rows, columns)."""

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Learn; a killed fit starts again. See :class:`Rival`."""
        del held_back
        pyramid = self.pyramid()
        pyramid.to(hardware.device)
        file = folder / f"{self.name.lower()}.pt"
        state = load_checkpoint(file)
        if state is None:
            with torch.inference_mode():
                state = self.learn(images, pyramid, config.seed, hardware.device)
            save_checkpoint(file, state)
        learned = {name: value.to(hardware.device) for name, value in state.items()}
        return predictor(lambda image: self._heatmap(image, pyramid, learned), hardware.device)

    def _heatmap(self, image: Tensor, pyramid: FeaturePyramid, learned: Mapping[str, Tensor]) -> Tensor:
        distance = self.distance(image, pyramid, learned)
        smooth = smooth_maps(resize_maps(distance, self.side), _SIGMA)
        return resize_maps(smooth, image.shape[1])
