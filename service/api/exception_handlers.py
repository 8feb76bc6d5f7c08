"""Which exception becomes which problem document."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from service.api.problems import ParameterError, Problem, problem_response
from service.cameras.choice import UnknownCameraError
from service.preprocessing import PreprocessingError
from service.serving.concurrency import ClosedError, QueueFullError
from service.serving.runtime import UnknownModelError

CLIENT_CLOSED_REQUEST = 499
# Of a full queue, in which a request takes about this long.
RETRY_AFTER_SECONDS = 2
# Parameters in error that one answer tells.
_MOST_ERRORS = 10


def install_handlers(app: FastAPI) -> None:
    """Answer every expected exception with a problem document."""
    handlers: dict[type[Exception], Any] = {
        Problem: _problem,
        PreprocessingError: _preprocessing_error,
        QueueFullError: _unavailable,
        ClosedError: _unavailable,
        UnknownModelError: _unknown_model,
        UnknownCameraError: _unknown_camera,
        ClientDisconnect: _disconnected,
        RequestValidationError: _invalid_parameters,
        HTTPException: _refused_by_router,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _problem(request: Request, error: Problem) -> Response:
    return problem_response(request, error)


async def _preprocessing_error(request: Request, error: PreprocessingError) -> Response:
    return problem_response(request, Problem(error.code, error.detail))


async def _unavailable(request: Request, error: QueueFullError | ClosedError) -> Response:
    code = "queue-full" if isinstance(error, QueueFullError) else "shutting-down"
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem_response(request, Problem(code, "Retry, or try another instance.", headers=headers))


async def _unknown_model(request: Request, error: UnknownModelError) -> Response:
    return problem_response(request, Problem("unknown-model", str(error)))


async def _unknown_camera(request: Request, error: UnknownCameraError) -> Response:
    return problem_response(request, Problem("unknown-camera", str(error)))


async def _disconnected(request: Request, _: ClientDisconnect) -> Response:
    request.state.outcome = "client-disconnected"
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _invalid_parameters(request: Request, error: RequestValidationError) -> Response:
    # Where it stands, its name, and of a union the type that refused it.
    errors = [
        ParameterError(parameter=str(each["loc"][:2][-1]), message=each["msg"])
        for each in error.errors()[:_MOST_ERRORS]
    ]
    more = len(error.errors()) - len(errors)
    told = [f"{each.parameter}: {each.message}" for each in errors]
    detail = "; ".join([*told, f"and {more} more"] if more else told)
    return problem_response(request, Problem("invalid-parameter", detail, errors=errors))


async def _refused_by_router(request: Request, error: HTTPException) -> Response:
    """An unknown address or method."""
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = f"{request.method} {request.url.path}"
    return problem_response(request, Problem(code, detail, headers=error.headers))
