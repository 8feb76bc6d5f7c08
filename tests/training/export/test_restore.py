from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.export.described import metadata
from tests.training.pictures import normal_images, retina
from training.export.graph import write_graph
from training.export.parity import TOLERANCE, largest_difference
from training.export.restore import RestoreError, restore
from training.networks.anomaly_network import AnomalyNetwork
from training.networks.autoencoder import Autoencoder
from training.networks.batch_norm import BatchNorm
from training.networks.localizer import GuidedLocalizer
from training.presets import COMPACT

SIZE = 128
IMAGES = normal_images(range(3), SIZE).prepared
RELEASED_INT8 = Path(__file__).parents[3] / "models" / "resynthdetect.int8.onnx"


def untrained(config=COMPACT.network):
    return GuidedLocalizer(config, Autoencoder(config))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model file of a network whose every layer has statistics, gains and shifts of its own."""
    torch.manual_seed(0)
    network = untrained()
    network.train()
    for seed in range(3):
        network(torch.from_numpy(retina(seed, SIZE))[None])
    for layer in network.modules():
        if isinstance(layer, BatchNorm):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, std=0.2)
    torch.nn.init.normal_(network.head.weight, std=0.5)
    path = tmp_path_factory.mktemp("exported") / "test.onnx"
    write_graph(AnomalyNetwork(network).eval(), metadata(SIZE), path)
    return path


@pytest.fixture
def restored(exported):
    torch.manual_seed(1)
    network = untrained()
    restore(network, exported, IMAGES)
    return network


def test_a_restored_network_computes_what_the_file_computes(exported, restored):
    others = [retina(seed, SIZE) for seed in range(5, 8)]
    assert largest_difference(AnomalyNetwork(restored).eval(), exported, others) < TOLERANCE


def test_a_step_turns_every_filter_as_far_and_begins_with_true_statistics(restored):
    for layer in restored.encoder.layers:
        torch.testing.assert_close(layer[0].weight.flatten(1).norm(dim=1), torch.ones(len(layer[0].weight)))
    batch = torch.from_numpy(np.stack(IMAGES))
    first = restored.encoder.layers[0][1]
    seen = []
    hook = first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    restored(batch)
    hook.remove()
    torch.testing.assert_close(first.running_mean, seen[0].mean(dim=(0, 2, 3)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(
        first.running_var, seen[0].var(dim=(0, 2, 3), correction=0), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("widths", [(8, 16), (32, 64, 128, 256, 512)])
def test_a_file_of_another_network_is_refused(exported, widths):
    network = untrained(COMPACT.network.model_copy(update={"widths": widths}))
    with pytest.raises(RestoreError, match="does not hold a network as configured"):
        restore(network, exported, IMAGES)


def test_an_int8_variant_is_refused():
    with pytest.raises(RestoreError, match="float32"):
        restore(untrained(), RELEASED_INT8, IMAGES)
