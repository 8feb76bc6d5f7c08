"""What a clinician does on the page, in a real browser."""

import csv
import re

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from service.api.problems import PROBLEMS
from service.preprocessing import QUALITY_CODES
from tests.service.preprocessing.dicom_objects import PATIENT, in_jpeg
from tests.service.process import Process
from tests.service.web.actions import choose, choose_only, decoded, upload, wait_for, wait_for_held

KEY = "a-long-enough-key"


def layer_size(page):
    return page.locator("#viewer .layer").evaluate("(image) => [image.naturalWidth, image.naturalHeight]")


@pytest.fixture(scope="module")
def dull_jpeg(photograph):
    """The same eye with less colour, which the tiny model takes for less anomalous."""
    grey = photograph.mean(axis=-1, keepdims=True)
    dull = (0.3 * photograph + 0.7 * grey).astype(np.uint8)
    return cv2.imencode(".jpg", dull[..., ::-1])[1].tobytes()


def test_a_photograph_is_answered_with_overlay_score_and_regions(page, jpeg, photograph):
    expect(page.locator("#calibrated")).to_have_text(re.compile("^Calibrated on no camera"))
    choose(page, upload("eye.jpg", jpeg))
    expect(page.get_by_role("heading", name="eye.jpg")).to_be_visible()
    expect(page.locator("#quality")).to_have_text("Nothing to note.")
    expect(page.locator("#camera")).to_have_text(re.compile("^The model is not calibrated on a camera"))
    expect(page.locator("#verdict")).to_have_text(re.compile(r"^Anomalous: score 0\.\d{3}$"))
    expect(page.locator("#meaning")).to_contain_text("held back from training")
    expect(page.locator("#threshold-rule")).to_contain_text("Chosen by: ")
    width, height = layer_size(page)
    assert (height, width) == photograph.shape[:2]
    assert page.locator("#regions button").count() == page.locator("#viewer .frame").count() > 0
    expect(page.locator("#regions button").first).to_have_text(
        re.compile(
            r"^((super|infer)o(tempor|nas)al, \d\.\d disc diameters|on the optic disc), "
            r"peak \d\.\d\d, [\d,]+ pixels$"
        )
    )
    expect(page.locator("#origin")).to_contain_text("tiny 0.0.1")


def test_the_optic_disc_is_outlined_and_places_are_told_from_it(page, jpeg, photograph):
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#seen-from")).to_contain_text("Seen from the centre of the optic disc")
    disc, picture = (
        page.locator("#viewer .disc").bounding_box(),
        page.locator("#viewer .marks").bounding_box(),
    )
    middle = (disc["x"] + disc["width"] / 2 - picture["x"]) / picture["width"]
    # Where the photograph has it.
    assert middle * photograph.shape[1] == pytest.approx(60 + 222 * 480 / 1411, abs=10)


def test_without_a_disc_places_are_the_photographs(page, jpeg):
    def without_a_disc(route):
        answer = route.fetch().json()
        regions = [region | {"place": None} for region in answer["regions"]]
        route.fulfill(json=answer | {"optic_disc": None, "regions": regions})

    page.route("**/predict?*", without_a_disc)
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#seen-from")).to_contain_text("The optic disc was not found")
    expect(page.locator("#viewer .disc")).to_have_count(0)
    expect(page.locator("#regions button").first).to_have_text(
        re.compile("^(upper|lower) (left|right), peak")
    )


def shown_wide(page):
    """How wide the photograph is, in pixels of the screen."""
    return page.locator("#viewer .marks").bounding_box()["width"]


def open_picture(page, jpeg):
    page.emulate_media(reduced_motion="reduce")
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#viewer .layer")).to_be_visible()
    return shown_wide(page)


def wait_for_width(page, comparison):
    """``comparison`` is of the photograph's width, as in ``> 600``."""
    wait_for(page, f"document.querySelector('#viewer .marks').getBoundingClientRect().width {comparison}")


def test_the_photograph_fills_the_window(page, jpeg, photograph):
    open_picture(page, jpeg)
    picture, window = page.locator("#viewer .marks").bounding_box(), page.locator("#viewer").bounding_box()
    assert max(picture["width"] / window["width"], picture["height"] / window["height"]) == pytest.approx(
        1, abs=0.01
    )
    assert window["height"] > 500
    # Its own pixels are drawn, not black alone.
    middle = page.evaluate(
        "(() => { const canvas = document.querySelector('#viewer canvas');"
        "const { width, height } = canvas, context = canvas.getContext('2d');"
        "return [...context.getImageData(width / 2, height / 2, 1, 1).data] })()"
    )
    assert middle[0] > middle[2] > 0


