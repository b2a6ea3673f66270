"""This file is about the time between start and ready: HTTP answers at once, pages come when all is warm."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bowerbird.core.errors import BowerbirdError, StageUnavailableError
from bowerbird.serve.metrics import Metrics
from bowerbird.serve.service import Service

log = logging.getLogger(__name__)

Status = Literal["warming", "ready", "failed"]


@dataclass(slots=True)
class House:
    """What there is of the server at any moment.

    Attributes:
        opened: makes the service; called once, in a thread.
    """

    opened: Callable[[], Service]
    metrics: Metrics
    _on_ready: Callable[[], object] = lambda: None
    _on_failure: Callable[[], object] = lambda: None
    _service: Service | None = None
    _failure: str = ""
    _thread: threading.Thread | None = None

    def warm_up(self) -> None:
        """Begin to open the service, and return at once."""
        self._thread = threading.Thread(target=self._open, name="bowerbird-warm-up", daemon=True)
        self._thread.start()

    def when_open(self, on_ready: Callable[[], object], on_failure: Callable[[], object]) -> None:
        """Have one of them called when the opening has ended; to be said before it begins."""
        self._on_ready, self._on_failure = on_ready, on_failure

    def ready(self) -> Service:
        """The service.

        Raises:
            StageUnavailableError: it is still warming up, or could not be opened.
        """
        if self._service is not None:
            return self._service
        status, detail = self.status()
        raise StageUnavailableError(
            detail if status == "failed" else "models and indexes are warming up; wait"
        )

    def status(self) -> tuple[Status, str]:
        """Whether requests can be answered, and why not."""
        if self._service is not None:
            return "ready", ""
        if self._failure:
            return "failed", self._failure
        return "warming", "models and indexes are being opened"

    def close(self) -> None:
        """Wait for the opening to end, then close what was opened."""
        if self._thread is not None:
            self._thread.join()
        if self._service is not None:
            self._service.close()

    def _open(self) -> None:
        started_s = time.perf_counter()
        try:
            service = self.opened()
        except Exception as error:  # the thread's last catch: readyz must say that waiting will not help
            is_told = isinstance(error, BowerbirdError)
            self._failure = str(error) if is_told else "the service could not be opened; its log says why"
            log.exception("service could not be opened")
            self._on_failure()
            return
        self._service = service
        seconds = round(time.perf_counter() - started_s, 2)
        log.info("service ready", extra={"items": service.catalogue.count(), "seconds": seconds})
        self._on_ready()
