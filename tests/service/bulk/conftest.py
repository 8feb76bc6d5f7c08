from collections.abc import Iterator
from importlib.util import find_spec

import pytest

pytest.importorskip("pyarrow", reason="the extra `ray` is not installed")

from tests.service.bulk.object_store import ObjectStore


@pytest.fixture(scope="session")
def object_store(tmp_path_factory) -> Iterator[ObjectStore]:
    if find_spec("swift") is None:
        pytest.skip("Swift is not installed")
    store = ObjectStore(tmp_path_factory.mktemp("swift"))
    yield store
    store.stop()