def test_a_region_is_looked_at_closely_and_left_again(page, jpeg):
    whole = open_picture(page, jpeg)
    # The smallest: the largest fills the window anyway.
    region = page.locator("#regions button").last
    # By keyboard alone.
    region.focus()
    page.keyboard.press("Enter")
    expect(region).to_have_attribute("aria-pressed", "true")
    wait_for_width(page, f"> {whole + 1}")
    box, window = page.locator("#viewer .frame").last.bounding_box(), page.locator("#viewer").bounding_box()
    assert window["x"] - 1 <= box["x"]
    assert box["x"] + box["width"] <= window["x"] + window["width"] + 1
    assert window["y"] - 1 <= box["y"]
    assert box["y"] + box["height"] <= window["y"] + window["height"] + 1
    page.keyboard.press("Escape")
    expect(region).to_have_attribute("aria-pressed", "false")
    wait_for_width(page, f"< {whole + 1}")
    region.click()
    expect(page.locator("#viewer .frame").last).to_have_class("frame current")
    page.get_by_role("button", name="Whole photograph").click()
    expect(page.locator("#viewer .frame").last).to_have_class("frame")


def test_wheel_and_keys_zoom_and_the_mouse_pans(page, jpeg):
    whole = open_picture(page, jpeg)
    window = page.locator("#viewer").bounding_box()
    page.mouse.move(window["x"] + window["width"] / 2, window["y"] + window["height"] / 2)
    page.mouse.wheel(0, -300)
    wait_for_width(page, f"> {whole * 1.1}")
    page.mouse.wheel(0, -300)
    # Each turn of the wheel zooms by a fifth, not at once.
    wait_for_width(page, f"> {whole * 1.43}")
    top = page.locator("#viewer .marks").bounding_box()["y"]
    page.mouse.down()
    page.mouse.move(window["x"] + window["width"] / 2, window["y"] + window["height"] / 2 + 40, steps=4)
    wait_for(page, f"document.querySelector('#viewer .marks').getBoundingClientRect().y > {top + 5}")
    page.mouse.up()
    page.locator("#viewer [role=application]").focus()
    page.keyboard.press("0")
    wait_for_width(page, f"< {whole + 1}")
    page.keyboard.press("+")
    wait_for_width(page, f"> {whole * 1.05}")


