"""A job on an object store whose driver, and then whose actors, are killed in the middle."""

import json
from collections import Counter
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import structlog
from fastapi.testclient import TestClient

from service import __main__ as main
from service.api.application import create_app
from service.bulk.storage import Storage
from tests.service.bulk.job import (
    WORKER_SECONDS,
    Job,
    count_parts,
    facts,
    kill_an_actor,
    parts_of,
    rows_of,
    variants,
    wait_until,
)
from tests.service.preprocessing.pictures import file_of
from tests.service.serving.test_hostile_files import announcing, tiff

pytestmark = pytest.mark.timeout(1200)

ODD_NAMES = ("a b/Müller, “links” #1?.JPG", "a%20b/+&=;'.jpg", "右眼.jpg", "1.2.840.10008")
ORDINARY = 30
PART = 2


def hostile() -> dict[str, bytes]:
    return {
        "bad/empty.jpg": b"",
        "bad/text.png": b"no picture",
        "bad/same-tags.tiff": tiff(3000, 2_000_000, same=True, following=0),
        "bad/announces-much.png": announcing(2**31 - 1),
        "bad/slow.png": cv2.imencode(".png", np.zeros((7900, 7900, 3), np.uint8))[1].tobytes(),
        "bad/no-retina.png": file_of(np.full((300, 300, 3), 128, np.uint8), "PNG"),
    }


@pytest.fixture(scope="module")
def story(object_store, ray_cluster, tiny_model_path, photograph):
    """What stood in the target when the driver was killed, and in the end."""
    good = variants(photograph, ORDINARY + len(ODD_NAMES))
    names = [*ODD_NAMES, *(f"eyes/{number:03}.jpg" for number in range(ORDINARY))]
    files = dict(zip(names, good, strict=True)) | hostile()
    files["bad/half.jpg"] = good[0][: len(good[0]) // 2]
    source, target = Storage(object_store.url("photographs")), Storage(object_store.url("out"))
    for name, content in files.items():
        source.write(name, content)
    source.write("notes/readme.txt", b"no photograph by its name")
    arguments = (object_store.url("photographs"), "--out", object_store.url("out"), "--overlays")

    def start() -> Job:
        return Job(ray_cluster, tiny_model_path, *arguments, "--part", str(PART))

    job = start()
    wait_until(lambda: count_parts(target) >= 2, job)
    job.kill()
    before = parts_of(target)
    job = start()
    wait_until(lambda: count_parts(target) >= len(before) + 3, job)
    kill_an_actor(ray_cluster, "MapWorker")
    in_the_middle = count_parts(target)
    status, said = job.wait()
    with pytest.MonkeyPatch.context() as patch, structlog.testing.capture_logs() as again:
        patch.setattr("service.bulk.command_line.configure_logging", lambda level: None)
        patch.setenv("RESYNTHDETECT_MODEL", str(tiny_model_path))
        with pytest.raises(SystemExit, match="0"):
            main.main(["bulk", *arguments])
    return SimpleNamespace(
        files=files,
        target=target,
        before=before,
        in_the_middle=in_the_middle,
        status=status,
        said=said,
        again=again,
        parts=parts_of(target),
        rows={row["photograph"]: row for row in rows_of(parts_of(target))},
    )


def test_every_photograph_has_one_row(story):
    assert story.status == 0, story.said
    assert len(rows_of(story.before)) < len(story.files)
    assert story.in_the_middle < len(story.parts)
    assert sorted(row["photograph"] for row in rows_of(story.parts)) == sorted(story.files)


def test_what_was_written_is_not_scored_again(story):
    assert story.before.items() <= story.parts.items()
    found = facts(story.said, "found")
    assert found["written"] >= len(rows_of(story.before))
    assert facts(story.said, "progress")["total"] == found["photographs"] - found["written"]
    events = {event["event"]: event for event in story.again}
    assert events["found"]["written"] == len(story.files)
    assert "progress" not in events


@pytest.fixture(scope="module")
def answers(story, tiny_model_path, tiny_model):
    """What ``POST /predict`` says of each."""
    from service.settings import Settings

    settings = Settings(
        model=tiny_model_path, device="cpu", engine="onnxruntime", workers=1, worker_seconds=WORKER_SECONDS
    )
    with TestClient(create_app(settings, [tiny_model])) as client:
        return {
            name: client.post("/predict?heatmap=raw", files={"file": content}).json()
            for name, content in story.files.items()
        }


def test_a_row_says_what_the_service_says(story, answers):
    scored = {name: answer for name, answer in answers.items() if "score" in answer}
    assert len(scored) == ORDINARY + len(ODD_NAMES)
    for name, answer in scored.items():
        row = story.rows[name]
        assert row["problem"] is None, row["problem_detail"]
        same = ("score", "anomalous", "finding", "threshold", "percentile", "regions", "regions_total")
        assert {key: row[key] for key in same} == {key: answer[key] for key in same}
        assert row["camera"] == answer["camera"]["name"]
        assert row["p_value"] == answer["camera"]["p_value"]
        assert row["quality"] == [note["code"] for note in answer["quality"]]
        assert (row["width"], row["height"]) == tuple(answer["photograph"].values())
        assert (row["model"], row["version"]) == tuple(answer["model"].values())


def test_a_hostile_file_is_a_row(story, answers):
    refused = {name: answer for name, answer in answers.items() if "score" not in answer}
    assert refused.keys() == {name for name in story.files if name.startswith("bad/")}
    assert refused["bad/slow.png"]["code"] == "too-costly"
    for name, answer in refused.items():
        row = story.rows[name]
        assert row["problem"] == answer["code"]
        assert row["problem_detail"] == f"{answer['title']}. {answer['detail']}"
        assert row["score"] is None


def test_overlays_lie_under_the_names_of_their_photographs(story, answers):
    found = {each.name for each in story.target.find("overlays")}
    assert found == {f"overlays/{name}.png" for name, answer in answers.items() if "score" in answer}
    assert story.target.read(f"overlays/{ODD_NAMES[0]}.png").startswith(b"\x89PNG")


def test_the_summary_counts(story, answers):
    summary = facts(story.said, "summary")
    assert summary["rows"] == len(story.files)
    assert (summary["missing"], summary["twice"]) == (0, 0)
    scored = [answer for answer in answers.values() if "score" in answer]
    assert summary["findings"] == Counter(answer["finding"] for answer in scored)
    assert summary["problems"] == Counter(answer["code"] for answer in answers.values() if "code" in answer)
    assert summary["million"]["core_hours"] > 0
    (again,) = [event for event in story.again if event["event"] == "summary"]
    assert {name: again[name] for name in ("rows", "findings", "problems")} == {
        name: summary[name] for name in ("rows", "findings", "problems")
    }
    assert json.loads(story.target.read("run.json"))["version"] == "0.0.1"
