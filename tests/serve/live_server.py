"""A real server on this machine's loopback, over a real lake, in a thread of the test process."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from serve_lake import draw_folder

from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing, fit_space
from bowerbird.encode.registry import load_encoders
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.lake import Lake
from bowerbird.serve.app import create_app
from bowerbird.serve.http.api import Api
from bowerbird.serve.service import Service
from bowerbird.serve.settings import ServeSettings

PICTURES = 48


@dataclass(slots=True)
class LiveServer:
    """Where it listens, and what it is made of."""

    address: str
    api: Api
    lake_path: Path
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def service(self) -> Service:
        """The opened service."""
        return self.api.house.ready()

    def client(self, **headers: str) -> httpx.Client:
        """Someone new, with a cookie jar of their own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        made = httpx.Client(base_url=self.address, timeout=60, headers=named)
        self.clients.append(made)
        return made

    def item_ids(self, client: httpx.Client, limit: int = 10) -> list[str]:
        """Ids of items on a page of the feed."""
        page = client.get("/v1/feed", params={"limit": limit}).json()
        return [each["item"]["id"] for each in page["items"]]


def build_lake(folder: Path) -> Path:
    """48 drawn pictures: imported, encoded, with a fitted space."""
    lake_path = folder / "lake"
    with Lake.open(lake_path, create=True) as lake:
        report = import_source(lake, draw_folder(folder / "pictures"), ImportOptions(workers=1))
        assert report.accepted == PICTURES
        encoders = load_encoders(EncodeConfig())
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
    return lake_path


def settings_of(lake_path: Path, **given: Any) -> ServeSettings:
    """Settings for a test.

    Display sizes are made when asked for, so that tests do not wait for others; and on a busy machine a
    request waits longer than a person would.
    """
    usual = {
        "lake": lake_path,
        "port": 0,
        "background_displays": False,
        "random_share": 0.0,
        "queue_wait_ms": 30_000,
    }
    return ServeSettings(**{**usual, **given})


@contextmanager
def serving(settings: ServeSettings, *, wait: bool = True) -> Iterator[LiveServer]:
    """The server, from its first answer to its last."""
    api = create_app(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(api.app, log_config=None, access_log=False, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    live = LiveServer(f"http://127.0.0.1:{listening.getsockname()[1]}", api, settings.lake)
    try:
        if wait:
            wait_until_ready(live)
        yield live
    finally:
        for client in live.clients:
            client.close()
        server.should_exit = True
        thread.join(60)
        listening.close()


def wait_until_ready(live: LiveServer, *, seconds: float = 120.0) -> None:
    """Until readyz says so."""
    until = time.monotonic() + seconds
    with httpx.Client(base_url=live.address, timeout=30) as client:
        while (answer := client.get("/readyz")).status_code != 200:
            assert answer.json()["status"] == "warming", answer.text
            assert time.monotonic() < until, "not ready in time"
            time.sleep(0.05)


def copied(lake_path: Path, folder: Path) -> Path:
    """A lake of one's own to change."""
    return Path(shutil.copytree(lake_path, folder / "lake"))
