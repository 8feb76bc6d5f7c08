from unittest.mock import patch

import pytest

from service.engines.contract import ModelError
from service.engines.model import Model
from service.serving.models.repository import find_models, load_models
from service.settings import Settings
from tests.service.tiny_model import METADATA, write_tiny_model


def write(folder, *names: str) -> Settings:
    for place, name in enumerate(names):
        metadata = METADATA.model_copy(update={"name": name}).model_dump_json()
        write_tiny_model(folder / f"{place}.onnx", metadata=metadata)
    return Settings(model=folder, device="cpu", inference_threads=1)


def loaded(settings: Settings) -> list[str]:
    return [model.metadata.name for model in load_models(settings)]


def test_finds_a_file_and_all_files_of_a_folder(tiny_model_path, tmp_path):
    assert find_models(tiny_model_path) == [tiny_model_path]
    for name in ("b.onnx", "a.onnx", "a.md"):
        (tmp_path / name).touch()
    assert find_models(tmp_path) == [tmp_path / "a.onnx", tmp_path / "b.onnx"]


def test_names_the_folder_without_a_model(tmp_path):
    with pytest.raises(ModelError, match="holds no"):
        find_models(tmp_path)
    with pytest.raises(ModelError, match="does not exist"):
        find_models(tmp_path / "absent")


def test_the_default_is_the_first_by_name_or_the_one_named(tmp_path, events):
    settings = write(tmp_path, "eye-small", "eye")
    assert loaded(settings) == ["eye", "eye-small"]
    assert loaded(settings.model_copy(update={"default_model": "eye-small"})) == ["eye-small", "eye"]
    assert [event["file"] for event in events if event["event"] == "model loaded"] == ["0.onnx", "1.onnx"] * 2


def test_a_default_that_is_not_there_is_refused(tmp_path):
    settings = write(tmp_path, "eye").model_copy(update={"default_model": "ear"})
    with pytest.raises(ModelError, match="no model 'ear' to be the default, only eye"):
        load_models(settings)


def test_two_models_of_one_name_are_refused(tmp_path):
    with pytest.raises(ModelError, match="2 files hold a model named 'eye'"):
        load_models(write(tmp_path, "eye", "eye"))


@pytest.mark.parametrize(("quota", "threads"), [(2, 2), (8, 0)])
def test_engines_choose_their_threads_unless_a_quota_leaves_fewer_cores(
    tmp_path, monkeypatch, quota, threads
):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("loky.cpu_count", lambda: quota)
    settings = write(tmp_path, "eye").model_copy(update={"inference_threads": 0})
    with patch("service.serving.models.repository.Model", wraps=Model) as opened:
        load_models(settings)
    assert opened.call_args.kwargs["inference_threads"] == threads
