from pathlib import Path

import onnx
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.roofline import Cost, for_batch
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.presets import COMPACT

SIDE = 768 // COMPACT.network.fold
MODEL = Path(__file__).parents[2] / "models" / "resynthdetect.onnx"


def cost():
    return Cost.of(for_batch(onnx.load(MODEL), 1))


def test_the_operations_are_those_that_torch_counts():
    """All but those of the convolution that folds, which only picks."""
    with torch.device("meta"):
        autoencoder = Autoencoder(COMPACT.network)
        localizer = GuidedLocalizer(COMPACT.network, autoencoder)
        folded = torch.empty(1, autoencoder.channels, SIDE, SIDE)
    with FlopCounterMode(display=False) as counter:
        localizer.head(localizer.decoder(localizer.encoder(*localizer.guide(folded))))
    assert cost().operations == counter.get_total_flops()
