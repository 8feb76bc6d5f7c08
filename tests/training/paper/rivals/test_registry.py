import numpy as np
import pytest

from training.paper.rivals import RIVALS, find_rival


def test_names_and_backbones_tell_the_rivals_apart():
    assert len({rival.name for rival in RIVALS.values()}) == len(RIVALS) == 9
    assert all(rival.backbone for rival in RIVALS.values())


def test_textures_go_to_the_rival_that_uses_them():
    textures = np.ones((2, 8, 8, 3), np.uint8)
    assert find_rival("padim", textures) is RIVALS["padim"]
    assert find_rival("draem") is RIVALS["draem"]
    assert "for want of textures" in find_rival("draem").backbone
    assert find_rival("draem", textures).backbone.endswith("anomalies of textures")


def test_an_unknown_rival_is_an_error():
    with pytest.raises(KeyError, match="oracle"):
        find_rival("oracle")
