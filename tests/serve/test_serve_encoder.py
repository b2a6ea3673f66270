"""The encoder of a lake is switched while the server answers: no gap, no mixture, and a way back."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from live_server import LiveServer, build_lake, copied, settings_of
from live_server import serving as served
from PIL import Image

from bowerbird.encode.generations import read_generations
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.lake import Lake

OTHER = "lite0-float32"
KILLS = int(os.environ.get("BOWERBIRD_SWITCH_KILLS", "5"))
COMMAND = [sys.executable, "-P", "-m", "bowerbird.cli.main", "encode"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_lake(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def server(made: Path, tmp_path: Path) -> Iterator[LiveServer]:
    with served(settings_of(copied(made, tmp_path))) as server:
        yield server


def wait_for(is_so: Callable[[], bool], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


def serving(server: LiveServer) -> str:
    return server.service.generations.current.generation.encoder


def test_server_goes_over_by_itself_when_the_lake_names_another_encoder(server: LiveServer) -> None:
    client = server.client()
    before = client.get("/v1/admin/encoder").json()

    done = subprocess.run(
        [*COMMAND, "switch", OTHER, "--lake", str(server.lake_path)], capture_output=True, check=False
    )
    wait_for(lambda: serving(server) == OTHER)
    after = client.get("/v1/admin/encoder").json()

    assert done.returncode == 0, done.stderr.decode()
    assert before["active"]["encoder"] == "lite0"
    assert before["candidate"] is None
    assert after["active"]["encoder"] == OTHER
    assert after["previous"]["encoder"] == "lite0"
    assert after["answers_with"] == after["active"]["id"]
    assert len(server.service.indexes.numbers()) == server.service.catalogue.count()
    assert 'bowerbird_encoder_generation_info{encoder="lite0-float32"' in client.get("/metrics").text


def test_every_answer_during_switches_is_of_one_generation_alone(server: LiveServer) -> None:
    client = server.client()
    stamps: set[tuple[str, str]] = set()
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        asker = server.client()
        while not stop.is_set():
            answer = asker.get("/v1/search", params={"q": "red circle", "limit": 10})
            if answer.status_code == 503:  # a busy machine; it says so, and mixes nothing
                continue
            if answer.status_code != 200 or not answer.json()["items"]:
                wrong.append(answer.text)
                continue
            models = answer.json()["models"]
            stamps.add((models["look"], models["words"]))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert client.post("/v1/admin/encoder/switch", json={"encoder": OTHER}).status_code == 202
        wait_for(lambda: serving(server) == OTHER)
        for encoder in ("lite0", OTHER):
            assert client.post("/v1/admin/encoder/rollback").status_code == 202
            wait_for(lambda encoder=encoder: serving(server) == encoder)  # type: ignore[misc]
        time.sleep(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert not wrong
    assert all(look == words for look, words in stamps)
    assert len(stamps) == 2


def test_cursors_go_on_after_a_switch_and_uploads_are_told_to_search_again(server: LiveServer) -> None:
    client = server.client()
    picture = server.service.pictures.to_look_at(0)
    by_words = client.get("/v1/search", params={"q": "red", "limit": 4}).json()
    by_upload = client.post("/v1/search", files={"picture": picture}, data={"limit": "4"}).json()
    feed = client.get("/v1/feed", params={"limit": 6}).json()

    client.post("/v1/admin/encoder/switch", json={"encoder": OTHER})
    wait_for(lambda: serving(server) == OTHER)
    more_words = client.get("/v1/search", params={"cursor": by_words["cursor"], "limit": 4})
    more_upload = client.get("/v1/search", params={"cursor": by_upload["cursor"], "limit": 4})
    more_feed = client.get("/v1/feed", params={"cursor": feed["cursor"], "limit": 6})

    assert more_words.status_code == more_feed.status_code == 200
    shown = {each["item"]["id"] for each in feed["items"]}
    assert shown.isdisjoint(each["item"]["id"] for each in more_feed.json()["items"])
    assert (more_upload.status_code, more_upload.json()["code"]) == (400, "bad-cursor")


def test_item_added_during_a_switch_is_found_before_and_after_it(server: LiveServer) -> None:
    client = server.client()
    client.post("/v1/admin/encoder/switch", json={"encoder": OTHER})

    values = np.random.default_rng(5).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(values).resize((120, 120)).save(server.lake_path.parent / "late.png")
    picture = (server.lake_path.parent / "late.png").read_bytes()
    added = client.post(
        "/v1/items", files={"picture": picture}, data={"fields": '{"id": "late", "title": "patchwork"}'}
    )
    found_before = first_hit(client)
    wait_for(lambda: serving(server) == OTHER)
    found_after = first_hit(client)

    assert added.status_code == 201, added.text
    assert found_before == found_after == "late"


def test_cancelled_switch_goes_on_serving_what_served(server: LiveServer) -> None:
    client = server.client()
    client.post("/v1/admin/encoder/switch", json={"encoder": OTHER})

    cancelled = client.post("/v1/admin/encoder/cancel")
    again = client.post("/v1/admin/encoder/cancel")

    if cancelled.status_code == 200:  # else it was through before it could be cancelled
        assert cancelled.json()["candidate"] is None
        assert serving(server) == "lite0"
    assert again.status_code == 404


def test_encoder_that_this_machine_cannot_open_is_refused_at_once(server: LiveServer) -> None:
    answer = server.client().post("/v1/admin/encoder/switch", json={"encoder": "abacus:/models/x"})

    assert answer.status_code == 422
    assert "lite0" in answer.json()["detail"]
    assert server.client().get("/v1/admin/encoder").json()["candidate"] is None


@pytest.mark.slow
def test_switch_killed_at_random_moments_ends_when_it_is_run_again(made: Path, tmp_path: Path) -> None:
    copied(made, tmp_path)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    command = [*COMMAND, "switch", OTHER, "--lake", str(tmp_path / "lake")]

    for _ in range(KILLS):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 4.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
    left = subprocess.run([*command], capture_output=True, check=False)
    kept = read_generations(tmp_path / "lake")

    assert left.returncode == 0 or b"already" in left.stderr, left.stderr.decode()
    assert kept is not None
    assert kept.active.encoder == OTHER
    assert kept.candidate is None
    with served(settings_of(tmp_path / "lake")) as server:
        indexes = server.service.indexes
        assert serving(server) == OTHER
        assert len(indexes.numbers()) == server.service.catalogue.count()


@pytest.mark.slow
def test_generation_before_is_kept_complete_by_the_server(server: LiveServer, tmp_path: Path) -> None:
    client = server.client()
    client.post("/v1/admin/encoder/switch", json={"encoder": OTHER})
    wait_for(lambda: serving(server) == OTHER)
    Image.new("RGB", (60, 60), "teal").save(tmp_path / "teal.png")
    (tmp_path / "more").mkdir()
    shutil.move(tmp_path / "teal.png", tmp_path / "more" / "teal.png")
    with Lake.open(server.lake_path) as lake:
        import_source(lake, tmp_path / "more")
        before = server.service.encoders.told().previous
        assert before is not None

        server.service.encoders.tend()
        wait_for(lambda: not server.service.encoders._is_behind(before))

    assert client.post("/v1/admin/encoder/rollback").status_code == 202
    wait_for(lambda: serving(server) == "lite0")
    assert len(server.service.indexes.numbers()) == server.service.catalogue.count()


def first_hit(client: object) -> str:
    page = client.get("/v1/search", params={"q": "patchwork", "limit": 3}).json()  # type: ignore[attr-defined]
    return str(page["items"][0]["item"]["id"])
