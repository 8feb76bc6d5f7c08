"""Several files in one body, and out of it again."""

import pytest

from service.api.transport.multipart_related import multipart_related, split_related


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n--", bytes(range(256)) * 3, b"\r\n\r\nx"])
def test_what_is_joined_is_split(content):
    objects = {"report": content, "overlay": b"other"}
    assert split_related(*multipart_related(objects)) == objects


def test_anything_else_is_an_error():
    media_type, body = multipart_related({"report": b"content"})
    in_pieces = "multipart/related; boundary*=a; boundary*0=b"
    for wrong in (
        ("application/json", body),
        ("multipart/related", body),
        (in_pieces, body),
        (media_type, body[:-6]),
    ):
        with pytest.raises(ValueError, match=r"not multipart/related|boundary"):
            split_related(*wrong)
    with pytest.raises(ValueError, match="no name"):
        split_related(media_type, body.replace(b"filename", b"name"))
