"""This file is about running the server: one process, one event loop, until it is told to stop."""

import socket
from collections.abc import Callable

import uvicorn

from bowerbird.core.errors import ConfigError, StageUnavailableError
from bowerbird.serve.http.api import Api

_BACKLOG = 512
_GRACE_S = 10
_KEEP_ALIVE_S = 75


def run(api: Api, host: str, port: int, on_start: Callable[[str], object]) -> None:
    """Serve `api`; `on_start` is given the address when it is ready.

    Raises:
        ConfigError: the address cannot be listened on.
        StageUnavailableError: the service could not be opened.
    """
    listening = listen(host, port)
    config = uvicorn.Config(
        api.app,
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    address = address_of(listening)
    api.house.when_open(lambda: on_start(address), lambda: setattr(server, "should_exit", True))
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()
    status, detail = api.house.status()
    if status == "failed":
        raise StageUnavailableError(detail)


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address.

    Raises:
        ConfigError: it is taken, or not one of this machine.
    """
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}); "
            "choose another --port or --host, or stop what uses it"
        ) from error


def address_of(listening: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
