import pytest

from service.api.api_keys import AccessError, ApiKeys
from service.settings import Settings

CLINIC, LABORATORY = "4vXo0kS7yT2mQb9e", "p:with:colons:0123456789"


def test_keys_of_the_environment_and_of_a_file_open(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# our laboratory\n\nlaboratory: {LABORATORY}\n")
    keys = ApiKeys.read(Settings(api_keys=f"clinic:{CLINIC}", api_keys_file=path))
    assert keys.required
    assert (keys.holder(CLINIC), keys.holder(LABORATORY)) == ("clinic", "laboratory")


@pytest.mark.parametrize("key", ["", "clinic", CLINIC[:-1], CLINIC + "x", CLINIC.lower(), "ключ"])
def test_nothing_else_opens(key):
    assert ApiKeys({"clinic": CLINIC}).holder(key) is None


def test_without_keys_none_is_needed():
    assert not ApiKeys.read(Settings()).required


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("", "there are none"),
        ("clinic", "key 1 is not written"),
        ("clinic:short", "key 1 is not written"),
        (f":{CLINIC}", "key 1 is not written"),
        (f"clinic:{CLINIC},clinic:{LABORATORY}", "name 'clinic'"),
        (f"anyone:{CLINIC}", "name 'anyone'"),
        (f"admin:{CLINIC}", "name 'admin'"),
        (f"clinic:{CLINIC},other:{CLINIC}", "of 'other' is another's"),
    ],
)
def test_keys_that_are_badly_written_are_refused_and_not_shown(keys, message):
    with pytest.raises(AccessError, match=message) as raised:
        ApiKeys.read(Settings(api_keys=keys))
    assert CLINIC not in str(raised.value)


def test_a_file_that_is_not_there_leaves_no_door_open(tmp_path):
    with pytest.raises(AccessError, match="absent cannot be read"):
        ApiKeys.read(Settings(api_keys_file=tmp_path / "absent"))


def test_no_key_is_kept_or_shown():
    assert CLINIC not in repr(vars(ApiKeys({"clinic": CLINIC})))
    assert CLINIC not in repr(Settings(api_keys=f"clinic:{CLINIC}"))
