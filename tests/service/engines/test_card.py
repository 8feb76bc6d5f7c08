import hashlib
from pathlib import Path

import pytest

from service.engines.card import check_against_card
from service.engines.contract import ModelError
from service.serving.models.repository import load_models
from service.settings import Settings
from tests.service.tiny_model import write_tiny_model


@pytest.fixture
def model(tmp_path) -> Path:
    return write_tiny_model(tmp_path / "eye.onnx")


def write_card(model: Path, checksum: str) -> None:
    model.with_suffix(".md").write_text(f"# eye 1\n\n`eye.onnx`, 0.1 MiB, SHA-256 `{checksum}`\n")


def test_the_file_that_a_card_describes_is_taken(model):
    check_against_card(model)
    model.with_suffix(".md").write_text("# Notes without a checksum")
    check_against_card(model)
    write_card(model, hashlib.sha256(model.read_bytes()).hexdigest())
    check_against_card(model)


def test_any_other_is_refused_before_it_is_loaded(model):
    write_card(model, hashlib.sha256(model.read_bytes()).hexdigest())
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"eye.onnx is not the file that eye.md describes"):
        load_models(Settings(model=model, device="cpu"))


def test_a_card_that_cannot_be_read_refuses_its_model(model):
    model.with_suffix(".md").write_bytes(b"# eye \xff")
    with pytest.raises(ModelError, match=r"eye.onnx cannot be checked against eye.md: .*utf-8"):
        check_against_card(model)


def test_the_shipped_card_describes_the_shipped_file():
    model = Path(__file__).parents[3] / "models" / "resynthdetect.onnx"
    card = model.with_suffix(".md").read_text()
    assert hashlib.sha256(model.read_bytes()).hexdigest() in card
    check_against_card(model)
