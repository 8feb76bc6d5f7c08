import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

import service.preprocessing
from service.preprocessing import PhotographFile, PreprocessingConstants, prepare_file
from training.data import cache, idrid
from training.data.cache import code_digest, fingerprint, prepare_cache
from training.data.records import DataError, LesionType, Record, Split
from training.data.validation import Problem, validate_files
from training.field_of_view import inside_field_of_view

SMALL = PreprocessingConstants(size=128)
SIDE = 420


@pytest.fixture(scope="session")
def retina():
    return cv2.resize(skimage.data.retina(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@pytest.fixture
def photograph(tmp_path, retina):
    """Writes the retina, turned a little for each number, as a photograph and gives its record."""

    def write(number=0, **known):
        path = tmp_path / f"eye{number}.png"
        Image.fromarray(np.ascontiguousarray(np.rot90(retina, number))).save(path)
        return Record(path, f"eye{number}", Split.TRAINING, **({"grade": 0} | known))

    return write


@pytest.fixture
def run(tmp_path):
    def prepare_all(*records, constants=SMALL, **options):
        return prepare_cache(records, tmp_path / "cache", constants, progress=False, **options)

    return prepare_all


def expected(record, constants=SMALL):
    return prepare_file(PhotographFile(record.image.read_bytes(), max_pixels=10**8), constants)


def test_prepared_photographs_are_those_of_the_service_in_the_order_given(photograph, run):
    records = [photograph(number) for number in range(4)]

    prepared = run(*records, workers=3)

    assert prepared.records == tuple(records)
    assert len(prepared) == 4
    for index, record in enumerate(records):
        model_input = expected(record)
        np.testing.assert_array_equal(prepared.images[index], model_input.image)
        np.testing.assert_array_equal(prepared.field_of_view(index), model_input.mask)
    np.testing.assert_array_equal(prepared.load_images(), np.stack(list(prepared.images)))


def test_what_is_cached_is_not_prepared_again(photograph, run, monkeypatch):
    first = run(photograph()).images[0]

    monkeypatch.setattr(cache, "prepare_file", None)

    np.testing.assert_array_equal(run(photograph()).images[0], first)


def test_an_interrupted_run_continues_where_it_was(photograph, run, monkeypatch):
    seen: list[PhotographFile] = []

    def interrupted(file, constants):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(file)
        return prepare_file(file, constants)

    monkeypatch.setattr(cache, "prepare_file", interrupted)
    records = [photograph(number) for number in range(4)]
    with pytest.raises(KeyboardInterrupt):
        run(*records, workers=1)

    with mock.patch.object(cache, "prepare_file", wraps=prepare_file) as resumed:
        run(*records, workers=1)

    assert resumed.call_count == 2


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1000], lambda content: content[:-9] + b"damage789"]
)
def test_a_damaged_entry_is_written_again(photograph, run, damage):
    prepared = run(photograph())
    path = prepared.store.path(prepared.entries[0].image)
    path.write_bytes(damage(path.read_bytes()))

    np.testing.assert_array_equal(run(photograph()).images[0], expected(photograph()).image)
    assert prepared.store.holds(prepared.entries[0].image)


def test_only_training_keeps_photographs_before_clahe(photograph, run, tmp_path):
    record = photograph()
    evaluated = run(record)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1
    with pytest.raises(ValueError, match="for evaluation only"):
        evaluated.normals  # noqa: B018

    trained_on = run(record, natural=True).normals

    np.testing.assert_array_equal(trained_on.natural[0][..., :3], expected(record).natural)
    np.testing.assert_array_equal(trained_on.natural[0][..., 3] > 0, expected(record).mask)
    assert trained_on.scales == [expected(record).mapping.scale]
    np.testing.assert_array_equal(trained_on.prepared[0], evaluated.images[0])


def test_other_constants_give_other_photographs(photograph, run):
    small, harder = (
        run(photograph()),
        run(photograph(), constants=SMALL.model_copy(update={"clahe_clip_limit": 8})),
    )

    assert (small.images[0] != harder.images[0]).any()


def test_the_fingerprint_follows_the_constants():
    assert fingerprint(SMALL) == fingerprint(PreprocessingConstants(size=128))
    assert fingerprint(SMALL) != fingerprint(PreprocessingConstants())


def test_the_fingerprint_follows_the_code(monkeypatch):
    before = fingerprint(SMALL)

    monkeypatch.setattr(cache, "_PREPROCESSING_CODE", "changed")

    assert fingerprint(SMALL) != before


def test_code_changes_with_a_statement_but_not_with_a_comment(tmp_path):
    shutil.copytree(Path(service.preprocessing.__path__[0]), tmp_path, dirs_exist_ok=True)
    before = code_digest(tmp_path)
    changed = tmp_path / "constants.py"

    changed.write_text(changed.read_text() + "\n# A comment.\n")
    assert code_digest(tmp_path) == before
    changed.write_text(changed.read_text() + "\nCHANGED = True\n")
    assert code_digest(tmp_path) != before


