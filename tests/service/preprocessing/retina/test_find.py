import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import Box, FieldOfView, NoFieldOfView, decode, find_field_of_view
from service.preprocessing.geometry import Circle
from tests.service.preprocessing.pictures import ORANGE, disc

# Photographs on which simpler rules failed: nearly black, half black, over-exposed with four tiny
# corners of surround, a blurred black bar, a bright rim, a bluish one, a glow round the disc.
DIFFICULT = (
    "eyepacs/images/10124_left.jpeg",
    "eyepacs/images/10295_right.jpeg",
    "eyepacs/images/10444_right.jpeg",
    "eyepacs/images/11304_left.jpeg",
    "eyepacs/images/10874_right.jpeg",
    "eyepacs/images/11115_left.jpeg",
    "eyepacs/images/11417_right.jpeg",
)
NOT_FUNDUS = (
    *("astronaut", "chelsea", "coffee", "camera", "page", "text", "brick"),
    *("grass", "gravel", "coins", "moon", "colorwheel", "clock"),
)


def read(path):
    return decode(path.read_bytes(), max_pixels=20_000_000)


def assert_just_inside(field_of_view, x, y, radius):
    """The circle lies inside the true one, and is less than 2 % smaller."""
    circle = field_of_view.circle
    offset = np.hypot(circle.x - x, circle.y - y)
    assert circle.radius + offset < radius + 1
    assert circle.radius > 0.98 * radius - 1
    assert offset < 0.01 * radius


@pytest.mark.parametrize("size", [200, 511, 512, 1000])
def test_a_whole_disc_is_found_at_any_size(size):
    x, y, radius = 0.52 * size, 0.47 * size, 0.41 * size
    field_of_view = find_field_of_view(disc(size, size + 60, x, y, radius))
    assert_just_inside(field_of_view, x, y, radius)
    assert field_of_view.frame == Box(0, 0, size + 60, size)


@pytest.mark.parametrize(
    ("height", "width", "x", "y", "radius"),
    [
        (400, 600, 300.0, 200.0, 240.0),  # cut off at the top and bottom
        (600, 420, 205.0, 300.0, 240.0),  # at the left and right
        (500, 500, 250.0, 250.0, 270.0),  # at all four sides
        (500, 500, 250.0, 250.0, 320.0),  # only corners of the surround are left
        (500, 600, 300.0, 330.0, 240.0),  # at the bottom
        (500, 1000, 500.0, 250.0, 430.0),  # to a narrow band
        (400, 1000, 500.0, 200.0, 430.0),
    ],
)
def test_a_disc_that_the_frame_cuts_off_is_found(height, width, x, y, radius):
    assert_just_inside(find_field_of_view(disc(height, width, x, y, radius)), x, y, radius)


@pytest.mark.parametrize("colour", [(40, 30, 24), (60, 70, 62), (250, 235, 200), (200, 90, 30)])
def test_dark_greenish_and_pale_discs_are_found(colour):
    field_of_view = find_field_of_view(disc(500, 640, 310, 250, 230, colour=colour))
    assert_just_inside(field_of_view, 310, 250, 230)


@pytest.mark.parametrize("background", [0, 12, 25])
def test_noise_in_the_surround_does_not_matter(background):
    field_of_view = find_field_of_view(disc(500, 640, 310, 250, 220, background=background, noise=6))
    assert_just_inside(field_of_view, 310, 250, 220)


