import numpy as np

from tests.training.pictures import has_colour
from training.data.records import LesionType
from training.evaluation.report.page import LESION_COLOURS
from training.evaluation.report.pictures import lesion_page, normal_page


def test_the_page_of_lesions_outlines_the_truth(prepared, predicted):
    page = lesion_page(prepared, *predicted)

    assert page.dtype == np.uint8
    # Two photographs side by side, three tiles each.
    assert page.shape[1] == 2 * 3 * 480
    assert has_colour(page[56:], LESION_COLOURS[LesionType.HARD_EXUDATES])
    assert not has_colour(page[56:], LESION_COLOURS[LesionType.HAEMORRHAGES])


def test_the_page_of_normals_outlines_false_positives_alone(prepared, predicted):
    cyan = (0, 255, 255)
    heatmaps, results = predicted

    assert has_colour(normal_page(prepared, heatmaps, results, threshold=0.1)[56:], cyan)
    assert not has_colour(normal_page(prepared, heatmaps, results, threshold=0.9)[56:], cyan)
