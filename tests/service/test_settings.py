import pytest
from pydantic import ValidationError

from service.settings import Settings, available_cores, read_options


def test_defaults_listen_on_this_machine_alone():
    assert Settings().host == "127.0.0.1"


def test_workers_default_to_the_cores_available():
    assert Settings().workers == available_cores() >= 1


def test_every_field_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DEVICE", "tpu"), ("PORT", "65536"), ("PORT", "x"), ("MAX_UPLOAD_BYTES", "0"), ("QUEUE_SIZE", "-1")],
)
def test_nonsense_in_the_environment_is_refused(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable.lower()):
        Settings()


def test_command_line_beats_environment(monkeypatch):
    monkeypatch.setenv("PORT", "1000")
    monkeypatch.setenv("DEVICE", "cpu")
    settings = read_options(Settings, ["--port", "2000"], "service")
    assert (settings.port, settings.device) == (2000, "cpu")


def test_nonsense_on_the_command_line_is_named(capsys):
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, ["--max-pixels", "none", "--port", "-1"], "service")
    assert stop.value.code == 2
    assert "--max-pixels none: Input should be a valid integer" in capsys.readouterr().err


def test_unknown_option_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, ["--prot", "2000"], "service")
    assert stop.value.code == 2
    assert "--prot" in capsys.readouterr().err
