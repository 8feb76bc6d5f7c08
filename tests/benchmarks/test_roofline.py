from pathlib import Path

import onnx
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.roofline import Cost, for_batch
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.presets import COMPACT

SIDE = 768 // COMPACT.network.fold
MODELS = Path(__file__).parents[2] / "models"


def cost(name):
    return Cost.of(for_batch(onnx.load(MODELS / f"{name}.onnx"), 1))


def test_the_operations_are_those_that_torch_counts():
    """All but those of the convolution that folds, which only picks."""
    with torch.device("meta"):
        autoencoder = Autoencoder(COMPACT.network)
        localizer = GuidedLocalizer(COMPACT.network, autoencoder)
        folded = torch.empty(1, autoencoder.channels, SIDE, SIDE)
    with FlopCounterMode(display=False) as counter:
        localizer.head(localizer.decoder(localizer.encoder(*localizer.guide(folded))))
    assert cost("resynthdetect-compact").operations == counter.get_total_flops()


def test_four_looks_take_four_times_as_many_and_the_same_weights():
    one, four = cost("resynthdetect-compact"), cost("resynthdetect")
    assert (four.operations, four.elements) == (4 * one.operations, 4 * one.elements)
    assert four.weights == one.weights
