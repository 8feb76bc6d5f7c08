"""Other models for a running service: loaded and tried beside those that answer, then put in their place."""

import asyncio
import signal
import threading

import structlog

from service.engines.errors import ModelError
from service.serving.catalogue import load_models
from service.serving.runtime import Runtime

_log = structlog.stdlib.get_logger("service")


class ReloadInProgressError(Exception):
    """The models are being exchanged already; a third generation would not fit in memory."""


class Reloader:
    """Loads the model files anew when asked, by a call or by SIGHUP."""

    def __init__(self, runtime: Runtime) -> None:
        """Keep the runtime whose models are exchanged."""
        self._runtime = runtime
        self._loading = False
        self._asked_by_signal: set[asyncio.Task[None]] = set()

    async def reload(self) -> None:
        """Load every model file, warm each up, check its answers, and only then have them answer.

        Raises:
            ModelError: One cannot be served; the former models go on answering.
            ReloadInProgressError: Another reload has not ended, or its former models still have requests.
        """
        if self._loading or self._runtime.exchanging:
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
        self._runtime.exchange(models)
        self._runtime.metrics.reloads.labels(outcome="success").inc()
        _log.info("models reloaded", models=list(self._runtime.served))

    def listen(self) -> None:
        """Reload at every SIGHUP from now on, where there is that signal."""
        # Signals reach the main thread alone; in any other the application is a guest.
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload_by_signal)

    def stop(self) -> None:
        """Give up what a signal has begun: the service is shutting down."""
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
            pass  # logged, and nobody waits for an answer
        except ReloadInProgressError:
            _log.warning("models are being reloaded already")
        except Exception:
            _log.exception("unexpected error")
