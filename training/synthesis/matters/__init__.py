"""What lesions are made of, by name: what light does where they are.

A matter is one function: from a scene, a stencil and a random generator to the new pixels of the scene. They
draw on the photograph before CLAHE, where light adds up as in an eye; since CLAHE comes last, a large
haemorrhage is flattened in its middle and haloed at its rim as a real one is.
"""

from collections.abc import Callable, Mapping

import numpy as np

from training.synthesis.matters.blood import draw_blood, draw_pigment, draw_thick_blood
from training.synthesis.matters.burn import draw_burn
from training.synthesis.matters.cotton_wool import draw_cotton_wool
from training.synthesis.matters.drusen import draw_drusen
from training.synthesis.matters.exudate import draw_exudate
from training.synthesis.matters.paste import draw_paste
from training.synthesis.scene import Pixels, Scene, Stencil

Matter = Callable[[Scene, Stencil, np.random.Generator], Pixels]

MATTERS: Mapping[str, Matter] = {
    "blood": draw_blood,
    "thick blood": draw_thick_blood,
    "pigment": draw_pigment,
    "exudate": draw_exudate,
    "cotton wool": draw_cotton_wool,
    "paste": draw_paste,
    "drusen": draw_drusen,
    "burn": draw_burn,
}
