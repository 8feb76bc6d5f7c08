import numpy as np
import pytest

from tests.training.pictures import retina
from training.config import NetworkConfig, StageConfig, TrainingConfig
from training.stages.stage import Hardware

STAGE = StageConfig(
    epochs=2,
    warmup_epochs=0,
    batch_size=2,
    learning_rate=3e-3,
    final_learning_rate=1e-3,
    window=64,
)


@pytest.fixture(scope="session")
def config():
    return TrainingConfig(
        network=NetworkConfig(widths=(4, 8), fold=2, local_contrast=True),
        reconstruction=STAGE,
        localization=STAGE,
    )


@pytest.fixture(scope="session")
def images():
    """Six drawn retinas, read-only as those of a prepared set are."""
    pictures = np.stack([retina(seed, 96) for seed in range(6)])
    pictures.flags.writeable = False
    return pictures


@pytest.fixture(scope="session")
def spotted(images):
    """The last two retinas with a bright disc, and where it is."""
    pictures, mask = images[4:].copy(), np.zeros((2, 96, 96), bool)
    rows, columns = np.mgrid[:96, :96]
    mask[:] = np.hypot(rows - 40, columns - 56) < 8
    pictures[mask] = (240, 230, 90)
    return pictures, mask


@pytest.fixture(scope="session")
def hardware():
    return Hardware(workers=0, mixed_precision=False)
