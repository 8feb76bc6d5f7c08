"""The interface of the methods that the tables compare with ours."""

from pathlib import Path
from typing import Protocol

from training.config import TrainingConfig
from training.errors import UserError
from training.evaluation.methods import Predictor
from training.stages.samples import Images
from training.stages.stage import Hardware


class RivalError(UserError):
    """A rival cannot be run here; the message says what is missing."""


class Rival(Protocol):
    """A published method that learns from normal photographs alone."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    @property
    def backbone(self) -> str:
        """What it starts from, as a phrase for the table."""
        ...

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train on normal photographs, or continue a training that was killed.

        Args:
            images: Normal photographs to learn from, each prepared, uint8 (size, size, 3), RGB, black outside
                the field of view.
            held_back: Normal photographs that choose the epoch, where there is one to choose.
            config: Its seed decides everything random; its stages give the budget.
            folder: The rival's own folder. What was finished there is read and not repeated, so another
                budget or other photographs need another folder.
            hardware: Where and how.

        Returns:
            A predictor, which does not read the folder again.

        Raises:
            RivalError: A package that it needs is not installed.
        """
        ...
