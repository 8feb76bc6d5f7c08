import pytest
import typer

from training.commands import hardware
from training.commands.hardware import choose_hardware


@pytest.fixture
def cpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


@pytest.mark.parametrize("supported", [True, False])
def test_a_cpu_computes_in_bfloat16_only_where_it_has_instructions_for_it(cpu, monkeypatch, supported):
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: supported)
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    assert choose_hardware("auto", 1, full_precision=False).mixed_precision is supported
    assert not choose_hardware("auto", 1, full_precision=True).mixed_precision


def test_a_gpu_always_does(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(hardware, "_computes_in_bfloat16", lambda: False)
    assert choose_hardware("auto", 1, full_precision=False).mixed_precision
    assert choose_hardware("auto", 1, full_precision=False).device == "cuda"


def test_a_gpu_that_is_not_there_is_refused(cpu):
    with pytest.raises(typer.BadParameter, match="no CUDA device"):
        choose_hardware("cuda", 1, full_precision=False)
