"""A real server over a small real catalogue, and a real browser that watches itself while it visits."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import rendered_shop

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
# A headless browser that looks for nobody: without these it tries to reach its maker at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 240
MOST_SHIFT = 0.02
MOST_WAIT_MS = 20_000

# Shifts are added up; and a beacon, whose body the browser shows to nobody, is told to the test.
WATCHES = """
const beacon = navigator.sendBeacon.bind(navigator);
navigator.sendBeacon = (address, body) => {
  void body.text().then((text) => window.__beacon(text));
  return beacon(address, body);
};
window.__shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""

Visit = Callable[..., Any]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server over the rendered shop listens; `PAGE_TEST_SERVER` names one that runs already."""
    if running := os.environ.get("PAGE_TEST_SERVER"):
        yield running.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("shop")
    listed = rendered_shop.draw_shop(folder / "catalogue")
    port = free_port()
    log = (folder / "server.log").open("w")
    command = ["up", str(listed), "--lake", str(folder / "lake"), "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", "bowerbird.cli.main", *command],
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,  # away from anybody's bowerbird.toml
        env=_quiet_environment(),
    )
    try:
        wait_until_ready(server, port, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _quiet_environment() -> dict[str, str]:
    """The environment without settings of whoever runs the tests, and patient with a busy disk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOWERBIRD_")}
    return kept | {"BOWERBIRD_QUEUE_WAIT_MS": "15000"}


def wait_until_ready(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, f"the server ended:\n{log.read_text()[-4000:]}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the server was not ready after {START_SECONDS} s:\n{log.read_text()[-4000:]}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Not for the whole session: while it is open, its event loop counts as running in this thread, and
    # every test elsewhere that starts a loop of its own fails.
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no Chromium at {CHROMIUM}; install the package `chromium`")
    with playwright_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


class Watch:
    """What a page did that it must not do: complaints in its console, and requests to elsewhere."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.expects_failures = False

    def attach(self, page: Any) -> None:
        page.on("console", lambda said: said.type in ("error", "warning") and self.note(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.request)
        page.expose_function("__beacon", self.take)

    def note(self, text: str) -> None:
        # The browser itself writes a line for each answer that is no success.
        if not (self.expects_failures and "Failed to load resource" in text):
            self.complaints.append(text)

    def request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.elsewhere.append(request.url)
        if parts.path == "/v1/events" and request.resource_type != "ping" and request.post_data:
            self.take(request.post_data)

    def take(self, body: str) -> None:
        self.events.extend(json.loads(body)["events"])

    def said(self, action: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["action"] == action]


@pytest.fixture
def visit(address: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Opens the page as someone new; at the end nothing may have been complained of or shifted."""
    opened: list[tuple[Any, Any, Watch]] = []

    def go(
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        is_phone: bool = False,
        is_new: bool = False,
        **more: Any,
    ) -> Any:
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            has_touch=is_phone,
            is_mobile=is_phone,
            locale="en-GB",
            **more,
        )
        context.set_default_timeout(MOST_WAIT_MS)
        context.add_init_script(WATCHES)
        if not is_new:
            context.add_init_script("localStorage.setItem('bowerbird.welcomed', '1')")
        page, watch = context.new_page(), Watch(address)
        watch.attach(page)
        page.watch = watch
        opened.append((context, page, watch))
        page.goto(path)
        return page

    yield go
    for context, page, watch in opened:
        shift = page.evaluate("window.__shift")
        keep_picture(page, request.node.name)
        context.close()
        assert watch.complaints == []
        assert watch.elsewhere == []
        assert shift < MOST_SHIFT


def keep_picture(page: Any, name: str) -> None:
    """Saves what the test ended with, where `PAGE_TEST_SHOTS` names a folder."""
    if folder := os.environ.get("PAGE_TEST_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{re.sub(r'[^a-z0-9]+', '-', name)}.png"))


@pytest.fixture(scope="session")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture from outside the catalogue: a blue vase, drawn larger and elsewhere."""
    path = tmp_path_factory.mktemp("query") / "mine.png"
    rendered_shop.draw("vase", "blue", (640, 800), seed=991).save(path)
    return path


@pytest.fixture(autouse=True, scope="session")
def _page_is_built() -> None:
    index = Path(__file__).parents[2] / "src" / "bowerbird" / "serve" / "page" / "index.html"
    if not index.is_file() and shutil.which("node") is None:
        pytest.skip("the page is not built; run `python hatch_build.py`")
