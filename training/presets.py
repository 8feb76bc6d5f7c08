"""Named trainings; each value with its reason."""

from training.config import (
    GeneratorConfig,
    NetworkConfig,
    RefinementConfig,
    StageConfig,
    TrainingConfig,
)

_PAPER_STAGE = StageConfig(
    # DRAEM's number; on 134 images that is 12,000 steps.
    epochs=700,
    # Section 4.1.
    warmup_epochs=50,
    # DRAEM's number.
    batch_size=8,
    # Section 4.1: from 5e-5 along a cosine to 2.5e-5.
    learning_rate=5e-5,
    final_learning_rate=2.5e-5,
)

# As in the paper, with DRAEM's values where the paper is silent. Made for a GPU; the paper's had 24 GB.
PAPER = TrainingConfig(
    # 32 to 512 is the U-Net of most of the paper's relatives at half width: 16.9 M parameters.
    network=NetworkConfig(widths=(32, 64, 128, 256, 512)),
    # The paper gives one set of values and names no stage.
    reconstruction=_PAPER_STAGE,
    localization=_PAPER_STAGE,
)

# Made to be trained in an hour or two and served within a fraction of a second on two CPU cores.
COMPACT = TrainingConfig(
    network=NetworkConfig(
        # Half of the paper preset's widths: 4.0 M parameters.
        widths=(16, 32, 64, 128, 256),
        # A quarter of the work. With the widths above: 29 GFLOP an image instead of 115.
        fold=2,
        # In a short training the network does not find out by itself that lighting does not matter.
        local_contrast=True,
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
        epochs=180,
        warmup_epochs=2,
        batch_size=4,
        learning_rate=1e-3,
        final_learning_rate=1e-5,
        window=384,
        # Averages the last few hundred steps.
        average_decay=0.995,
        # There is time to overfit 120 images in 180 epochs.
        weight_decay=1e-4,
        # Another camera differs by about so much after CLAHE.
        camera_jitter=0.1,
    ),
    refinement=RefinementConfig(
        generator=GeneratorConfig(
            # The first round's lesions all came from elsewhere and were seen by their seams. Most of these
            # are the retina beneath, only darker or brighter, and smoother: so is blood.
            in_place_share=0.6,
            texture=(0.1, 1.0),
            # Half of all real haemorrhages differ from their surroundings by less than the first round's 16.
            contrast=13.0,
            # Up to haemorrhages that fill a quarter of the retina.
            crop_side=(8, 640),
            overhang_share=0.5,
            groups=(2, 8),
        ),
        stage=StageConfig(
            # Longer, and it learns these lesions instead of those of eyes.
            epochs=25,
            warmup_epochs=1,
            batch_size=4,
            # Half the first round's: what was learned there is to stay.
            learning_rate=5e-4,
            final_learning_rate=1e-5,
            window=384,
            average_decay=0.995,
            weight_decay=1e-4,
            camera_jitter=0.1,
        ),
        share=0.7,
    ),
)

PRESETS = {"compact": COMPACT, "paper": PAPER}
