import numpy as np

from training.synthesis.visibility import visible_blobs

RETINA = np.full((20, 20, 3), (170, 90, 45), np.uint8)


def two_blobs():
    mask = np.zeros((20, 20), bool)
    mask[2:6, 2:6] = True
    mask[10:18, 10:18] = True
    return mask


def test_a_blob_is_kept_whole_or_dropped_whole_by_its_mean_colour():
    matter = RETINA.copy()
    matter[2:4, 2:6] = (90, 40, 20)  # half of the first blob is dark: its mean is 40, 25 and 12 levels off
    kept = visible_blobs(two_blobs(), matter, (RETINA,), contrast=16)
    assert kept[2:6, 2:6].all()
    assert kept.sum() == 16


def test_the_contrast_is_root_mean_square_over_the_channels():
    matter = RETINA - np.array((30, 0, 0), np.uint8)  # 30 / sqrt(3) = 17.3
    assert visible_blobs(two_blobs(), matter, (RETINA,), contrast=17.2).sum() == 80
    assert visible_blobs(two_blobs(), matter, (RETINA,), contrast=17.4).sum() == 0


def test_a_blob_has_to_differ_from_every_background():
    matter = np.full_like(RETINA, 200)
    assert visible_blobs(two_blobs(), matter, (RETINA, matter), contrast=16).sum() == 0


def test_an_empty_mask_stays_empty():
    assert not visible_blobs(np.zeros((20, 20), bool), RETINA, (RETINA,), contrast=0).any()
