import pytest
from pydantic import ValidationError

from service.settings import Settings, available_cores, read_options


def test_defaults_listen_on_this_machine_alone():
    assert Settings().host == "127.0.0.1"


def test_workers_default_to_the_cores_available():
    assert Settings().workers == available_cores() >= 1


def test_workers_are_no_more_than_a_quota_of_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("loky.backend.context._cpu_count_cgroup", lambda _: 1)
    assert Settings().workers == 1


def test_every_field_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DEVICE", "tpu"), ("PORT", "65536"), ("PORT", "x"), ("MAX_UPLOAD_BYTES", "0"), ("QUEUE_SIZE", "-1")],
)
def test_nonsense_in_the_environment_is_refused(monkeypatch, variable, value):
    monkeypatch.setenv(f"RESYNTHDETECT_{variable}", value)
    with pytest.raises(ValidationError, match=variable.lower()):
        Settings()


def test_command_line_beats_environment(monkeypatch):
    monkeypatch.setenv("RESYNTHDETECT_PORT", "1000")
    monkeypatch.setenv("RESYNTHDETECT_DEVICE", "cpu")
    settings = read_options(Settings, ["--port", "2000"], "service")
    assert (settings.port, settings.device) == (2000, "cpu")


def test_nonsense_on_the_command_line_is_named(capsys):
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, ["--max-pixels", "none", "--port", "-1"], "service")
    assert stop.value.code == 2
    assert "--max-pixels none: Input should be a valid integer" in capsys.readouterr().err


def test_a_secret_that_is_refused_is_not_shown(monkeypatch, capsys):
    monkeypatch.setenv("RESYNTHDETECT_ADMIN_KEY", "hunter2")
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, ["--port", "-1"], "service")
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "--admin-key: Value should have at least 16 items" in told
    assert "--port -1: " in told
    assert "hunter2" not in told
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "hunter2" not in str(refused.value)


def test_unknown_option_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, ["--prot", "2000"], "service")
    assert stop.value.code == 2
    assert "--prot" in capsys.readouterr().err


def test_names_of_other_programs_say_nothing_about_the_service(monkeypatch):
    for name, value in {
        "HOST": "gauss",
        "PORT": "tcp://10.0.0.1:80",
        "DEVICE": "tpu",
        "MODEL": "T14",
    }.items():
        monkeypatch.setenv(name, value)
    settings = read_options(Settings, [], "service")
    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", 8000, "auto")


@pytest.mark.parametrize("name", ["API_KEYS", "MAX_UPLOAD_BYTES", "WORKER_MEMORY"])
def test_a_setting_without_the_prefix_is_refused_and_not_shown(monkeypatch, capsys, name):
    monkeypatch.setenv(name, "clinic:4vXo0kS7yT2mQb9e")
    with pytest.raises(SystemExit) as stop:
        read_options(Settings, [], "service")
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told == f"{name} is not read: set RESYNTHDETECT_{name}\n"


def test_a_setting_with_and_without_the_prefix_is_read(monkeypatch):
    monkeypatch.setenv("QUEUE_SIZE", "7")
    monkeypatch.setenv("RESYNTHDETECT_QUEUE_SIZE", "8")
    assert read_options(Settings, [], "service").queue_size == 8
