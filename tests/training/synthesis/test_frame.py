import numpy as np

from training.synthesis.frame import cut_by_frame
from training.synthesis.view import View

SIDE = 100


def cut(seed):
    picture = np.random.default_rng(100 + seed).integers(1, 256, (SIDE, SIDE, 3), np.uint8)
    view = View(picture.copy(), np.ones((SIDE, SIDE), np.bool_))
    cut_by_frame(view, np.random.default_rng(seed))
    return picture, view


def test_an_eye_is_cut_straight_at_one_side_or_at_two_that_face_each_other():
    sides = set()
    for seed in range(60):
        _, view = cut(seed)
        rows, columns = (view.inside.any(axis=axis) for axis in (1, 0))
        assert np.array_equal(view.inside, rows[:, None] & columns[None, :])
        assert rows.all() or columns.all()
        cut_off = (~rows[0], ~rows[-1], ~columns[0], ~columns[-1])
        assert 1 <= sum(cut_off) <= 2
        assert 0.7 <= view.inside.mean() <= 0.99
        sides.add(tuple(map(bool, cut_off)))
    assert len(sides) == 6


def test_beyond_the_cut_the_picture_is_mirrored():
    for seed in range(20):
        picture, view = cut(seed)
        assert np.array_equal(view.picture[view.inside], picture[view.inside])
        rows = view.inside.any(axis=1)
        if not rows[0]:
            row = int(rows.argmax())
            assert np.array_equal(view.picture[row - 1], view.picture[row])
            assert np.array_equal(view.picture[0], view.picture[2 * row - 1])
