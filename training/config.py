"""Everything about a training that can be chosen, with the reason for each value, and the presets."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

# The seven of the paper's section 3.3, in :mod:`training.synthesis.augmentations`.
AugmentationName = Literal[
    "sharpen",
    "solarize",
    "gamma_contrast",
    "change_hue",
    "change_colour_temperature",
    "auto_contrast",
    "shift_colour",
]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GeneratorConfig(_Config):
    """The anomaly generator (paper, section 3.3). Lengths are pixels of the prepared image."""

    # What lesions are made of (Table 4): other normal photographs, or photographs of textures.
    source: Literal["fundus", "texture"] = "fundus"
    # The shape of a paste (Table 4): blobs of Perlin noise, or the whole crop.
    mask: Literal["perlin", "whole"] = "perlin"
    # Paper: three of the seven.
    augmentations: int = Field(default=3, ge=0, le=7)
    # Those that are never drawn, to see what each contributes.
    left_out: tuple[AugmentationName, ...] = ()
    # DRAEM leaves half its images normal; here most pixels of every image are normal already, so fewer
    # suffice to teach that an image may hold nothing.
    normal_share: float = Field(default=0.2, ge=0, le=1)
    # Lesions come in groups; a group is one crop with its Perlin mask.
    groups: tuple[int, int] = (1, 5)
    # Even in the logarithm: as many microaneurysms (a few pixels) as large haemorrhages.
    crop_side: tuple[int, int] = (10, 256)
    # The share of groups that may reach beyond the window trained on, as a large lesion does: what is seen of
    # it has no rim all around.
    overhang_share: float = Field(default=0.0, ge=0, le=1)
    # From one blob that fills the crop to dozens in it, never below what 768 pixels resolve.
    cell_share: tuple[float, float] = (0.08, 0.6)
    smallest_cell: float = Field(default=4.0, gt=0)
    # The higher, the smaller and sparser the blobs of a group (DRAEM: always 0.5).
    threshold: tuple[float, float] = (0.1, 0.6)
    # Equation 3; 1 pastes without self-mix (Table 4).
    alpha: float = Field(default=0.7, ge=0, le=1)
    # A pasted rim is sharper than any camera draws, and blood has no sharp border: the weights are blurred by
    # up to so many pixels, the smaller the crop the less.
    rim_blur: float = Field(default=1.5, ge=0)
    # A paste that cannot be seen, labelled as a lesion, teaches that normal texture is one. A blob is pasted
    # only where its mean colour differs so much from its surroundings and from what was there before (root
    # mean square over the channels, in 8-bit levels).
    contrast: float = Field(default=16.0, ge=0)
    # The share of crops whose mean colour is first brought to that of the place they are pasted to, so that
    # the augmentations decide what differs and not the pigment of two eyes.
    colour_match: float = Field(default=0.5, ge=0, le=1)
    # The share of crops cut from the very place they are pasted to. Only the augmentations make such a
    # lesion: it has no seam in the texture, as real lesions have none.
    in_place_share: float = Field(default=0.0, ge=0, le=1)
    # The share of its own texture that a crop keeps, for blood and fat are smoother than the retina beneath.
    # Left out, it keeps all.
    texture: tuple[float, float] | None = None
    # The mean difference of a paste from its surroundings (as in ``contrast``), even in its logarithm; the
    # augmentations then give its direction alone. Left out, they give its size too.
    paste_contrast: tuple[float, float] | None = None


class NetworkConfig(_Config):
    """Both networks: their encoders agree in width and resolution at each layer (paper, section 3.2)."""

    widths: tuple[int, ...] = Field(min_length=2)
    # Space to depth before the first layer, depth to space after the last: 2 quarters the work, and no
    # pixel is lost.
    fold: Literal[1, 2, 4] = 1
    # What the localizer sees of stage 1 (Table 3): the features of the trained E_r, those of a random one,
    # the reconstructed image, or nothing.
    guide: Literal["trained", "random", "reconstruction", "none"] = "trained"
    # Adds the image less its local mean as three more channels: lighting and pigment drop out.
    local_contrast: bool = False

    @property
    def guided_by_stage_1(self) -> bool:
        """Whether the guide is something that stage 1 has to be trained for."""
        return self.guide in ("trained", "reconstruction")


class StageConfig(_Config):
    """One training stage."""

    epochs: int = Field(ge=1)
    warmup_epochs: int = Field(ge=0)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(ge=0)
    # Side of the window trained on; the size of the prepared image means all of it.
    window: int = Field(default=768, ge=64)
    # The share of windows that are hard negatives but for what is pasted into them: of several, the one that
    # differs most from its own local mean, which holds vessel crossings and the rim of the optic disc.
    hard_share: float = Field(default=0.0, ge=0, le=1)
    # Averaging the weights over time; 0 trains without.
    average_decay: float = Field(default=0.0, ge=0, lt=1)
    # A bad batch must not throw the weights out of their valley.
    gradient_clip: float = Field(default=1.0, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    # Brightness, gamma and warmth of the finished picture vary this much (standard deviation), so that
    # another camera is not an anomaly.
    camera_jitter: float = Field(default=0.0, ge=0)


class RefinementConfig(_Config):
    """A second round of stage 2, from the weights of the first, on lesions that are harder to see.

    A network that starts on lesions as faint as real ones learns next to nothing for a long time; one that
    has learned the plain ones first goes on from there.
    """

    generator: GeneratorConfig
    stage: StageConfig
    # The share of the refined weights in the trained network's; the rest are the first round's. Between the
    # two lies a network that finds the faint and still draws the plain as sharply (Wortsman et al., Robust
    # fine-tuning of zero-shot models, 2022).
    share: float = Field(default=1.0, gt=0, le=1)


class TrainingConfig(_Config):
    """A whole training: networks, generator and both stages."""

    network: NetworkConfig
    generator: GeneratorConfig = GeneratorConfig()
    reconstruction: StageConfig
    localization: StageConfig
    # Left out, stage 2 has one round, as in the paper.
    refinement: RefinementConfig | None = None
    # Share of the normals that nothing is trained on: they choose epoch and thresholds.
    held_back: float = Field(default=0.125, gt=0, lt=1)
    # Focal loss (equation 2).
    focusing: float = Field(default=2.0, ge=0)
    seed: int = Field(default=0, ge=0)

    def last_round(self) -> Self:
        """Return the same training with the last round's generator and stage in the place of stage 2's."""
        if self.refinement is None:
            return self
        last = {"generator": self.refinement.generator, "localization": self.refinement.stage}
        return self.model_copy(update=last)
