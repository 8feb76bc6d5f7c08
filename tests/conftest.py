import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fundus_data() -> Path:
    """The folder of real photographs, named by the environment variable ``FUNDUS_DATA``."""
    folder = os.environ.get("FUNDUS_DATA")
    if not folder:
        pytest.skip("FUNDUS_DATA does not name a folder of real photographs")
    path = Path(folder).resolve()
    if not path.is_dir():
        pytest.fail(f"FUNDUS_DATA names {path}, which is no folder")
    return path
