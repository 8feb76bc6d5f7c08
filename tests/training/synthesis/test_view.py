import numpy as np

from training.synthesis.view import draw_view, turn


def test_turns_are_the_eight_of_a_square_and_copies():
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 4), np.uint8)
    picture.flags.writeable = False
    turns = [np.rot90(side, quarter) for side in (picture, picture[:, ::-1]) for quarter in range(4)]
    seen = set()
    for seed in range(60):
        turned = turn(picture, np.random.default_rng(seed))
        assert turned.flags.writeable
        seen.add(next(index for index, each in enumerate(turns) if np.array_equal(each, turned)))
    assert seen == set(range(8))


def test_a_view_without_zoom_is_the_turned_eye(eyes):
    view = draw_view(eyes[0], 0, np.random.default_rng(1))
    turned = turn(eyes[0], np.random.default_rng(1))
    np.testing.assert_array_equal(view.picture, turned[..., :3])
    np.testing.assert_array_equal(view.inside, turned[..., 3] > 0)


def test_zoomed_eyes_are_larger_and_smaller_and_show_nothing_beyond_the_picture(eyes):
    natural = eyes[0].copy()
    natural[..., 3] = 255
    shares = [draw_view(natural, 1, np.random.default_rng(seed)).inside.mean() for seed in range(40)]
    assert min(shares) < 0.85
    assert max(shares) > 0.97
    areas = [draw_view(eyes[0], 1, np.random.default_rng(seed)).inside.mean() for seed in range(40)]
    assert min(areas) < 0.9 * (eyes[0][..., 3] > 0).mean() < 1.2 * (eyes[0][..., 3] > 0).mean() < max(areas)


def test_most_nearer_views_are_as_round_as_the_eye(eyes):
    larger = 0
    for seed in range(60):
        inside = draw_view(eyes[0], 1, np.random.default_rng(seed)).inside
        turned = turn(eyes[0], np.random.default_rng(seed))[..., 3] > 0
        larger += bool((inside & ~turned).any() and inside.mean() > turned.mean())
    # Nearly half of the views are nearer, 30 % of these are not round.
    assert 2 <= larger <= 20
