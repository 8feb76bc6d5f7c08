"""Routes that need the admin key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service.api.admission import PresentedKey, unauthorized
from service.api.api_keys import ADMIN, ApiKeys
from service.api.dependencies import RuntimeDependency
from service.api.problems import Problem, problem_examples
from service.api.routes.health import list_models
from service.api.schemas import ModelList
from service.engines.contract import ModelError
from service.serving.models.reload import Reloader, ReloadInProgressError


def admit_admin(request: Request, runtime: RuntimeDependency, key: PresentedKey) -> None:
    """Admit the holder of the admin key.

    Raises:
        Problem: The key is not the admin key, or there is none.
    """
    admin_key = runtime.settings.admin_key
    if admin_key is None:
        raise Problem("not-found", "The service has no admin key.")
    if key is None or ApiKeys({ADMIN: admin_key.get_secret_value()}).holder(key) is None:
        raise unauthorized("This needs the admin key.")
    request.state.client = ADMIN


router = APIRouter(prefix="/admin", tags=["operation"], dependencies=[Depends(admit_admin)])


def _get_reloader(request: Request) -> Reloader:
    reloader: Reloader = request.app.state.reloader
    return reloader


@router.post(
    "/reload", responses=problem_examples("unauthorized", "not-found", "models-refused", "reload-in-progress")
)
async def reload(
    runtime: RuntimeDependency, reloader: Annotated[Reloader, Depends(_get_reloader)]
) -> ModelList:
    """Load the model files again, and return the models served from now on.

    They are loaded, warmed up and checked beside the former ones, which answer meanwhile, and stay where a
    new one cannot be served. A request is answered by the model that it began with.
    """
    try:
        await reloader.reload()
    except ModelError as error:
        raise Problem("models-refused", f"{error}; the former models stay") from error
    except ReloadInProgressError as error:
        raise Problem("reload-in-progress", "Try again when it has ended.") from error
    return list_models(runtime)
