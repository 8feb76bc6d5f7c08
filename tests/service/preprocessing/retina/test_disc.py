import resource
from concurrent.futures import ThreadPoolExecutor

import cv2
import skimage.data

from service.preprocessing.retina.disc import find_disc


def test_threads_do_not_wake_each_other_at_every_step():
    picture = cv2.resize(skimage.data.retina(), (512, 512), interpolation=cv2.INTER_AREA)
    pictures = [picture] * 64
    with ThreadPoolExecutor(16) as threads:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        found = list(threads.map(find_disc, pictures))
        slept = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before
    assert found == [find_disc(picture)] * len(pictures)
    # All at once, 1,400 times a picture; a few at a time, 300.
    assert slept / len(pictures) < 800
