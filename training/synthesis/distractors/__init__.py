"""Things in a photograph that are no lesion, by name. They are drawn before the lesions and bear no label.

Without them a network learns that whatever was drawn is a lesion. A distractor is one function that changes a
whole picture, uint8 (height, width, 3), RGB, in place.
"""

from collections.abc import Callable, Mapping

import numpy as np

from training.synthesis.distractors.dust import add_dust
from training.synthesis.distractors.flare import add_flare
from training.synthesis.distractors.ghost import add_ghost
from training.synthesis.distractors.reflex import add_reflex
from training.synthesis.distractors.shading import add_shading
from training.synthesis.distractors.sheen import add_sheen
from training.synthesis.distractors.stroke import add_stroke
from training.synthesis.scene import Picture

Distractor = Callable[[Picture, np.random.Generator], None]

DISTRACTORS: Mapping[str, Distractor] = {
    "shading": add_shading,
    "sheen": add_sheen,
    "dust": add_dust,
    "stroke": add_stroke,
    "ghost": add_ghost,
    "reflex": add_reflex,
    "flare": add_flare,
}
