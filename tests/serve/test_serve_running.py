"""The server as a process: it starts at once, is ready when warm, sheds load, survives restarts."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from live_server import LiveServer, copied, serving, settings_of, wait_until_ready

from bowerbird.core.errors import ConfigError, LakeError
from bowerbird.serve.app import create_app
from bowerbird.serve.running import listen
from bowerbird.serve.settings import ServeSettings

MAIN = [sys.executable, "-m", "bowerbird.cli.main"]


def test_server_without_a_lake_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake"):
        create_app(ServeSettings(lake=tmp_path / "missing"))


def test_taken_port_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="choose another --port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_requests_before_it_is_warm_get_503_and_are_answered_after(drawn_lake: Path, tmp_path: Path) -> None:
    settings = settings_of(copied(drawn_lake, tmp_path))
    with serving(settings, wait=False) as live:
        assert live.client().get("/healthz").status_code == 200
        answer = live.client().get("/v1/feed")
        if answer.status_code == 503:
            assert answer.headers["retry-after"]
            assert answer.json()["code"] == "not-ready"
            assert live.client().get("/readyz").status_code in (200, 503)
        wait_until_ready(live)
        assert live.client().get("/v1/feed").status_code == 200


def test_service_that_cannot_be_opened_says_why_on_readyz(drawn_lake: Path, tmp_path: Path) -> None:
    lake_path = copied(drawn_lake, tmp_path)
    settings = settings_of(lake_path, encode={"encoder": "no_such_kind:folder"})
    with serving(settings, wait=False) as live:
        client, until = live.client(), time.monotonic() + 30
        while (answer := client.get("/readyz").json())["status"] == "warming":
            assert time.monotonic() < until
            time.sleep(0.05)

        assert answer["status"] == "failed"
        assert "no_such_kind" in answer["detail"]
        assert client.get("/v1/feed").status_code == 503


def test_more_requests_than_can_be_answered_get_a_cheaper_page_or_503_and_never_hang(
    drawn_lake: Path, tmp_path: Path
) -> None:
    settings = settings_of(copied(drawn_lake, tmp_path), threads=1, queue_limit=1)
    with serving(settings) as live:
        release = threading.Event()
        models = live.service.lanes.models
        models._executor.submit(release.wait, 60)  # the only thread is busy
        try:
            with ThreadPoolExecutor(16) as clients:
                pending = [clients.submit(live.client().get, "/v1/feed") for _ in range(8)]
                searches = [clients.submit(live.client().get, "/v1/search?q=red") for _ in range(8)]
                time.sleep(2)
                done = [each.result() for each in (*pending, *searches) if each.done()]
                release.set()
                answers = [each.result(30) for each in (*pending, *searches)]
        finally:
            release.set()

        statuses = [answer.status_code for answer in answers]
        assert len(done) >= 14
        assert 503 in statuses
        assert set(statuses) <= {200, 503}
        shed = [answer for answer in answers if answer.status_code == 503]
        assert all(answer.headers["retry-after"] and answer.json()["code"] == "overloaded" for answer in shed)
        cheap = [
            a.json()
            for a in answers
            if a.status_code == 200 and "overloaded" in a.json()["report"]["degraded"]
        ]
        assert cheap
        again = live.client().get("/v1/feed", params={"cursor": cheap[0]["cursor"]})
        assert again.status_code == 200
        assert again.json()["report"]["degraded"] == []


def test_server_that_is_stopped_and_started_knows_everybody_still(drawn_lake: Path, tmp_path: Path) -> None:
    settings = settings_of(copied(drawn_lake, tmp_path))
    with serving(settings) as live:
        client = live.client()
        token = client.get("/v1/me").json()["token"]
        page = client.get("/v1/feed", params={"limit": 5}).json()
        hidden = page["items"][0]["item"]["id"]
        client.post(f"/v1/items/{hidden}/hide")

    with serving(settings) as live:
        client = live.client(Bowerbird_Person=token)
        assert client.get("/v1/me").json()["hides"] == 1
        assert hidden not in live.item_ids(client, 48)
        assert client.get("/v1/feed", params={"cursor": page["cursor"]}).status_code == 200


def test_online_state_that_was_lost_comes_back_from_the_log(drawn_lake: Path, tmp_path: Path) -> None:
    lake_path = copied(drawn_lake, tmp_path)
    with serving(settings_of(lake_path)) as live:
        client = live.client()
        token = client.get("/v1/me").json()["token"]
        client.post(f"/v1/items/{live.item_ids(client)[0]}/hide")
    for file in lake_path.glob("online.sqlite*"):
        file.unlink()

    with serving(settings_of(lake_path)) as live:
        assert live.client(Bowerbird_Person=token).get("/v1/me").json()["hides"] == 1


def test_command_serves_and_stops_when_it_is_told_to(drawn_lake: Path, tmp_path: Path) -> None:
    lake_path = copied(drawn_lake, tmp_path)
    command = [
        *MAIN,
        "--log",
        "info",
        "--log-format",
        "json",
        "serve",
        "--lake",
        str(lake_path),
        "--port",
        "0",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.split()[-1]
        assert httpx.get(f"{address}/readyz", timeout=30).status_code == 200
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert process.returncode in (0, 130)
    assert "Traceback" not in errors
    events = [json.loads(line)["event"] for line in errors.splitlines() if line.startswith("{")]
    assert "service ready" in events


def test_command_without_a_lake_fails_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [*MAIN, "serve", "--lake", str(tmp_path / "none"), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "there is no lake" in done.stderr


def test_command_prints_settings_and_description(tmp_path: Path) -> None:
    (tmp_path / "bowerbird.toml").write_text("port = 9000\n")

    config = subprocess.run(
        [*MAIN, "serve", "config"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    openapi = subprocess.run(
        [*MAIN, "serve", "openapi"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "port = 9000" in config.stdout
    assert json.loads(openapi.stdout)["openapi"].startswith("3.1")


def test_slow_lane_does_not_hold_up_the_others(server: LiveServer) -> None:
    release = threading.Event()
    lanes = server.service.lanes
    held = [lanes.pictures._executor.submit(release.wait, 30) for _ in range(lanes.pictures.threads)]
    try:
        assert server.client().get("/v1/feed").status_code == 200
        assert server.client().get("/v1/boards").status_code == 200
    finally:
        release.set()
    assert all(each.result(10) for each in held)
