"""Many photographs on the page: several at once, again, and before leaving."""

import csv
import re
from collections import Counter

import pytest
from playwright.sync_api import expect

from tests.service.web.actions import choose, choose_only, upload, wait_for, wait_for_held


@pytest.mark.parametrize("way", ["dropped", "chosen"])
def test_a_folder_brings_all_in_it(page, jpeg, tmp_path, way):
    inside = tmp_path / "clinic" / "monday"
    inside.mkdir(parents=True)
    (inside / "first.jpg").write_bytes(jpeg)
    (inside.parent / "second.jpg").write_bytes(jpeg)
    for name in ("monday/.DS_Store", "DICOMDIR", "__MACOSX/third.jpg"):
        (inside.parent / name).parent.mkdir(exist_ok=True)
        (inside.parent / name).write_bytes(b"what systems leave in folders")
    if way == "dropped":
        drop(page, inside.parent)
    else:
        page.locator("#folder").set_input_files(inside.parent)
    expect(page.get_by_role("status")).to_have_text("2 photographs answered.")
    names = page.locator("#rows td:first-child").all_inner_texts()
    assert sorted(names) == ["clinic/monday/first.jpg", "clinic/second.jpg"]


def drop(page, path):
    """As the system does it: a script cannot make a folder."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 300, "data": data})


def test_what_cannot_be_read_costs_a_drop_nothing_else(page, jpeg):
    # Root reads whatever a test forbids, so the entries are the test's own.
    data = page.evaluate_handle(
        """(bytes) => {
          const data = new DataTransfer();
          for (const name of ["eye.jpg", "broken.zip", "locked"]) {
            data.items.add(new File([new Uint8Array(bytes)], name));
          }
          const fail = (done, failed) => failed(new DOMException("", "NotReadableError"));
          DataTransferItem.prototype.webkitGetAsEntry = function () {
            const file = this.getAsFile();
            return {
              isDirectory: file.name === "locked",
              fullPath: `/${file.name}`,
              file: file.name === "eye.jpg" ? (done) => done(file) : fail,
              createReader: () => ({ readEntries: fail }),
            };
          };
          return data;
        }""",
        list(jpeg),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(page.get_by_role("status")).to_have_text("One photograph answered, 2 failed.")
    rows = page.locator("#rows tr", has=page.locator(".failed"))
    assert rows.locator("td:first-child").all_inner_texts() == ["broken.zip", "locked"]
    assert rows.locator(".failed").all_inner_texts() == ["The file cannot be read."] * 2


def test_three_photographs_are_asked_for_at_a_time(page, jpeg):
    held = []
    page.route("**/predict?*", lambda route: held.append(route))
    choose_only(page, *(upload(f"{number}.jpg", jpeg) for number in range(5)))
    expect(page.locator("#rows .asking")).to_have_count(3)
    expect(page.locator("#rows .waiting")).to_have_count(2)
    wait_for_held(page, held, 3)
    held.pop().continue_()
    expect(page.locator("#rows .waiting")).to_have_count(1)
    expect(page.locator("#rows .asking")).to_have_count(3)


def test_what_failed_is_asked_again(page, jpeg):
    page.route("**/predict?*", lambda route: route.abort(), times=2)
    choose(page, *(upload(f"{number}.jpg", jpeg) for number in range(3)))
    expect(page.get_by_role("status")).to_have_text("One photograph answered, 2 failed.")
    expect(page.locator("#rows .failed").first).to_have_text("The service does not answer.")
    page.get_by_role("button", name="Try failed ones again").click()
    expect(page.get_by_role("status")).to_have_text("3 photographs answered.")
    expect(page.get_by_role("button", name="Try failed ones again")).to_be_hidden()


def test_a_file_that_is_gone_is_told(page, jpeg, tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg)
    held = []
    page.route("**/predict?*", lambda route: held.append(route))
    drop(page, tmp_path)
    wait_for_held(page, held, 3)
    waiting = page.locator("#rows tr", has=page.locator(".waiting")).locator("td").first.inner_text()
    (tmp_path.parent / waiting).unlink()
    for route in held:
        route.continue_()
    expect(page.locator("#rows .failed")).to_have_text("The file cannot be read.")
    expect(page.get_by_role("status")).to_have_text("3 photographs answered, one failed.")


def test_one_that_failed_is_asked_again(page, jpeg):
    page.route("**/predict?*", lambda route: route.abort(), times=1)
    choose(page, upload("eye.jpg", jpeg))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#verdict")).to_contain_text("Anomalous")
    expect(page.locator("#failed")).to_be_hidden()


def offer_another_model(page):
    # Those of the service would replace it.
    expect(page.locator("#calibrated")).to_contain_text("Calibrated on no camera")
    page.evaluate("document.getElementById('model').append(new Option('other', 'other'))")


def test_another_model_asks_again(page, jpeg):
    models: Counter[str] = Counter()
    choose(page, upload("eye.jpg", jpeg))
    page.on("request", lambda request: models.update(re.findall("model=(.*)", request.url)))
    offer_another_model(page)
    page.route("**/v2/models/other", lambda route: route.fulfill(json={"cameras": []}))
    page.get_by_label("Model").select_option("other")
    expect(page.locator("#rows .failed")).to_have_text("There is no model of this name.")
    assert models == {"other": 1}


def test_the_cameras_are_those_of_the_model_that_is_chosen(page):
    offer_another_model(page)
    held = []
    page.route("**/v2/models/other", lambda route: held.append(route))
    page.get_by_label("Model").select_option("other")
    page.get_by_label("Model").select_option("tiny")
    expect(page.locator("#calibrated")).to_contain_text("Calibrated on no camera")
    wait_for_held(page, held)
    with page.expect_response("**/v2/models/other"):
        held.pop().fulfill(json={"cameras": [{"name": "kowa", "normals": 50}]})
    # The page has taken notice of it by the next frame.
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator("#calibrated")).to_contain_text("Calibrated on no camera")


def test_a_model_that_cannot_be_described_is_told(page):
    offer_another_model(page)
    page.route("**/v2/models/other", lambda route: route.abort())
    page.get_by_label("Model").select_option("other")
    expect(page.get_by_role("status")).to_have_text("The service does not answer. Is it running?")


def test_results_that_are_not_saved_hold_the_page_back(page, jpeg):
    choose(page, upload("eye.jpg", jpeg))
    assert leaves(page) is False
    with page.expect_download():
        page.get_by_role("button", name="Save as CSV").click()
    assert leaves(page) is True


def leaves(page):
    return page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def test_the_threshold_is_moved(page, jpeg, tmp_path):
    choose(page, upload("eye.jpg", jpeg))
    calibrated = page.get_by_role("slider", name="Threshold").input_value()
    page.get_by_role("slider", name="Threshold").fill("1")
    expect(page.locator("#verdict")).to_contain_text("Borderline")
    expect(page.locator("#rows .borderline")).to_have_text("Borderline")
    expect(page.locator("#meaning")).to_contain_text("below the one moved on this page")
    expect(page.locator("#meaning")).to_contain_text("no all-clear")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    download.value.save_as(tmp_path / "list.csv")
    (row,) = csv.DictReader((tmp_path / "list.csv").read_text().splitlines())
    assert (row["finding"], float(row["threshold"])) == ("borderline", 1)
    assert float(row["calibrated_threshold"]) == pytest.approx(float(calibrated), abs=0.001)
    page.get_by_role("button", name="As calibrated").click()
    expect(page.locator("#verdict")).to_contain_text("Anomalous")


def calibrated(**camera):
    """Has each photograph answered as one of a camera."""
    told = {"name": "clinic-1", "chosen_by": "looks", "normals": 17, "p_value": 2 / 18, "note": ""} | camera

    def answer(route):
        route.fulfill(json=route.fetch().json() | {"camera": told, "percentile": 100 * 16 / 17})

    return answer


def test_a_score_is_told_among_the_normal_photographs_of_its_camera(page, jpeg):
    page.route("**/predict?*", calibrated())
    choose(page, upload("eye.jpg", jpeg))
    meaning = page.locator("#meaning")
    expect(meaning).to_contain_text("Higher than 16 of 17 normal photographs of the camera clinic-1.")
    expect(meaning).to_contain_text("So few normal photographs")
    expect(page.locator("#camera")).to_contain_text("By its looks")


def test_the_threshold_of_a_camera_calibrated_meanwhile_is_explained_by_its_own_rule(page, jpeg):
    choose(page, upload("before.jpg", jpeg))
    rule = page.locator("#threshold-rule")
    expect(rule).to_contain_text("Chosen by: hand")

    def described(route):
        camera = {"name": "clinic-1", "normals": 17, "specificity": 0.9, "normal_scores": [0.1] * 17}
        route.fulfill(json=route.fetch().json() | {"cameras": [camera]})

    page.route("**/v2/models/tiny", described)
    page.route("**/predict?*", calibrated())
    choose_only(page, upload("after.jpg", jpeg))
    page.get_by_role("button", name="after.jpg").click()
    expect(rule).to_contain_text("90 % of the normal photographs of clinic-1 stay below.")
    # The service has this calibration no more.
    page.route("**/predict?*", calibrated(normals=16))
    choose_only(page, upload("between.jpg", jpeg))
    page.get_by_role("button", name="between.jpg").click()
    expect(rule).to_have_text(re.compile(r"^From 0\.\d+ on a photograph is called anomalous\.$"))


def test_keys_go_through_the_photographs(page, jpeg):
    choose(page, upload("first.jpg", jpeg), upload("second.jpg", jpeg))
    page.locator("#rows tr").first.locator("td").last.click()
    expect(page.get_by_role("heading", name="first.jpg")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="second.jpg")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="first.jpg")).to_be_visible()


def test_both_eyes_of_a_patient_are_shown_side_by_side(page, jpeg):
    page.emulate_media(reduced_motion="reduce")
    choose(page, upload("17_left.jpg", jpeg), upload("18_OD.jpg", jpeg), upload("17_RIGHT.jpg", jpeg))
    page.locator("#rows tr").nth(1).click()
    expect(page.get_by_role("heading", name="18_OD.jpg")).to_be_visible()
    expect(page.get_by_label("Both eyes")).to_be_disabled()
    page.locator("#rows tr").nth(0).click()
    page.get_by_label("Both eyes").check()
    expect(page.locator("#other-verdict")).to_have_text(re.compile("^17_RIGHT.jpg: Anomalous: score"))
    expect(page.locator("#other-viewer .layer")).to_be_visible()
    # The right eye is on the left.
    one, other = page.locator("#viewer").bounding_box(), page.locator("#other-viewer").bounding_box()
    assert other["x"] + other["width"] <= one["x"]
    assert other["y"] == one["y"]
    page.locator("#rows tr").nth(2).click()
    expect(page.locator("#other-verdict")).to_have_text(re.compile("^17_left.jpg: "))
    page.locator("#rows tr").nth(1).click()
    expect(page.locator("#other")).to_be_hidden()


def test_on_a_phone_the_photograph_tapped_is_seen(page, jpeg):
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, *(upload(f"{number}.jpg", jpeg) for number in range(4)))
    # A row is wholly clickable.
    page.locator("#rows tr").last.locator("td").nth(2).click()
    expect(page.get_by_role("heading", name="3.jpg")).to_be_in_viewport()
    wait_for(page, "document.getElementById('answer').getBoundingClientRect().top < 100")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
