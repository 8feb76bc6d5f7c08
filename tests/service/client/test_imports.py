"""The client without the server's dependencies, in an interpreter that refuses to import them."""

import base64
import subprocess
import sys

from tests.service.helpers import decode_png

BLOCKED = (
    *("asgi_correlation_id", "cv2", "fastapi", "isal", "limits", "numpy", "onnxruntime", "openvino", "PIL"),
    *("prometheus_client", "pybase64", "pydantic_settings", "pydicom", "python_multipart", "simplejpeg"),
    *("starlette", "structlog", "torch", "uvicorn"),
)
# What is None in sys.modules cannot be imported.
PREAMBLE = f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})); "


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", PREAMBLE + code, *arguments], capture_output=True, text=True, check=False
    )


def test_blocked_modules_cannot_be_imported():
    assert "ModuleNotFoundError" in run("import service.api.application").stderr


def test_it_predicts(serve, tiny_model_path, tmp_path, jpeg, photograph):
    address = serve("--model", str(tiny_model_path)).address()
    (tmp_path / "photo.jpg").write_bytes(jpeg)
    code = """
from service.client import Client
with Client(sys.argv[1]) as client:
    print(client.predict(sys.argv[2]).heatmap_png)
"""
    answer = run(code, address, str(tmp_path / "photo.jpg"))
    assert answer.returncode == 0, answer.stderr
    assert decode_png(base64.b64decode(answer.stdout)).shape == photograph.shape


def test_its_command_line_predicts(serve, tiny_model_path, tmp_path, jpeg):
    address = serve("--model", str(tiny_model_path)).address()
    (tmp_path / "photo.jpg").write_bytes(jpeg)
    code = "from service.client.command_line import main; main()"
    answer = run(code, str(tmp_path / "photo.jpg"), "--server", address, "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"predictions.csv", "photo.jpg.png"}
