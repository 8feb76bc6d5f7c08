"""The interface of the generators of synthetic images."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from training.config import GeneratorConfig, PaperConfig
from training.data.prepared import NormalImages
from training.synthesis.lesions import LesionGenerator
from training.synthesis.paper.generator import PaperGenerator
from training.synthesis.scene import SyntheticImage


class Generator(Protocol):
    """Draws anomalies into normal images."""

    def pictures_of(self, normals: NormalImages) -> Sequence[NDArray[np.uint8]] | NDArray[np.uint8]:
        """Return the pictures of normal photographs that it draws on."""
        ...

    def __call__(
        self,
        target: NDArray[np.uint8],
        source: NDArray[np.uint8],
        generator: np.random.Generator,
        scale: float = 1.0,
    ) -> SyntheticImage:
        """Draw into a target, each of whose pixels is ``scale`` of its photograph's wide, from a source."""
        ...


def make_generator(config: GeneratorConfig, constants: PreprocessingConstants) -> Generator:
    """Return the generator that a configuration describes.

    Args:
        config: The generator's.
        constants: How normal images were prepared.
    """
    if isinstance(config, PaperConfig):
        return PaperGenerator(config)
    return LesionGenerator(config, constants)
