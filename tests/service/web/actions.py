"""What a clinician does on the page, for several tests."""

import re

import cv2
import numpy as np
from playwright.sync_api import expect

# Nothing is left to be asked for.
ANSWERED = re.compile(r"^(?!.* of ).*answered.*\.$")


def upload(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def choose_only(page, *uploads):
    page.get_by_label("Drop fundus photographs, folders or ZIP archives here").set_input_files(list(uploads))


def choose(page, *uploads):
    """Choose files, and wait for their answers."""
    choose_only(page, *uploads)
    expect(page.get_by_role("status")).to_have_text(ANSWERED)


def wait_for_held(page, held, count=1):
    """Wait until a route that is held back has received ``count`` requests."""
    while len(held) < count:
        page.evaluate("new Promise(requestAnimationFrame)")


def decoded(file):
    """A picture, RGB, from the bytes of its file."""
    picture = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture[..., ::-1]


def wait_for(page, condition):
    """Look at each frame; playwright's own way of waiting is refused by the content security policy."""
    page.evaluate(
        "() => new Promise((resolve) => {"
        f"const look = () => ({condition}) ? resolve() : requestAnimationFrame(look); look(); }})"
    )
