from importlib.util import find_spec

import pytest

if not all(find_spec(name) for name in ("fsspec", "pyarrow", "ray")):
    pytest.skip("the extra `ray` is not installed", allow_module_level=True)
