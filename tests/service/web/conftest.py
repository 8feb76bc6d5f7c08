"""A real browser on the page of a real service."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.service.process import Process

# The machine's own: playwright's would have to be downloaded from elsewhere than the package index.
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


# Not for the whole session: playwright keeps an event loop running, beside which no other test could run its
# own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium; CHROMIUM names one elsewhere")
    with sync_playwright() as playwright:
        # Root in a container has no sandbox to give.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tiny_model_path) -> Iterator[str]:
    process = Process("--model", str(tiny_model_path))
    yield process.address()
    process.kill()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page; whatever it complains about or fetches from elsewhere fails the test.

    It takes the address, and the browser's language.
    """
    contexts, complaints = [], []

    def start(address: str, locale: str = "en") -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda message: complaints.append(message.text) if _complains(message) else None)
        page.on("request", lambda request: complaints.extend(_elsewhere(request.url, address)))
        page.goto(address)
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


def _complains(message) -> bool:
    # That the service refused something is the page's to tell, and tested where it does.
    return message.type == "error" and "Failed to load resource" not in message.text


def _elsewhere(url: str, address: str) -> list[str]:
    return [] if url.startswith((f"{address}/", "blob:")) else [f"asks elsewhere: {url}"]


@pytest.fixture
def page(open_page: Callable[..., Page], address: str) -> Page:
    return open_page(address)
