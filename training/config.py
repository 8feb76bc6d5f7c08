"""The configuration of a training; :mod:`training.presets` has its values and their reasons."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    field_validator,
    model_validator,
)

ShapeName = Literal["dots", "flame", "blob", "large blob", "pool", "spots", "boat"]
MatterName = Literal["blood", "thick blood", "pigment", "exudate", "cotton wool", "paste", "drusen", "burn"]
DistractorName = Literal["shading", "sheen", "dust", "stroke", "ghost", "reflex", "flare"]
# What some cameras show and others do not.
_OF_OTHER_CAMERAS = ("ghost", "reflex", "flare")


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _ordered(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"{list(ends)} must ascend")
    return ends


_Ascending = AfterValidator(_ordered)


class PaperConfig(_Config):
    """The paper's generator (section 3.3), with DRAEM's values where the paper is silent."""

    method: Literal["paper"] = "paper"
    # What lesions are made of (Table 4): other normal photographs, or photographs of textures.
    source: Literal["fundus", "texture"] = "fundus"
    # The shape of a paste (Table 4): Perlin noise, or the whole crop.
    mask: Literal["perlin", "whole"] = "perlin"
    # Paper: three of the seven.
    augmentations: int = Field(default=3, ge=0, le=7)
    # DRAEM leaves half of its images as they are.
    normal_share: float = Field(default=0.5, ge=0, le=1)
    # Paper: crops of variable size. DRAEM's one paste covers the whole image, so that is the largest; nobody
    # says which is the smallest.
    crop_side: Annotated[tuple[int, int], _Ascending] = (64, 768)
    # DRAEM: 2^0 to 2^5 periods in a crop, for each axis by itself.
    most_octaves: int = Field(default=5, ge=0)
    # DRAEM's threshold of the noise.
    threshold: float = 0.5
    # Equation 3; 1 pastes without self-mix (Table 4).
    alpha: float = Field(default=0.7, ge=0, le=1)


class CameraConfig(_Config):
    """How much the cameras differ that photograph drawn eyes."""

    # The share of pictures that another camera takes.
    share: float = Field(default=0.8, ge=0, le=1)
    # Standard deviation of the logarithm of gamma, of exposure and of each channel's gain.
    strength: float = Field(default=0.12, ge=0)


class LesionKind(_Config):
    """One kind of lesion: a shape of a matter.

    Attributes:
        shape: One of :data:`training.synthesis.shapes.SHAPES`.
        matter: One of :data:`training.synthesis.matters.MATTERS`.
        share: How often it is drawn, in proportion to the others'.
    """

    shape: ShapeName
    matter: MatterName
    share: float = Field(gt=0)


_TRAINED_ON = (
    # The paper's own lesions, of every shape. They are what keeps exudates found.
    LesionKind(shape="dots", matter="paste", share=13),
    LesionKind(shape="flame", matter="paste", share=6),
    LesionKind(shape="blob", matter="paste", share=16),
    LesionKind(shape="large blob", matter="paste", share=5),
    # Microaneurysms and dot haemorrhages.
    LesionKind(shape="dots", matter="blood", share=10),
    LesionKind(shape="flame", matter="blood", share=9),
    # Blot haemorrhages.
    LesionKind(shape="blob", matter="blood", share=12),
    LesionKind(shape="large blob", matter="blood", share=4),
    # Blood before the retina or in the vitreous.
    LesionKind(shape="pool", matter="thick blood", share=2),
    LesionKind(shape="dots", matter="pigment", share=1.5),
    LesionKind(shape="blob", matter="pigment", share=2.5),
    LesionKind(shape="dots", matter="exudate", share=6),
    LesionKind(shape="blob", matter="exudate", share=8),
    LesionKind(shape="large blob", matter="exudate", share=2),
    LesionKind(shape="blob", matter="cotton wool", share=7),
    LesionKind(shape="large blob", matter="cotton wool", share=1.5),
)


class LesionConfig(_Config):
    """The generator of drawn lesions."""

    method: Literal["lesions"] = "lesions"
    # Most pixels of every image are normal already, so few whole images suffice to teach that an eye may
    # hold nothing.
    normal_share: float = Field(default=0.12, ge=0, le=1)
    # The share of eyes that are looked at nearer or farther, and askew.
    zoom_share: float = Field(default=0.5, ge=0, le=1)
    # Groups of lesions in an image; a group is of one kind.
    groups: Annotated[tuple[int, int], _Ascending] = (2, 12)
    lesions: tuple[LesionKind, ...] = Field(default=_TRAINED_ON, min_length=1)
    # A lesion is drawn and labelled if its mean change, and its mean difference from its surroundings, reach
    # so many 8-bit levels.
    visible: float = Field(default=4.0, ge=0)
    # The share of images with things that are no lesion, and how many at most.
    distractor_share: float = Field(default=0.75, ge=0, le=1)
    most_distractors: int = Field(default=4, ge=1)
    # One that is named twice is drawn twice as often.
    distractors: tuple[DistractorName, ...] = (
        "shading",
        "sheen",
        "dust",
        "stroke",
        "ghost",
        "ghost",
        "reflex",
        "reflex",
        "flare",
    )
    camera: CameraConfig = CameraConfig()
    # In the first of several cycles nothing of other cameras is drawn: neither their distractors nor their
    # views. A network that meets them before it knows lesions learns less.
    own_camera_first: bool = True

    def of_own_camera(self) -> Self:
        """The same without other cameras' views and distractors; the others are drawn as often as before."""
        own = tuple(name for name in self.distractors if name not in _OF_OTHER_CAMERAS)
        share = self.distractor_share * len(own) / max(len(self.distractors), 1)
        return self.model_copy(update={"zoom_share": 0.0, "distractors": own, "distractor_share": share})


