import pytest

from training.config import PaperConfig
from training.overrides import OverrideError, override
from training.presets import COMPACT, PRESETS


def test_values_at_any_depth_are_set_and_the_rest_stays():
    changed = override(COMPACT, ["seed=7", "localization.epochs=30", "network.widths=[8, 16]"])
    assert (changed.seed, changed.localization.epochs, changed.network.widths) == (7, 30, (8, 16))
    assert changed.reconstruction == COMPACT.reconstruction
    assert COMPACT.seed == 0


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("localization.epoch=3", "there is no value localization.epoch"),
        ("nothing.epochs=3", "there is no value nothing.epochs"),
        ("seed.deeper=3", "there is no value seed.deeper"),
        ("localization.epochs=0", "localization.epochs: .*greater than or equal to 1"),
        # Its shortest cycle is a fifth of it.
        ("localization.epochs=15", "localization: .*warmup_epochs=3 .* less than .* which has 3 epochs"),
        ("generator.groups=[8, 1]", r"generator.*groups: .*\[8, 1\] must ascend"),
        ("loss.lesion_weights=[5, 0.6]", r"lesion_weights: .*\[5.0, 0.6\] must ascend"),
        ('generator={"method": "paper", "crop_side": [768, 64]}', r"crop_side: .*\[768, 64\] must ascend"),
        ('held_back_generator={"method": "paper", "source": "texture"}', "no lesions of textures"),
        ("localization.epochs=three", "is not JSON"),
        ("localization.epochs", "is not of the form"),
    ],
)
def test_what_cannot_be_set_is_named(assignment, complaint):
    with pytest.raises(OverrideError, match=complaint):
        override(COMPACT, [assignment])


def test_a_generator_may_be_replaced_by_the_papers():
    changed = override(COMPACT, ['generator={"method": "paper", "alpha": 1.0}'])
    assert changed.generator == PaperConfig(alpha=1.0)
    with pytest.raises(OverrideError, match=r"generator\.lesions"):
        override(COMPACT, ["generator.lesions=[]"])


def test_the_papers_preset_trains_what_the_paper_describes():
    paper = PRESETS["paper"]
    generator = paper.generator
    assert isinstance(generator, PaperConfig)
    assert (generator.augmentations, generator.alpha) == (3, 0.7)
    assert (paper.loss.focusing, paper.loss.lesion_area, paper.loss.dice) == (2, None, 0)
    assert paper.network.widths == (32, 64, 128, 256, 512)
    assert not paper.network.local_contrast
    for stage in (paper.reconstruction, paper.localization):
        assert (stage.learning_rate, stage.final_learning_rate, stage.warmup_epochs) == (5e-5, 2.5e-5, 50)
        assert (stage.window, stage.average_decay, stage.weight_decay) == (768, 0, 0)
        assert stage.gradient_clip is None
