import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from typer.testing import CliRunner

from service.engines.card import digest_of
from service.engines.model import Model
from training.cli import application
from training.config import LesionConfig
from training.data.records import DataError
from training.export.restore import RestoreError
from training.run import RunError, load_localizer
from training.stages.checkpoint import read_checkpoint

TINY = [
    argument
    for assignment in (
        "network.widths=[4,8]",
        "reconstruction.epochs=1",
        "reconstruction.warmup_epochs=0",
        "reconstruction.window=64",
        "localization.epochs=1",
        "localization.warmup_epochs=0",
        "localization.window=64",
    )
    for argument in ("--set", assignment)
]


@pytest.fixture(scope="module")
def normals(tmp_path_factory):
    """A folder of photographs as a clinic has it: one eye, photographed by several cameras."""
    folder = tmp_path_factory.mktemp("normals")
    photograph = cv2.resize(skimage.data.retina(), (800, 800), interpolation=cv2.INTER_AREA)
    for number in range(6):
        brightness = np.clip(photograph * (0.8 + 0.06 * number), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"eye_{number}.png"), brightness[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


def call(*arguments):
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


def train(normals, work, *more):
    return call(
        "train", normals, "--run", work / "run", "--cache", work / "cache", "--device", "cpu", *TINY, *more
    )


@pytest.fixture(scope="module")
def trained(normals, work):
    result = train(normals, work, "--licence", "ours")
    assert result.exit_code == 0, result.output
    return work / "run"


def test_torchrun_shares_a_training_among_processes(normals, work):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = ["-m", "--", "training", "train", normals, "--run", work / "shared", "--cache", work / "cache"]
    result = subprocess.run(  # noqa: S603
        [*launcher, *command, "--device", "cpu", "--workers", "1", *TINY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("training on ") == 1
    assert (work / "shared" / "localization.best.pt").exists()


def test_help_names_the_commands_in_their_order():
    text = call("--help").output
    places = [text.index(f"│ {name}") for name in ("prepare", "preview", "train", "evaluate", "export")]
    assert places == sorted(places)


def test_a_preview_is_a_sheet_of_pairs(normals, work):
    sheet = work / "sheet.png"
    result = call(
        "preview",
        normals,
        "--whole",
        "--rows",
        1,
        "--columns",
        2,
        "--out",
        sheet,
        "--cache",
        work / "cache",
        *TINY,
    )
    assert result.exit_code == 0, result.output
    assert np.asarray(cv2.imread(str(sheet))).shape == (2 * 64, 2 * 64, 3)


def test_a_preview_of_lesions_of_textures_is_made_of_textures(normals, work, tmp_path):
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((400, 400, 3), (9, 250, 9), np.uint8))
    generator = {"method": "paper", "source": "texture", "mask": "whole", "alpha": 1.0, "augmentations": 0}
    command = (
        "preview",
        normals,
        "--cache",
        work / "cache",
        *TINY,
        "--set",
        f"generator={json.dumps(generator)}",
    )
    result = call(*command, "--out", tmp_path / "sheet.png", "--textures", tmp_path)
    assert result.exit_code == 0, result.output
    assert (np.asarray(cv2.imread(str(tmp_path / "sheet.png"))) == (9, 250, 9)).all(axis=2).any()
    assert "none are given" in str(call(*command, "--out", tmp_path / "no.png").exception)


def test_a_preview_shows_every_kind_of_lesion_with_its_outline(normals, work):
    sheet = work / "kinds.png"
    result = call("preview", normals, "--columns", 3, "--out", sheet, "--cache", work / "cache", *TINY)
    assert result.exit_code == 0, result.output
    picture = np.asarray(cv2.imread(str(sheet)))
    kinds = len(LesionConfig().lesions)
    assert picture.shape[1] == 3 * 240
    lines = np.split(picture, kinds)
    cyan = [((line[..., 0] > 200) & (line[..., 1] > 200) & (line[..., 2] < 80)).sum() for line in lines]
    assert all(count > 0 for count in cyan)


@pytest.fixture(scope="module")
def exported(normals, work, trained):
    result = call("export", trained, normals, "--out", work, "--name", "ours", "--cache", work / "cache")
    assert result.exit_code == 0, result.output
    return work / "ours.onnx"


def test_from_a_folder_of_normals_to_a_model_that_the_service_loads(exported):
    described = Model(exported, device="cpu").metadata
    assert described.training_data.images == 5
    assert described.training_data.licence == "ours"
    assert "ours 1.0.0" in exported.with_suffix(".md").read_text()


def test_a_training_from_a_model_skips_stage_1_and_names_what_it_began_from(normals, work, exported):
    run = work / "adapted"
    arguments = ("--run", run, "--cache", work / "cache", "--device", "cpu", *TINY)
    result = call("train", normals, *arguments, "--from", exported)
    assert result.exit_code == 0, result.output
    assert not (run / "reconstruction.best.pt").exists()
    begun, learned = (read_checkpoint(run / name) for name in ("beginning.pt", "localization.best.pt"))
    head = "head.weight"
    torch.testing.assert_close(load_localizer(run).state_dict()[head], (begun[head] + learned[head]) / 2)
    assert not torch.equal(begun[head], learned[head])
    result = call("export", run, normals, "--out", run, "--name", "adapted", "--cache", work / "cache")
    assert result.exit_code == 0, result.output
    data = Model(run / "adapted.onnx", device="cpu").metadata.training_data
    assert "It began from ours 1.0.0, trained on 5 photographs" in data.attribution
    card = (run / "adapted.md").read_text()
    assert data.attribution in card
    assert f"--from MODEL --set ...    # SHA-256 of MODEL: {digest_of(exported)}" in card
    refused = call("train", normals, *arguments)
    assert "another data, begun_from" in str(refused.exception)


def test_a_training_from_a_model_of_another_network_never_begins(normals, work, exported):
    run = work / "wider"
    arguments = ("--run", run, "--cache", work / "cache", "--device", "cpu", *TINY)
    result = call("train", normals, *arguments, "--set", "network.widths=[8,8]", "--from", exported)
    assert isinstance(result.exception, RestoreError)
    assert not run.exists()


def test_a_new_version_replaces_the_former_with_its_profile(normals, work, trained, exported):
    for file in work.glob("ours.*"):
        (work / "later").mkdir(exist_ok=True)
        shutil.copy(file, work / "later")
    result = call(
        "export",
        trained,
        normals,
        "--out",
        work / "later",
        "--name",
        "ours",
        "--cache",
        work / "cache",
        "--version",
        "2.0.0",
    )
    assert result.exit_code == 0, result.output
    (profile,) = Model(work / "later" / exported.name, device="cpu").cameras
    assert profile.version == "2.0.0"


@pytest.mark.parametrize(
    ("option", "name"),
    [("--camera", "Clinic 1"), ("--camera", "unknown"), ("--name", "Clinic 1"), ("--name", "../clinic")],
)
def test_an_export_under_no_name_is_refused_before_it_starts(normals, work, trained, option, name):
    folder = work / "nameless"
    result = call("export", trained, normals, "--out", folder, "--cache", work / "cache", option, name)
    assert result.exit_code == 2
    assert f"'{name}' is no name" in " ".join(result.output.replace("│", "").split())
    assert not folder.exists()


def test_quantizing_takes_enough_normals(normals, work, exported):
    result = call("quantize", exported, normals, "--cache", work / "cache")
    assert isinstance(result.exception, DataError)
    assert "32 are needed" in str(result.exception)


def test_the_same_command_finds_nothing_left_to_do(normals, work, trained):
    before = (trained / "localization.checkpoint.pt").read_bytes()
    assert train(normals, work, "--licence", "ours").exit_code == 0
    assert (trained / "localization.checkpoint.pt").read_bytes() == before


def test_another_configuration_in_the_same_folder_is_refused(normals, work, trained):
    result = train(normals, work, "--licence", "ours", "--set", "seed=1")
    assert isinstance(result.exception, RunError)
    assert "another config" in str(result.exception)


def test_an_export_with_other_photographs_is_refused(normals, work, trained, tmp_path):
    for photograph in sorted(normals.iterdir())[:3]:
        picture = np.asarray(cv2.imread(str(photograph)))
        cv2.imwrite(str(tmp_path / photograph.name), picture[:, ::-1])
    result = call("export", trained, tmp_path, "--out", work / "refused", "--cache", work / "cache")
    assert isinstance(result.exception, RunError)
    assert not (work / "refused").exists()


def test_training_names_the_file_it_cannot_use_before_it_starts(normals, work, tmp_path):
    for photograph in normals.iterdir():
        (tmp_path / photograph.name).write_bytes(photograph.read_bytes())
    (tmp_path / "broken.png").write_bytes(next(normals.iterdir()).read_bytes()[:5000])
    result = call("train", tmp_path, "--run", work / "never", "--cache", work / "cache", "--strict", *TINY)
    assert result.exit_code != 0
    assert "broken.png" in str(result.exception)
    assert not (work / "never").exists()
