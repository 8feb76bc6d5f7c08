"""Named trainings; each value with its reason."""

from training.config import (
    LossConfig,
    NetworkConfig,
    PaperConfig,
    StageConfig,
    TrainingConfig,
)

_PAPER_STAGE = StageConfig(
    # DRAEM's number; on 116 images that is 10,000 steps.
    epochs=700,
    # Section 4.1.
    warmup_epochs=50,
    # DRAEM's number.
    batch_size=8,
    # Section 4.1: from 5e-5 along a cosine to 2.5e-5.
    learning_rate=5e-5,
    final_learning_rate=2.5e-5,
    # The paper names none.
    gradient_clip=None,
)

# As in the paper, with DRAEM's values where the paper is silent; only the localizer's last layer begins at a
# probability of 0.01, as focal loss asks for. Made for a GPU; the paper's had 24 GB.
PAPER = TrainingConfig(
    # 32 to 512 is the U-Net of most of the paper's relatives at half width: 16.9 M parameters.
    network=NetworkConfig(widths=(32, 64, 128, 256, 512)),
    # The paper gives one set of values and names no stage.
    reconstruction=_PAPER_STAGE,
    localization=_PAPER_STAGE,
    generator=PaperConfig(),
    held_back_generator=PaperConfig(),
)

# Made to be trained in a few hours and served within a fraction of a second on two CPU cores.
COMPACT = TrainingConfig(
    network=NetworkConfig(
        # Half of the paper preset's widths: 4.0 M parameters.
        widths=(16, 32, 64, 128, 256),
        # A quarter of the work. With the widths above: 29 GFLOP an image instead of 115.
        fold=2,
        # In a short training the network does not find out by itself that lighting does not matter.
        local_contrast=True,
        # Cameras that it never saw differ less, and so do photographs of one camera.
        standardize=True,
    ),
    reconstruction=StageConfig(
        epochs=20,
        warmup_epochs=1,
        # The smallest batch for which batch normalisation is steady; small batches make many steps.
        batch_size=4,
        # Twenty times the paper's: there are fewer steps, and gradients are clipped.
        learning_rate=1e-3,
        # Down to nothing, so that the last weights need no more averaging.
        final_learning_rate=1e-5,
        # Half the side: four different views of retina for the price of one image.
        window=384,
        average_decay=0.99,
    ),
    localization=StageConfig(
        # Two hours on two CPU cores, some minutes on a large GPU.
        epochs=250,
        warmup_epochs=3,
        batch_size=4,
        learning_rate=1e-3,
        # A second, gentler cycle finds what the first was too short for; a third, half as long, settles it.
        cycles=(2, 2, 1),
        final_learning_rate=1e-5,
        # Whole images: lesions up to half as wide as the eye, and the light and shade around them.
        window=768,
        # Averages the last thousand steps.
        average_decay=0.998,
        # There is time to overfit 116 images in 250 epochs.
        weight_decay=1e-2,
    ),
    loss=LossConfig(
        # Half of all microaneurysms are smaller than a fifth of this.
        lesion_area=100,
        # Focal loss is a few thousandths, Dice nearly 1 at first.
        dice=0.006,
    ),
)

PRESETS = {"compact": COMPACT, "paper": PAPER}
