"""What a caller chooses about the picture of a heatmap; imports nothing, so that clients can."""

from enum import StrEnum
from typing import Literal

# The longest side of a picture, in pixels. A model sees as many: a larger one shows no more of its heatmap.
DEFAULT_SIZE = 768
Size = int | Literal["full"]


class Heatmap(StrEnum):
    """How a heatmap is drawn.

    Attributes:
        OVERLAY: Colour over the photograph, RGB; the more probable, the more opaque.
        MAP: The colour alone, RGBA: the layer that makes an overlay when laid on the photograph.
        RAW: 16-bit grey, probability = value / 65535.
        NONE: No picture.
    """

    OVERLAY = "overlay"
    MAP = "map"
    RAW = "raw"
    NONE = "none"