def test_two_fingers_zoom(page, jpeg):
    whole = open_picture(page, jpeg)
    window = page.locator("#viewer").bounding_box()
    x, y = window["x"] + window["width"] / 2, window["y"] + window["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind, *apart):
        points = [{"x": x + side * each, "y": y, "id": side + 1} for each in apart for side in (-1, 1)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 20)
    for apart in range(25, 60, 5):
        touch("touchMove", apart)
    touch("touchEnd")
    wait_for_width(page, f"> {whole * 1.5}")


def test_a_click_on_a_frame_chooses_its_region(page, jpeg):
    open_picture(page, jpeg)
    page.locator("#viewer .frame").last.click()
    expect(page.locator("#regions button").last).to_have_attribute("aria-pressed", "true")


def test_the_next_region_is_a_key_away(page, jpeg):
    open_picture(page, jpeg)
    regions = page.locator("#regions button")
    page.keyboard.press("n")
    expect(regions.first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    expect(regions.last).to_have_attribute("aria-pressed", "true")


def test_a_held_key_shows_the_photograph_without_overlay(page, jpeg):
    open_picture(page, jpeg)
    page.keyboard.down("b")
    expect(page.locator("#viewer .layer")).to_be_hidden()
    page.keyboard.up("b")
    expect(page.locator("#viewer .layer")).to_be_visible()


def test_the_overlay_fades(page, jpeg):
    open_picture(page, jpeg)
    expect(page.locator("#viewer .layer")).to_have_css("opacity", "1")
    page.get_by_label("Overlay").fill("25")
    expect(page.locator("#viewer .layer")).to_have_css("opacity", "0.25")


def test_the_photograph_is_shown_red_free_and_with_more_contrast(page, jpeg):
    open_picture(page, jpeg)
    canvas = page.locator("#viewer canvas").first
    page.get_by_label("Contrast").fill("200")
    expect(canvas).to_have_css("filter", "contrast(2)")
    page.keyboard.press("r")
    expect(page.get_by_label("Red-free")).to_be_checked()
    red, green, blue = np.rollaxis(screenshot(page), -1).astype(int)
    assert np.abs(red - green).max() <= 1
    assert np.abs(green - blue).max() <= 1


def screenshot(page):
    """The photograph alone as the screen shows it, RGB."""
    page.keyboard.down("b")
    data = page.locator("#viewer").screenshot()
    page.keyboard.up("b")
    return decoded(data)


def test_the_picture_fills_the_screen(page, jpeg):
    open_picture(page, jpeg)
    page.keyboard.press("f")
    wait_for(page, "document.fullscreenElement?.id === 'stage'")
    page.keyboard.press("f")
    wait_for(page, "document.fullscreenElement === null")


def test_the_frames_of_regions_can_be_hidden(page, jpeg):
    open_picture(page, jpeg)
    expect(page.locator("#viewer .frame").first).to_be_visible()
    page.get_by_label("Frames").uncheck()
    expect(page.locator("#viewer .frame").first).to_be_hidden()


def test_what_is_no_photograph_is_said_in_words_and_the_others_go_on(page, jpeg):
    choose(page, upload("first.jpg", jpeg), upload("notes.txt", b"no picture"), upload("last.jpg", jpeg))
    expect(page.get_by_role("status")).to_have_text("2 photographs answered, one failed.")
    rows = page.locator("#rows tr")
    assert [rows.nth(n).locator("td").nth(2).inner_text().split(",")[0] for n in range(3)] == [
        "Anomalous",
        "The file is not an image.",
        "Anomalous",
    ]
    page.get_by_role("button", name="notes.txt").click()
    expect(page.locator("#problem")).to_contain_text("image")
    expect(page.locator("#shown")).to_be_hidden()


def test_a_picture_that_browsers_cannot_show_comes_from_the_service_and_fades_too(page, photograph):
    tiff = cv2.imencode(".tif", photograph[..., ::-1])[1].tobytes()
    asked = []
    page.on("request", lambda request: asked.extend(re.findall("/predict", request.url)))
    choose(page, upload("eye.tif", tiff))
    assert len(asked) == 1
    expect(page.get_by_text("This browser cannot show files of this format")).to_be_visible()
    page.get_by_label("Overlay").fill("0")
    expect(page.locator("#viewer .layer")).to_have_css("opacity", "0")
    assert layer_size(page) == list(photograph.shape[1::-1])


def test_a_dicom_object_says_which_eye_and_when(page, photograph):
    data, _ = in_jpeg(photograph)
    choose(page, upload("eye.dcm", data))
    expect(page.locator("#origin")).to_contain_text("Left eye. Taken 2026-11-03 14:15:02")
    expect(page.get_by_text(PATIENT)).to_have_count(0)


def test_a_photograph_is_answered_by_keyboard_alone(page, jpeg):
    # Playwright begins to look out for the dialog a moment later than it says.
    with page.expect_file_chooser() as chooser:
        while page.evaluate("document.activeElement.id") != "choose-files":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    chooser.value.set_files([upload("first.jpg", jpeg), upload("second.jpg", jpeg)])
    expect(page.get_by_role("status")).to_have_text("2 photographs answered.")
    while page.evaluate("document.activeElement.textContent") != "second.jpg":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="second.jpg")).to_be_visible()
    while page.evaluate("document.activeElement.id") != "opacity":
        page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(page.locator("#viewer .layer")).to_have_css("opacity", "0")


