"""Hot reload: other models are loaded and tried beside those that answer, then replace them."""

import asyncio
import signal
import threading

import structlog

from service.engines.contract import ModelError
from service.serving.models.repository import load_models
from service.serving.runtime import Runtime

_log = structlog.stdlib.get_logger("service")


class ReloadInProgressError(Exception):
    """A reload is in progress; a third generation of models would not fit in memory."""


class Reloader:
    """Loads the model files again when asked, by a call or by SIGHUP."""

    def __init__(self, runtime: Runtime) -> None:
        """Keep the runtime whose models are replaced."""
        self._runtime = runtime
        self._loading = False
        self._asked_by_signal: set[asyncio.Task[None]] = set()

    async def reload(self) -> None:
        """Load every model file, warm each up, check its answers, and only then serve them.

        Raises:
            ModelError: One cannot be served; the former models stay.
            ReloadInProgressError: Another reload has not ended, or its former models still have requests.
        """
        if self._loading or self._runtime.replacing:
            raise ReloadInProgressError
        self._loading = True
        try:
            models = await asyncio.to_thread(load_models, self._runtime.settings)
        except Exception as error:
            self._runtime.metrics.reloads.labels(outcome="refused").inc()
            _log.error("models not reloaded", reason=str(error))
            raise
        finally:
            self._loading = False
        self._runtime.replace(models)
        self._runtime.metrics.reloads.labels(outcome="success").inc()
        _log.info("models reloaded", models=list(self._runtime.served))

    def listen(self) -> None:
        """Reload at every SIGHUP from now on, where there is that signal."""
        # Python handles signals in the main thread alone.
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload_by_signal)

    def stop(self) -> None:
        """Cancel what a signal has begun: the service is shutting down."""
        for task in self._asked_by_signal:
            task.cancel()

    def _reload_by_signal(self) -> None:
        task = asyncio.create_task(self._reload_quietly())
        self._asked_by_signal.add(task)
        task.add_done_callback(self._asked_by_signal.discard)

    async def _reload_quietly(self) -> None:
        try:
            await self.reload()
        except ModelError:
            pass  # logged already
        except ReloadInProgressError:
            _log.warning("a reload is in progress")
        except Exception:
            _log.exception("unexpected error")
