"""API keys, each with a name for the log and the metrics."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Self

from service.settings import Settings

# In logs and metrics, where the service has no keys.
ANYONE = "anyone"
# The holder of the admin key.
ADMIN = "admin"
# Too long to guess.
_SHORTEST_KEY = 16


class AccessError(Exception):
    """The API keys cannot be used."""


class ApiKeys:
    """API keys by the names of their holders.

    Only digests are kept: neither a memory dump nor an error message shows a key.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        """Keep keys by name; without any, no request needs one."""
        self._digests = {name: _digest(key) for name, key in keys.items()}

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Read the keys of the setting and of the file, ``name:key`` each.

        Raises:
            AccessError: They cannot be read; the message shows no key.
        """
        lines: list[str] = []
        if settings.api_keys is not None:
            lines += settings.api_keys.get_secret_value().split(",")
        if settings.api_keys_file is not None:
            try:
                lines += settings.api_keys_file.read_text().splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise AccessError(f"the API keys in {settings.api_keys_file} cannot be read") from error
        keys = _parse(lines)
        if not keys and (settings.api_keys is not None or settings.api_keys_file is not None):
            # Fail closed: an operator who configures keys wants no open service.
            raise AccessError("API keys are configured, but there are none")
        return cls(keys)

    @property
    def required(self) -> bool:
        """Whether a request needs a key."""
        return bool(self._digests)

    def holder(self, key: str) -> str | None:
        """Return the name of the key's holder, or None where it is not valid.

        Compares in constant time.
        """
        presented, found = _digest(key), None
        for name, digest in self._digests.items():
            if hmac.compare_digest(presented, digest):
                found = name
        return found


def _parse(lines: list[str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for number, line in enumerate((each.strip() for each in lines), start=1):
        if not line or line.startswith("#"):
            continue
        name, _, key = (part.strip() for part in line.partition(":"))
        if not name or len(key) < _SHORTEST_KEY:
            raise AccessError(
                f"API key {number} is not written name:key, of {_SHORTEST_KEY} characters or more"
            )
        if name in (ANYONE, ADMIN) or name in keys:
            raise AccessError(f"there are two API keys of the name '{name}', or it is a name of the service")
        if key in keys.values():
            raise AccessError(f"the API key of '{name}' is another's too")
        keys[name] = key
    return keys


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