def test_photographs_are_dropped_anywhere(page, jpeg):
    data = page.evaluate_handle(
        "bytes => { const data = new DataTransfer();"
        "data.items.add(new File([new Uint8Array(bytes)], 'dropped.jpg')); return data; }",
        list(jpeg),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(page.get_by_role("heading", name="dropped.jpg")).to_be_visible()


def test_the_list_is_sorted_and_saved(page, jpeg, dull_jpeg, tmp_path):
    choose(page, upload("=dull.jpg", dull_jpeg), upload("b, colourful.jpg", jpeg), upload("c.txt", b"no"))
    page.get_by_role("button", name="Score").click()
    expect(page.get_by_role("columnheader", name="Score")).to_have_attribute("aria-sort", "descending")
    names = page.locator("#rows td:first-child")
    assert names.all_inner_texts() == ["b, colourful.jpg", "=dull.jpg", "c.txt"]
    page.get_by_role("button", name="Score").click()
    assert names.all_inner_texts() == ["c.txt", "=dull.jpg", "b, colourful.jpg"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    path = tmp_path / "list.csv"
    download.value.save_as(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # A spreadsheet must not take a name for a formula.
    assert [row["photograph"] for row in rows] == ["c.txt", "'=dull.jpg", "b, colourful.jpg"]
    assert [row["model"] for row in rows] == ["", "tiny", "tiny"]
    assert float(rows[1]["score"]) < float(rows[2]["score"])
    assert rows[0]["problem"]
    assert not rows[2]["problem"]


def test_the_focus_stays_with_a_photograph_that_moves(page, jpeg, dull_jpeg):
    choose(page, upload("dull.jpg", dull_jpeg))
    page.get_by_role("button", name="Score").click()
    page.get_by_role("button", name="dull.jpg").focus()
    choose_only(page, upload("colourful.jpg", jpeg))
    expect(page.locator("#rows td:first-child")).to_have_text(["colourful.jpg", "dull.jpg"])
    expect(page.get_by_role("button", name="dull.jpg")).to_be_focused()


def test_a_cleared_list_is_empty(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator("#list")).to_be_hidden()
    expect(page.locator("#answer")).to_be_hidden()


def test_a_key_is_asked_for_where_the_service_wants_one(open_page, tiny_model_path, jpeg, monkeypatch):
    monkeypatch.setenv("RESYNTHDETECT_API_KEYS", f"clinic:{KEY}")
    process = Process("--model", str(tiny_model_path))
    try:
        page = open_page(process.address())
        expect(page.get_by_label("API key")).to_be_hidden()
        choose(page, upload("eye.jpg", jpeg))
        expect(page.locator("#problem")).to_contain_text("key")
        page.get_by_label("API key").fill(KEY)
        # What was refused is asked again.
        page.keyboard.press("Tab")
        expect(page.locator("#verdict")).to_contain_text("Anomalous")
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("refused", "words"), [(503, "The service is busy"), (429, "The rate limit is reached")]
)
def test_a_busy_service_is_asked_again(page, jpeg, refused, words):
    answers = iter([{"status": refused, "headers": {"Retry-After": "1"}, "json": {}}])

    def busy_once(route):
        refusal = next(answers, None)
        if refusal is None:
            route.continue_()
        else:
            route.fulfill(**refusal)

    page.route("**/predict?*", busy_once)
    choose_only(page, upload("eye.jpg", jpeg))
    expect(page.get_by_role("status")).to_have_text(f"0 of 1 answered. {words}; trying again in 1 s.")
    expect(page.locator("#verdict")).to_contain_text("Anomalous")


def test_a_photograph_chosen_before_the_models_are_known_waits_for_them(page, jpeg):
    held = []
    page.route("**/v2/models", lambda route: held.append(route))
    page.reload()
    choose_only(page, upload("eye.jpg", jpeg))
    expect(page.get_by_role("status")).to_have_text("0 of 1 answered")
    wait_for_held(page, held)
    held.pop().continue_()
    expect(page.locator("#verdict")).to_contain_text("Anomalous")


def test_a_photograph_goes_to_the_default_model_where_the_list_of_models_cannot_be_had(page, jpeg):
    page.route("**/v2/models", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("status")).to_have_text("The service does not answer. Is it running?")
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#verdict")).to_contain_text("Anomalous")


def test_a_service_that_is_gone_is_told(page, jpeg):
    page.route("**/predict?*", lambda route: route.abort())
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#problem")).to_have_text("The service does not answer. Is it running?")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_assistive_technology_can_read_it(page, jpeg, scheme):
    page.emulate_media(color_scheme=scheme)
    assert Axe().run(page).violations_count == 0
    choose(page, upload("eye.jpg", jpeg), upload("notes.txt", b"no picture"))
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_the_page_speaks_the_browsers_language(open_page, address, jpeg):
    page = open_page(address, locale="de-AT")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    files = page.get_by_label("Fundusfotos, Ordner oder ZIP-Archive hier ablegen")
    files.set_input_files([upload("eye.jpg", jpeg), upload("notes.txt", b"no picture")])
    expect(page.get_by_role("status")).to_have_text("Ein Foto beantwortet, eines fehlgeschlagen.")
    page.locator("#rows tr").first.click()
    expect(page.locator("#verdict")).to_have_text(re.compile(r"^Auffällig: Wert 0,\d{3}$"))
    expect(page.locator("#rows .failed")).to_have_text("Die Datei ist kein Bild.")


def test_every_word_is_translated(page):
    english, german = page.evaluate(
        "Promise.all([import('/web/words/en.js'), import('/web/words/de.js')])"
        ".then(([{ en }, { de }]) => [en, de])"
    )
    # Of problems, the service says the English itself.
    assert german.keys() - english.keys() <= {f"problem.{code}" for code in PROBLEMS}
    assert english.keys() <= german.keys()
    assert {f"quality.{code}" for code in QUALITY_CODES} == {
        name for name in english if name.startswith("quality.")
    }
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", german[name])), name


def test_a_report_is_printed_on_one_page(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    page.emulate_media(media="print")
    for shown in ("#quality", "#verdict", "#printed", "#threshold-rule", "#origin"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in ("#photographs", "#tools", "#viewer"):
        expect(page.locator(hidden)).to_be_hidden()
    for size in ("A4", "Letter"):
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=size))) == 1