def test_a_notch_and_text_outside_do_not_matter():
    picture = disc(600, 800, 400, 300, 260)
    cv2.rectangle(picture, (575, 90), (625, 140), ORANGE, -1)
    cv2.putText(picture, "OD 2024-01-01", (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    assert_just_inside(find_field_of_view(picture), 400, 300, 260)


def test_a_bright_rim_and_a_dark_half_do_not_matter():
    picture = disc(600, 700, 350, 300, 270)
    cv2.circle(picture, (350, 300), 266, (255, 250, 220), 6, cv2.LINE_AA)
    picture[:, 480:560] = picture[:, 480:560] // 4
    assert_just_inside(find_field_of_view(picture), 350, 300, 270)


@pytest.mark.parametrize("bar", [30, 90, 200])
def test_black_bars_are_left_out(bar):
    picture = disc(424, 640, 320, 212, 252)
    padded = np.pad(picture, ((bar, bar), (0, 0), (0, 0)))
    field_of_view = find_field_of_view(padded)
    assert_just_inside(field_of_view, 320, 212 + bar, 252)
    frame = field_of_view.frame
    assert bar <= frame.top <= bar + 13
    assert bar + 424 - 13 <= frame.bottom <= bar + 424
    assert (frame.left, frame.right) == (0, 640)


def test_a_shutter_with_a_blurred_edge_is_left_out():
    picture = disc(500, 500, 250, 250, 300)
    shade = np.clip((440 - np.arange(500)) / 20, 0, 1)[:, None, None]
    field_of_view = find_field_of_view(np.asarray(picture * shade, np.uint8))
    assert_just_inside(field_of_view, 250, 250, 300)
    assert 405 <= field_of_view.frame.bottom <= 440


def test_retina_that_fills_the_frame_is_accepted_with_the_circle_round_it():
    photograph = skimage.data.retina()[350:1050, 350:1050]
    field_of_view = find_field_of_view(photograph)
    assert field_of_view.circle.radius == pytest.approx(350 * np.sqrt(2), rel=0.005)
    assert field_of_view.circle.covers((700, 700)).all()
    assert field_of_view.frame == Box(0, 0, 700, 700)


@pytest.mark.parametrize("level", [0, 8, 120, 255])
def test_a_blank_frame_has_no_field_of_view(level):
    with pytest.raises(NoFieldOfView):
        find_field_of_view(np.full((400, 600, 3), level, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (3, 3, 3), (40, 2000, 3)])
def test_tiny_and_thin_pictures_have_none(shape):
    with pytest.raises(NoFieldOfView):
        find_field_of_view(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def test_uniform_orange_has_none():
    with pytest.raises(NoFieldOfView):
        find_field_of_view(np.full((400, 400, 3), ORANGE, np.uint8))


def test_a_screenshot_has_none():
    screen = np.full((720, 1280, 3), 245, np.uint8)
    screen[:60] = 40
    screen[100:500, 80:700] = disc(400, 620, 300, 200, 180)
    with pytest.raises(NoFieldOfView):
        find_field_of_view(screen)


@pytest.mark.parametrize("name", NOT_FUNDUS)
def test_everyday_pictures_have_none(name):
    picture = np.asarray(getattr(skimage.data, name)())
    rgb = picture[..., :3] if picture.ndim == 3 else np.dstack([picture] * 3)
    with pytest.raises(NoFieldOfView) as caught:
        find_field_of_view(np.ascontiguousarray(rgb))
    assert caught.value.code == "no-field-of-view"


def test_the_retina_of_scikit_image_is_found():
    assert_just_inside(find_field_of_view(skimage.data.retina()), 705, 703, 700)


def test_it_is_deterministic():
    photograph = skimage.data.retina()
    assert find_field_of_view(photograph) == find_field_of_view(photograph)


@pytest.mark.parametrize("name", DIFFICULT)
def test_difficult_photographs(fundus_data, name):
    photograph = read(fundus_data / name)
    assert 0.4 < find_field_of_view(photograph).circle.radius / max(photograph.shape) < 0.75


def test_every_twentieth_photograph_of_eyepacs_is_found(fundus_data):
    for file in sorted((fundus_data / "eyepacs/images").iterdir())[::20]:
        photograph = read(file)
        assert 0.4 < find_field_of_view(photograph).circle.radius / max(photograph.shape) < 0.75, file.name


def test_one_camera_has_one_radius(fundus_data):
    """All of IDRiD was taken by one camera; its disc fills 0.393 of the frame's width a side."""
    files = sorted((fundus_data / "idrid/B. Disease Grading/1. Original Images").glob("*/*.jpg"))[::25]
    assert files
    for file in files:
        photograph = read(file)
        radius = find_field_of_view(photograph).circle.radius / photograph.shape[1]
        assert radius == pytest.approx(0.3935, abs=0.002), file.name


def test_the_same_eye_at_another_size_has_the_same_circle(fundus_data):
    large = read(fundus_data / "fullsize/idrid_01.jpg")
    small = cv2.resize(large, None, fx=0.375, fy=0.375, interpolation=cv2.INTER_AREA)
    found, expected = (find_field_of_view(picture).circle for picture in (large, small))
    scaled = expected.scaled(large.shape[1] / small.shape[1])
    assert found.radius == pytest.approx(scaled.radius, rel=0.005)
    assert np.hypot(found.x - scaled.x, found.y - scaled.y) < 0.005 * found.radius


def test_textures_have_none(fundus_data):
    """One of all 240 is taken for retina: a photograph through a round eyepiece."""
    files = sorted((fundus_data / "textures").glob("*/*"))[::8]
    assert files
    for file in files:
        with pytest.raises(NoFieldOfView):
            find_field_of_view(read(file))


def test_the_frame_ends_at_the_edges_of_its_pixels():
    field_of_view = FieldOfView(Circle(5, 4, 2), Box(0, 1, 10, 5))
    inside = field_of_view.in_frame(
        np.array([-0.6, -0.5, 9.5, 9.6])[None], np.array([0.4, 0.5, 4.5, 4.6])[:, None]
    )
    np.testing.assert_array_equal(inside, np.outer([0, 1, 1, 0], [0, 1, 1, 0]) > 0)


@pytest.mark.parametrize("thickness", [1, 2, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_a_bright_line_on_black_is_no_retina(thickness, turned):
    picture = np.zeros((192, 256, 3), np.uint8)
    picture[100 : 100 + thickness] = 200
    with pytest.raises(NoFieldOfView):
        find_field_of_view(picture.transpose(1, 0, 2) if turned else picture)


@pytest.mark.parametrize("shape", [(10, 20_000), (20_000, 10), (1, 4000)])
def test_a_strip_shows_no_retina(shape):
    with pytest.raises(NoFieldOfView, match="shape"):
        find_field_of_view(np.full((*shape, 3), ORANGE, np.uint8))
