"""This file is about a server in this process, over a lake, for as long as simulated people visit it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from bowerbird.core.errors import StageUnavailableError
from bowerbird.serve.app import create_app
from bowerbird.serve.running import address_of, listen
from bowerbird.serve.settings import ServeSettings

_WARM_S, _STEP_S = 300.0, 0.05


@contextmanager
def server_of(settings: ServeSettings) -> Iterator[str]:
    """The address of a server that is ready; it stops when this ends.

    Raises:
        BowerbirdError: the lake or a model is not to be had.
        StageUnavailableError: it did not become ready.
    """
    api = create_app(settings)
    listening = listen(settings.host, settings.port)
    config = uvicorn.Config(api.app, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _WARM_S
        while (status := api.house.status())[0] == "warming" and time.monotonic() < until:
            time.sleep(_STEP_S)
        if status[0] != "ready":
            raise StageUnavailableError(
                f"the server did not become ready ({status[1]}); needed is a lake that can be served; "
                "try `bowerbird serve` on it"
            )
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join(60)
        listening.close()
