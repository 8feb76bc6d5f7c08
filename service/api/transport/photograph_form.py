"""Parses a multipart form that holds one photograph, into memory and never onto a disk."""

from python_multipart import MultipartParser
from python_multipart.multipart import MultipartState, parse_options_header

from service.api.problems import Problem

FIELD = "file"


class PhotographForm:
    """A form that holds one file in the field ``file``, and nothing else.

    Any other part is refused at its header, before its content is read: nothing is silently ignored, and no
    file is picked among several.
    """

    def __init__(
        self,
        boundary: bytes,
        *,
        max_headers: int = 16,
        max_header_size: int = 8192,
        max_boundaries: int = 64,
        max_padding: int = 2**16,
    ) -> None:
        """Start reading a form.

        Args:
            boundary: What stands between its parts.
            max_headers: Of one part; browsers send two.
            max_header_size: Of a header's name, and of its value, in bytes.
            max_boundaries: After the first; a form of a single file has one. The parser goes byte by byte
                through what follows a boundary.
            max_padding: Behind one of them, in bytes; browsers send none.
        """
        self.max_headers = max_headers
        self.max_header_size = max_header_size
        self.max_boundaries = max_boundaries
        self.max_padding = max_padding
        self._content = bytearray()
        self._started = False
        self._ended = False
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._headers = 0
        self._delimiter = b"\r\n--" + boundary
        self._boundaries = self._padding = 0
        self._tail = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Read the next bytes of the form.

        Raises:
            FormParserError: They are no multipart form.
            Problem: They hold something other than one file.
        """
        if self._parser.state == MultipartState.START:
            # The parser skips what stands behind a leading newline, as far as it arrives with it.
            chunk = chunk.lstrip(b"\r\n")
        self._count_boundaries(chunk)
        self._parser.write(chunk)
        if self._parser.state == MultipartState.BOUNDARY_PADDING:
            self._padding += len(chunk)
            if self._padding > self.max_padding:
                raise Problem("malformed-multipart", "A boundary of the form is too long.")

    def photograph(self) -> bytearray:
        """Return the file's content once the form is read.

        Raises:
            Problem: The form has no file, or ended too early.
        """
        if not self._ended:
            raise Problem("malformed-multipart", "The form ends before its last boundary.")
        if not self._started:
            raise Problem("missing-file", f"The form has no file in the field '{FIELD}'.")
        return self._content

    def _count_boundaries(self, chunk: bytes) -> None:
        most = len(self._delimiter) - 1
        between = self._tail + chunk[:most]
        self._boundaries += between.count(self._delimiter) + chunk.count(self._delimiter)
        self._tail = (self._tail + chunk[-most:])[-most:]
        if self._boundaries > self.max_boundaries:
            raise Problem("malformed-multipart", "The form has too many boundaries.")

    def _on_part_begin(self) -> None:
        self._disposition = b""
        self._headers = 0

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        if len(self._header_name) > self.max_header_size:
            raise Problem("malformed-multipart", "A header of the form is too long.")

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        if len(self._header_value) > self.max_header_size:
            raise Problem("malformed-multipart", "A header of the form is too long.")

    def _on_header_end(self) -> None:
        self._headers += 1
        if self._headers > self.max_headers:
            raise Problem("malformed-multipart", "A part of the form has too many headers.")
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise Problem("unexpected-field", f"The only field is '{FIELD}'; the form has '{name[:40]}'.")
        if b"filename" not in options:
            raise Problem("file-is-text", f"The field '{FIELD}' holds text; send it as a file.")
        if self._started:
            raise Problem("multiple-files", "Each photograph has a request of its own.")
        self._started = True

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._content += memoryview(data)[start:end]

    def _on_end(self) -> None:
        self._ended = True
