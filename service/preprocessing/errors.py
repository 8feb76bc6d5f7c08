"""Why a photograph cannot become a model's input."""


class PreprocessingError(Exception):
    """A photograph that cannot become a model input.

    Attributes:
        code: Stable, machine-readable reason in kebab case.
        detail: One sentence for a person.
    """

    def __init__(self, code: str, detail: str) -> None:
        """Store the reason as ``code`` and ``detail``."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


class DecodeError(PreprocessingError):
    """The bytes are not one complete image that can be decoded.

    Its codes: ``empty-file``, ``not-an-image``, ``unsupported-image``, ``multiple-images``,
    ``image-too-large``, ``truncated-image`` and ``corrupt-image``.
    """


class NoFieldOfView(PreprocessingError):  # noqa: N818 - the name says what is missing
    """The image shows no retina: neither a disc nor a retina that fills the frame."""

    def __init__(self, detail: str = "The picture does not look like a colour fundus photograph.") -> None:
        """Fix the code ``no-field-of-view``."""
        super().__init__("no-field-of-view", detail)
