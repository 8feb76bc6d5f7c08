"""Serves the page and its files; its data come from the public routes."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

_FILES = Path(__file__).parent / "static"
# The page's own files, and pictures that the user chose: nothing from or to another origin.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def install_page(app: FastAPI) -> None:
    """Serve the page at ``/`` and its files below ``/web``."""
    app.add_api_route("/", _page, include_in_schema=False)
    app.mount("/web", StaticFiles(directory=_FILES))


async def _page() -> FileResponse:
    return FileResponse(_FILES / "index.html", headers={"Content-Security-Policy": _POLICY})
