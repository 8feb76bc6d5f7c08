"""Every error of the service as a problem document (RFC 9457) with a stable code."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import Request, Response
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
_OPEN_INFERENCE = "/v2/"
_SCHEMAS = "#/components/schemas/"


@dataclass(frozen=True)
class ProblemType:
    """What all problems of one code have in common.

    Attributes:
        status: HTTP status.
        title: What is wrong, in a few words.
    """

    status: int
    title: str


PROBLEMS: Mapping[str, ProblemType] = {
    "malformed-multipart": ProblemType(400, "The form cannot be read"),
    "missing-file": ProblemType(400, "The form has no file"),
    "multiple-files": ProblemType(400, "The form has more than one file"),
    "unexpected-field": ProblemType(400, "The form has a field that is not expected"),
    "file-is-text": ProblemType(400, "The file was sent as text"),
    "malformed-inference": ProblemType(400, "The inference request cannot be read"),
    "empty-file": ProblemType(400, "The file is empty"),
    "unauthorized": ProblemType(401, "The request has no valid API key"),
    "not-found": ProblemType(404, "Nothing is at this address"),
    "unknown-model": ProblemType(404, "There is no model of this name"),
    "unknown-camera": ProblemType(404, "There is no profile of this camera"),
    "method-not-allowed": ProblemType(405, "The address does not allow this method"),
    "not-acceptable": ProblemType(406, "None of the accepted media types is available"),
    "upload-timeout": ProblemType(408, "The upload took too long"),
    "models-refused": ProblemType(409, "The models cannot be served"),
    "reload-in-progress": ProblemType(409, "A reload is in progress"),
    "body-too-large": ProblemType(413, "The request is too large"),
    "image-too-large": ProblemType(413, "The photograph has too many pixels"),
    "not-multipart": ProblemType(415, "The request is not a multipart form"),
    "not-an-image": ProblemType(415, "The file is not an image"),
    "unsupported-image": ProblemType(415, "The image format is not supported"),
    "multiple-images": ProblemType(422, "The file holds more than one image"),
    "truncated-image": ProblemType(422, "The image is not complete"),
    "corrupt-image": ProblemType(422, "The image cannot be decoded"),
    "no-field-of-view": ProblemType(422, "The image is not a fundus photograph"),
    "too-costly": ProblemType(422, "The photograph exceeds its time or memory"),
    "invalid-parameter": ProblemType(422, "A parameter is not valid"),
    "too-many-requests": ProblemType(429, "The rate limit is exceeded"),
    "internal-error": ProblemType(500, "The service failed"),
    "queue-full": ProblemType(503, "The service is busy"),
    "shutting-down": ProblemType(503, "The service is shutting down"),
    "not-alive": ProblemType(503, "The service cannot recover by itself"),
    "not-ready": ProblemType(503, "The service is not ready"),
    "deadline-exceeded": ProblemType(504, "The answer was not ready in time"),
}


class ParameterError(BaseModel):
    """One parameter that is not valid."""

    parameter: str
    message: str


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="Identifies the kind of problem.")
    title: str = Field(description="The kind of problem, for a person.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="The kind of problem, for a program. Stable.")
    detail: str = Field(description="This occurrence, for a person.")
    request_id: str | None = Field(description="The request's X-Request-ID, as in the service's log.")
    errors: list[ParameterError] | None = Field(default=None, description="Each parameter in error.")
    error: str | None = Field(
        default=None, description="Title and detail, where clients of the Open Inference Protocol look."
    )


class Problem(Exception):  # noqa: N818 - named as RFC 9457 names it
    """A request that is answered with a problem document."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[ParameterError] | None = None,
    ) -> None:
        """Describe one occurrence of a problem.

        Args:
            code: One of :data:`PROBLEMS`.
            detail: This occurrence, for a person.
            headers: Further headers of the answer.
            errors: Each parameter in error.
        """
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = headers
        self.errors = errors

    def document(self, request_id: str | None) -> ProblemDocument:
        """The body of the answer."""
        kind = PROBLEMS[self.code]
        return ProblemDocument(
            type=f"urn:resynthdetect:problem:{self.code}",
            title=kind.title,
            status=kind.status,
            code=self.code,
            detail=self.detail,
            request_id=request_id,
            errors=self.errors,
        )


def problem_response(request: Request, problem: Problem) -> Response:
    """Return a problem document, and set its code for the log and the metrics."""
    request.state.outcome = problem.code
    document = problem.document(correlation_id.get())
    if request.url.path.startswith(_OPEN_INFERENCE):
        document.error = f"{document.title}. {document.detail}"
    return Response(
        document.model_dump_json(exclude_none=True),
        status_code=document.status,
        headers=dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


def problem_examples(*codes: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses with an example of each problem, by status."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = PROBLEMS[code]
        response = responses.setdefault(kind.status, _openapi_response(kind.status))
        response["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": kind.title,
            "value": Problem(code, f"{kind.title}.").document("1f9c2a7e").model_dump(exclude_none=True),
        }
    return responses


def _openapi_response(status: int) -> dict[str, Any]:
    schema = {"$ref": f"{_SCHEMAS}{ProblemDocument.__name__}"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
    }


def problem_schemas() -> dict[str, Any]:
    """OpenAPI components that :func:`problem_examples` refers to, by name."""
    schema = ProblemDocument.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    return {**schema.pop("$defs"), ProblemDocument.__name__: schema}
