import numpy as np

from training.synthesis.scene import Scene
from training.synthesis.visibility import only_near, visible_lesions

RETINA = np.full((60, 60, 3), (170, 90, 45), np.float32)
SCENE = Scene(RETINA, RETINA, RETINA.astype(np.uint8))


def two_lesions():
    shape = np.zeros((60, 60), bool)
    shape[2:6, 2:6] = True
    shape[30:50, 30:50] = True
    return shape


def test_a_lesion_is_kept_whole_or_dropped_whole_by_its_mean_change():
    drawn = RETINA.copy()
    drawn[2:4, 2:6] -= 20  # half of the first lesion: 10 levels on average
    kept = visible_lesions(two_lesions(), drawn, SCENE, 9)
    assert kept[2:6, 2:6].all()
    assert kept.sum() == 16
    assert not visible_lesions(two_lesions(), drawn, SCENE, 11).any()


def test_a_lesion_has_to_differ_from_its_surroundings_too():
    vessel = RETINA.copy()
    vessel[two_lesions()] -= 30
    drawn = RETINA.copy()  # what covers a vessel by the colour of the retina around it
    assert not visible_lesions(two_lesions(), drawn, SCENE._replace(pixels=vessel), 4).any()
    assert visible_lesions(two_lesions(), vessel, SCENE, 4).all(where=two_lesions())


def test_an_empty_shape_stays_empty():
    assert not visible_lesions(np.zeros((60, 60), bool), RETINA - 50, SCENE, 0).any()


def test_what_is_not_near_a_visible_lesion_is_taken_back():
    visible = two_lesions()
    visible[:20] = False
    drawn = only_near(visible, RETINA - 40, RETINA)
    np.testing.assert_array_equal(drawn[:20, :20], RETINA[:20, :20])
    np.testing.assert_array_equal(drawn[30:50, 30:50], RETINA[30:50, 30:50] - 40)
