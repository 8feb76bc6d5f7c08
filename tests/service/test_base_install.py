"""The single-host service without the extra ``ray``, in an interpreter that refuses to import it."""

import subprocess
import sys
from pathlib import Path

from tests.service.cost import needs_proc

BLOCKED = ("fsspec", "pandas", "pyarrow", "ray")
# What is None in sys.modules cannot be imported.
PREAMBLE = f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})); "


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", PREAMBLE + code, *arguments], capture_output=True, text=True, check=False
    )


def test_it_serves(tiny_model_path):
    code = """
from fastapi.testclient import TestClient
from service import __main__, client
from service.api.application import create_app
from service.serving.models.repository import load_models
from service.settings import Settings
settings = Settings(model=sys.argv[1], device="cpu", engine="onnxruntime", workers=1)
if __name__ == "__main__":
    with TestClient(create_app(settings, load_models(settings))) as service:
        print(service.get("/readyz").status_code)
"""
    answer = run(code, str(tiny_model_path))
    assert answer.stdout.endswith("\n200\n"), answer.stderr


@needs_proc
def test_what_ray_brings_does_not_change_the_service(serve, tiny_model_path):
    process = serve("--model", str(tiny_model_path))
    process.address()
    mapped = Path(f"/proc/{process.pid}/maps").read_text()
    assert "onnxruntime" in mapped
    assert not [name for name in ("uvloop", "httptools", "pyarrow", "_raylet") if name in mapped]


def test_bulk_says_what_it_lacks():
    answer = run("from service.__main__ import main; main(['bulk', 'photographs', '--out', 'out'])")
    assert answer.returncode == 1
    assert "needs the extra `ray`" in answer.stderr
