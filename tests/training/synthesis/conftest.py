import numpy as np
import pytest

from tests.training.pictures import normal_images
from training.synthesis.lesions import background_of
from training.synthesis.scene import Scene


@pytest.fixture(scope="session")
def eyes():
    """Two drawn eyes before CLAHE, with their fields of view: uint8 (256, 256, 4)."""
    return normal_images(range(2)).natural


@pytest.fixture
def scene(eyes):
    """A place of 80 pixels in the middle of the first eye, with the second as donor."""
    place = (slice(90, 170), slice(90, 170))
    picture = np.ascontiguousarray(eyes[0][..., :3])
    pixels, background = (part[place].astype(np.float32) for part in (picture, background_of(picture)))
    return Scene(pixels, background, eyes[1][..., :3])