def test_what_cannot_be_used_is_named_and_left_out(tmp_path, photograph, run):
    good, truncated = photograph(0), photograph(1)
    truncated.image.write_bytes(truncated.image.read_bytes()[:20_000])
    cat = Record(tmp_path / "cat.png", "cat", Split.TRAINING, 0)
    Image.fromarray(skimage.data.chelsea()).save(cat.image)
    gone = Record(tmp_path / "gone.png", "gone", Split.TRAINING, 0)

    prepared = run(truncated, cat, good, gone)

    assert prepared.records == (good,)
    assert len(prepared.images) == 1
    assert [(finding.records, finding.problem) for finding in prepared.report.findings] == [
        (("eye1",), Problem.UNREADABLE),
        (("cat",), Problem.NO_FIELD_OF_VIEW),
        (("gone",), Problem.MISSING),
    ]


def test_strict_raises_and_names_all_of_them(tmp_path, photograph, run):
    broken = [photograph(number) for number in (1, 2)]
    for record in broken:
        record.image.write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"eye1(.|\n)*eye2"):
        run(photograph(), *broken, strict=True)


def test_nothing_that_can_be_used_is_an_error(tmp_path, run):
    with pytest.raises(DataError, match="no photograph can be used"):
        run(Record(tmp_path / "gone.png", "gone", Split.TRAINING, 0))


def test_lesions_land_where_they_are_in_the_photograph(tmp_path, photograph, run):
    x, y, radius = 300, 150, 12
    mask = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (x, y), radius, 255, -1)
    Image.fromarray(mask).save(tmp_path / "EX.tif")
    lesions = {LesionType.HARD_EXUDATES: tmp_path / "EX.tif"}
    record = photograph(grade=None, lesions=lesions, optic_disc=tmp_path / "EX.tif")

    prepared = run(record)

    mapped = prepared.lesions(0)[LesionType.HARD_EXUDATES]
    mapping = expected(record).mapping
    centre = np.argwhere(mapped).mean(axis=0)[::-1]
    np.testing.assert_allclose(centre, mapping.points_to_model(np.array([x, y], float)), atol=0.6)
    assert mapped.sum() == pytest.approx((mask > 0).sum() / mapping.scale**2, rel=0.1)
    np.testing.assert_array_equal(prepared.lesion_union(0), mapped)
    np.testing.assert_array_equal(prepared.optic_disc(0), mapped)


def test_a_normal_photograph_has_no_lesions_and_an_undelineated_one_is_refused(photograph, run):
    prepared = run(photograph(0), photograph(1, grade=3))

    assert prepared.lesions(0) == {}
    assert not prepared.lesion_union(0).any()
    assert prepared.optic_disc(0) is None
    with pytest.raises(DataError, match="eye1"):
        prepared.lesions(1)


def test_a_mask_of_another_size_is_named(tmp_path, photograph, run):
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "MA.tif")
    record = photograph(0, grade=None, lesions={LesionType.MICROANEURYSMS: tmp_path / "MA.tif"})

    prepared = run(record, photograph(1))

    assert [finding.problem for finding in prepared.report.findings] == [Problem.UNUSABLE_MASK]


def test_a_mask_that_changes_is_prepared_again(tmp_path, photograph, run):
    record = photograph(grade=None, lesions={LesionType.MICROANEURYSMS: tmp_path / "MA.tif"})
    for marked in (0, 255):
        Image.fromarray(np.full((SIDE, SIDE), marked, np.uint8)).save(tmp_path / "MA.tif")
        prepared = run(record)

    assert prepared.lesion_union(0).any()


def test_a_subset_keeps_records_and_pictures_together(photograph, run):
    prepared = run(*(photograph(number) for number in range(3)))

    subset = prepared.subset([2, 0])

    assert [record.identifier for record in subset.records] == ["eye2", "eye0"]
    np.testing.assert_array_equal(subset.images[0], prepared.images[2])


def test_real_lesions_lie_inside_the_field_of_view(fundus_data, run):
    records = idrid.load_segmentation(fundus_data / "idrid")[:2]

    prepared = run(
        *validate_files(records, strict=True).accepted, constants=PreprocessingConstants(), strict=True
    )

    for index in range(len(prepared)):
        union = prepared.lesion_union(index)
        assert 0.001 < union.mean() < 0.2
        assert (union & ~inside_field_of_view(prepared.images[index])).sum() < 0.01 * union.sum()
        disc = prepared.optic_disc(index)
        assert disc is not None
        # The optic disc is the brightest large thing in a photograph.
        assert (
            prepared.images[index][disc].mean()
            > 1.2 * prepared.images[index][inside_field_of_view(prepared.images[index])].mean()
        )


def test_the_same_record_under_another_name_shares_its_entry(photograph, run):
    record = photograph()

    prepared = run(record, replace(record, identifier="again"))

    assert prepared.entries[0] == prepared.entries[1]
