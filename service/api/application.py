"""The ASGI application: routes, exception handlers and middleware."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from service.api.admission import Admission
from service.api.api_keys import ApiKeys
from service.api.exception_handlers import install_handlers
from service.api.openapi import describe
from service.api.routes import admin, health, prediction
from service.api.routes.inference import router as inference_router
from service.api.transport.middleware import HeadMiddleware, SecurityHeadersMiddleware
from service.api.transport.observation import ObservationMiddleware
from service.engines.model import ServableModel
from service.serving.inference import Inference
from service.serving.models.reload import Reloader
from service.serving.runtime import Runtime
from service.settings import Settings
from service.web import install_page

# Whatever a client sends is echoed and logged: only what cannot break a header, a line or a shell.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def create_app(
    settings: Settings, models: Sequence[ServableModel], inference: Inference | None = None
) -> FastAPI:
    """Make the application that serves loaded models; the first is the default.

    Args:
        settings: Its limits.
        models: The models.
        inference: Runs them; this process, where none is given.

    Raises:
        AccessError: The API keys cannot be read.
    """
    admission = Admission(ApiKeys.read(settings), settings.rate_limit)
    runtime = Runtime(settings, models, inference)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with runtime.running():
            app.state.reloader.listen()
            yield
            app.state.reloader.stop()

    # Its /docs needs no internet, which a clinic's network may not have.
    app = FastAPIOffline(
        redoc_url=None,
        favicon_url="web/icon.svg",
        title="ReSynthDetect",
        description="Anomaly detection on retinal fundus photographs, learned from normal ones alone. "
        "A research tool, not a medical device.",
        version=version("resynthdetect"),
        lifespan=lifespan,
        # Operation ids, and so the names of a generated client's functions.
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    app.state.admission = admission
    app.state.reloader = Reloader(runtime)
    app.include_router(prediction.router)
    app.include_router(inference_router)
    app.include_router(health.router)
    app.include_router(admin.router)
    install_page(app)
    install_handlers(app)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    # Each wraps those before it.
    app.add_middleware(HeadMiddleware)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.strip() for origin in settings.cors_origins.split(",")],
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(ObservationMiddleware, metrics=runtime.metrics)
    app.add_middleware(SecurityHeadersMiddleware)
    # Outermost: everything inside knows the request's id.
    app.add_middleware(
        CorrelationIdMiddleware, validator=lambda value: REQUEST_ID.fullmatch(value) is not None
    )
    return app
