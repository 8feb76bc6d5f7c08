import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from training.stages.average import AveragedNetwork

# When nothing is forgotten sooner.
LATER = 10**6


def network(value):
    layers = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    for tensor in [*layers.parameters(), *layers.buffers()]:
        tensor.data.fill_(value)
    return layers


def test_weights_and_statistics_approach_the_networks():
    average = AveragedNetwork(network(0), 0.9)
    average.update(network(1), LATER)
    average.update(network(1), LATER)
    state = average.state_dict()
    assert state["0.weight"].mean().item() == pytest.approx(1 - 0.9**2)
    assert state["1.running_mean"].mean().item() == pytest.approx(1 - 0.9**2)
    assert state["1.num_batches_tracked"].item() == 1


def test_the_first_steps_of_a_short_training_are_forgotten_sooner():
    average = AveragedNetwork(network(0), 0.999)
    for step in range(100):
        average.update(network(1), step)
    assert average.state_dict()["0.weight"].mean().item() > 0.99


def test_without_decay_it_is_the_network():
    average = AveragedNetwork(network(0), 0)
    average.update(network(3), LATER)
    assert all((tensor == 3).all() for tensor in average.state_dict().values())


def test_it_goes_on_from_a_state():
    average, other = AveragedNetwork(network(2), 0.5), AveragedNetwork(network(0), 0.5)
    other.load_state_dict(average.state_dict())
    other.update(network(4), LATER)
    assert other.state_dict()["0.bias"].tolist() == [3, 3]


class NoReading(TorchDispatchMode):
    """Fails where a value is read from the device, for which the host has to wait."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        assert function is not torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


def test_an_update_waits_for_nothing():
    average, other = AveragedNetwork(network(0), 0.5), network(1)
    with NoReading():
        average.update(other, LATER)
    assert average.state_dict()["0.bias"].tolist() == [0.5, 0.5]
