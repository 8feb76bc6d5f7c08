"""``python -m service bulk`` on folders."""

from pathlib import Path

import pytest

from service import __main__ as main
from service.bulk.storage import Storage
from tests.service.bulk.job import (
    Job,
    count_parts,
    facts,
    kill_an_actor,
    parts_of,
    rows_of,
    variants,
    wait_until,
)


@pytest.mark.timeout(1200)
def test_a_network_that_is_killed_costs_nothing_and_what_is_removed_meanwhile_is_told(
    ray_cluster, tiny_model_path, photograph, tmp_path
):
    source, out = tmp_path / "photographs", tmp_path / "out"
    (source).mkdir()
    for number, content in enumerate(variants(photograph, 24)):
        (source / f"{number}.jpg").write_bytes(content)
    # The last one by its name.
    (source / "removed.jpg").write_bytes(b"soon")
    (out / ".unfinished").mkdir(parents=True)
    (out / ".unfinished" / "left").write_bytes(b"by a killed process")

    target = Storage(str(out))
    job = Job(
        ray_cluster,
        tiny_model_path,
        *(str(source), "--out", str(out), "--networks", "1", "--part", "2", "--core-hour", "0.05"),
    )
    wait_until(lambda: count_parts(target) >= 2, job)
    (source / "removed.jpg").unlink()
    kill_an_actor(ray_cluster, "Network")
    status, said = job.wait()
    assert status == 1
    assert facts(said, "progress")["left_out"] == {"FileNotFoundError": 1}
    assert "removed.jpg" not in said
    rows = rows_of(parts_of(target))
    assert sorted(row["photograph"] for row in rows) == sorted(f"{number}.jpg" for number in range(24))
    assert len({row["score"] for row in rows}) > 20
    summary = facts(said, "summary")
    assert (summary["rows"], summary["missing"]) == (24, 1)
    assert summary["million"]["price"] > 0
    assert [each.name for each in target.find(".unfinished")] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("empty", "--out", "out"), "there are no photographs in"),
        (("missing", "--out", "out"), "there are no photographs in"),
        (("full", "--out", "full/out"), "the output lies in the folder of the photographs"),
        (("full", "--out", "out", "--camera", "none"), "none"),
        (("full", "--out", "other"), "the output holds the rows of another run"),
    ],
)
def test_what_cannot_be_scored_is_told_before_ray_starts(
    monkeypatch, tiny_model_path, jpeg, tmp_path, arguments, words
):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    monkeypatch.setattr("service.bulk.command_line.configure_logging", lambda level: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESYNTHDETECT_MODEL", str(tiny_model_path))
    for folder in ("empty", "full", "other"):
        Path(folder).mkdir()
    Path("full/eye.jpg").write_bytes(jpeg)
    Path("other/run.json").write_text(
        '{"model": "tiny", "version": "0.0.0", "thresholds": {}, "camera": null, "overlays": false}'
    )
    with pytest.raises(SystemExit) as ended:
        main.main(["bulk", *arguments])
    assert words in str(ended.value.code)