# Held-back normals get lesions that no training draws: a network that has learned its generator instead of
# eyes is not preferred, and its thresholds are not taken from what it knows.
UNSEEN_LESIONS = LesionConfig(
    lesions=(
        LesionKind(shape="spots", matter="drusen", share=1),
        LesionKind(shape="spots", matter="burn", share=1),
        LesionKind(shape="boat", matter="blood", share=1),
    ),
    zoom_share=0,
    distractors=(),
    camera=CameraConfig(share=0),
)


GeneratorConfig = Annotated[PaperConfig | LesionConfig, Field(discriminator="method")]


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
    # Brings every image to one mean colour and one contrast, in which cameras differ.
    standardize: bool = False

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
    # The learning rate rises and falls once in each cycle: the length of each, relative to the others. A
    # cycle rises to ``cycle_decay`` of the one before.
    cycles: tuple[PositiveInt, ...] = Field(default=(1,), min_length=1)
    cycle_decay: float = Field(default=0.4, gt=0, le=1)
    # Side of the window trained on; the size of the prepared image means all of it.
    window: int = Field(default=768, ge=64)
    # Averaging the weights over time; 0 trains without.
    average_decay: float = Field(default=0.0, ge=0, lt=1)
    # A bad batch must not throw the weights out of their valley; null trains without.
    gradient_clip: float | None = Field(default=1.0, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _every_cycle_outlasts_the_warm_up(self) -> Self:
        shortest = self.epochs * min(self.cycles) / sum(self.cycles)
        if self.warmup_epochs >= shortest:
            raise ValueError(
                f"warmup_epochs={self.warmup_epochs} must be less than the shortest cycle, which has "
                f"{shortest:g} epochs"
            )
        return self


class LossConfig(_Config):
    """What stage 2 minimises: the focal loss (equation 2), and what we add to it."""

    focusing: float = Field(default=2.0, ge=0)
    # A lesion's pixels count (area / its own area) ** 0.5 times, between these two, so that microaneurysms
    # are not drowned by haemorrhages. Left out, every pixel counts once, as in the paper.
    lesion_area: float | None = Field(default=None, gt=0)
    lesion_weights: Annotated[tuple[float, float], _Ascending] = (0.6, 5.0)
    # Dice of the batch is added so many times.
    dice: float = Field(default=0.0, ge=0)


class TrainingConfig(_Config):
    """A whole training: networks, generator and both stages."""

    network: NetworkConfig
    generator: GeneratorConfig = LesionConfig()
    # What is drawn into held-back normals, which choose epoch and thresholds.
    held_back_generator: GeneratorConfig = UNSEEN_LESIONS
    reconstruction: StageConfig
    localization: StageConfig
    loss: LossConfig = LossConfig()
    # Share of the normals that nothing is trained on: they choose epoch and thresholds.
    held_back: float = Field(default=0.125, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)

    @field_validator("held_back_generator")
    @classmethod
    def _textures_are_trained_on(cls, generator: GeneratorConfig) -> GeneratorConfig:
        if isinstance(generator, PaperConfig) and generator.source == "texture":
            raise ValueError("held-back normals get no lesions of textures")
        return generator
