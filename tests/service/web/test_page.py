"""What a clinician does on the page, in a real browser."""

import csv
import re

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.service.preprocessing.dicom_objects import PATIENT, in_jpeg
from tests.service.process import Process

# Wider than the window.
CLOSE = re.compile(r"width: (?!100%)")
ANSWERED = re.compile("answered")
KEY = "a-long-enough-key"


def upload(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def choose(page, *uploads):
    page.get_by_label("Drop fundus photographs here").set_input_files(list(uploads))
    expect(page.get_by_role("status")).to_have_text(ANSWERED)


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
    expect(page.locator("#camera")).to_have_text(re.compile("^The model is not calibrated on a camera"))
    expect(page.locator("#verdict")).to_have_text(re.compile(r"^Anomalous: score 0\.\d{3}$"))
    expect(page.get_by_role("img", name=re.compile("than 100 % of normal photographs"))).to_be_visible()
    sizes = page.evaluate(
        "['photograph', 'layer'].map(id => document.getElementById(id))"
        ".map(image => [image.naturalWidth, image.naturalHeight])"
    )
    height, width = photograph.shape[:2]
    assert sizes == [[width, height]] * 2
    assert page.locator("#regions button").count() == page.locator("#boxes button").count() > 0
    expect(page.locator("#origin")).to_contain_text("tiny 0.0.1")


def test_a_region_is_looked_at_closely_and_left_again(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    # The smallest: the largest fills the window anyway.
    picture, region = page.locator("#picture"), page.locator("#regions button").last
    # By keyboard alone.
    region.focus()
    page.keyboard.press("Enter")
    expect(region).to_have_attribute("aria-pressed", "true")
    expect(picture).to_have_attribute("style", CLOSE)
    page.keyboard.press("Escape")
    expect(region).to_have_attribute("aria-pressed", "false")
    expect(picture).not_to_have_attribute("style", CLOSE)
    region.click()
    expect(page.locator("#boxes button").last).to_have_class("current")
    page.get_by_role("button", name="Whole photograph").click()
    expect(page.locator("#boxes button").last).not_to_have_class("current")


def test_a_region_chosen_lies_in_the_middle_of_the_window(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    page.emulate_media(reduced_motion="reduce")
    last = page.locator("#boxes button").last
    page.locator("#regions button").last.click()
    box, window = last.bounding_box(), page.locator("#viewer").bounding_box()
    assert box
    assert window
    assert window["x"] - 1 <= box["x"]
    assert box["x"] + box["width"] <= window["x"] + window["width"] + 1
    assert window["y"] - 1 <= box["y"]
    assert box["y"] + box["height"] <= window["y"] + window["height"] + 1


def test_the_overlay_fades(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#layer")).to_have_css("opacity", "1")
    page.get_by_label("Overlay").fill("25")
    expect(page.locator("#layer")).to_have_css("opacity", "0.25")


def test_the_frames_of_regions_can_be_hidden(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#boxes button").first).to_be_visible()
    page.get_by_label("Frames").uncheck()
    expect(page.locator("#boxes")).to_be_hidden()


def test_what_is_no_photograph_is_said_in_words_and_the_others_go_on(page, jpeg):
    choose(page, upload("first.jpg", jpeg), upload("notes.txt", b"no picture"), upload("last.jpg", jpeg))
    expect(page.get_by_role("status")).to_have_text("3 photographs answered.")
    rows = page.locator("#rows tr")
    assert [rows.nth(n).locator("td").nth(2).inner_text().split(",")[0] for n in range(3)] == [
        "anomalous",
        "problem",
        "anomalous",
    ]
    page.get_by_role("button", name="notes.txt").click()
    expect(page.locator("#problem")).to_contain_text("image")
    expect(page.locator("#shown")).to_be_hidden()


def test_a_picture_that_browsers_cannot_show_comes_from_the_service(page, photograph):
    tiff = cv2.imencode(".tif", photograph[..., ::-1])[1].tobytes()
    choose(page, upload("eye.tif", tiff))
    expect(page.get_by_text("cannot be faded")).to_be_visible()
    expect(page.get_by_label("Overlay")).to_be_disabled()
    assert page.evaluate("document.getElementById('photograph').naturalWidth") == photograph.shape[1]


def test_a_dicom_object_says_which_eye_and_when(page, photograph):
    data, _ = in_jpeg(photograph)
    choose(page, upload("eye.dcm", data))
    expect(page.locator("#origin")).to_contain_text("Left eye. Taken 2026-11-03 14:15:02")
    expect(page.get_by_text(PATIENT)).to_have_count(0)


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
        choose(page, upload("again.jpg", jpeg))
        page.get_by_role("button", name="again.jpg").click()
        expect(page.locator("#verdict")).to_contain_text("Anomalous")
    finally:
        process.kill()


def test_a_busy_service_is_asked_again(page, jpeg):
    answers = iter([{"status": 503, "headers": {"Retry-After": "1"}, "json": {}}])

    def busy_once(route):
        refusal = next(answers, None)
        if refusal is None:
            route.continue_()
        else:
            route.fulfill(**refusal)

    page.route("**/predict?*", busy_once)
    page.get_by_label("Drop fundus photographs here").set_input_files([upload("eye.jpg", jpeg)])
    expect(page.get_by_role("status")).to_have_text("The service is busy; retrying in 1 s.")
    expect(page.locator("#verdict")).to_contain_text("Anomalous")


def test_a_service_that_is_gone_is_told(page, jpeg):
    page.route("**/predict?*", lambda route: route.abort())
    choose(page, upload("eye.jpg", jpeg))
    expect(page.locator("#problem")).to_have_text("The service does not answer. Is it running?")


def test_assistive_technology_can_read_it(page, jpeg):
    assert Axe().run(page).violations_count == 0
    choose(page, upload("eye.jpg", jpeg), upload("notes.txt", b"no picture"))
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
