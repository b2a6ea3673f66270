"""The request log of a whole server: pages leave records, the warm-up and the forgotten leave none."""

import json
import time
from dataclasses import replace

import pytest
from live_server import LiveServer

from bowerbird.cli.main import main
from bowerbird.rank import FEATURES
from bowerbird.serve.warming import NOBODY


def test_pages_are_logged_for_whoever_asks_and_gone_when_they_are_forgotten(server: LiveServer) -> None:
    log, client, other = server.service.lake.requests, server.client(), server.client()
    person = client.get("/v1/me").json()["person_id"]
    page = client.get("/v1/feed", params={"limit": 5}).json()
    item_id = page["items"][0]["item"]["id"]
    client.get(f"/v1/items/{item_id}/related", params={"limit": 5})
    found = client.get("/v1/search", params={"q": "red circle", "limit": 5}).json()
    other.get("/v1/feed", params={"limit": 5})
    log.flush()

    theirs = {each.surface: each for each in log.records() if each.person_id == person}
    assert theirs.keys() == {"feed", "related", "search"}
    assert theirs["feed"].request_id == page["request_id"]
    shown = server.service.catalogue.ids_of(theirs["feed"].numbers[theirs["feed"].shown])
    assert list(shown) == [each["item"]["id"] for each in page["items"]]
    searched = theirs["search"]
    hits = server.service.catalogue.ids_of(searched.numbers[searched.shown])
    assert list(hits) == [each["item"]["id"] for each in found["items"]]
    assert (searched.values[searched.shown][:-1] >= searched.values[searched.shown][1:]).all()
    assert log.count(NOBODY) == 0
    assert "bowerbird_request_log_records" in client.get("/metrics").text

    assert client.delete("/v1/me").status_code == 200
    log.flush()
    assert log.count(person) == 0
    assert log.count() >= 1


def test_skew_of_served_features_is_a_metric_with_an_alarm(
    server: LiveServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log, client, watch = server.service.lake.requests, server.client(), server.service.background.skew
    watch.settled_ms = 0
    for item_id in server.item_ids(client)[:2]:
        event = {"event_id": f"skew {item_id}", "action": "save", "item_id": item_id, "at_ms": 1}
        assert client.post("/v1/events", json={"events": [event]}).json()["accepted"] == 1
        time.sleep(0.002)
        client.get("/v1/feed")
    log.flush()
    assert watch.look() is not None
    told = client.get("/metrics").text
    assert 'bowerbird_feature_skew_rate{feature="closeness"} 0.0' in told
    words = ["rank", "skew", "--lake", str(server.lake_path), "--json", "--settled-ms", "0"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["alarms"] == []
    assert said["requests"] >= 2

    (served,) = [each for each in log.newest(1) if each.surface == "feed"]
    broken = served.features.copy()
    broken[:, FEATURES.index("quality")] += 0.1
    for n in range(10):
        log(replace(served, request_id=f"broken {n}", features=broken))
    log.flush()
    watch.look()

    assert 'bowerbird_feature_skew_alarm{feature="quality"} 1.0' in client.get("/metrics").text
    assert "served features differ" in capsys.readouterr().err
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out)["alarms"] == ["quality"]


def test_who_does_not_consent_leaves_no_record(server: LiveServer) -> None:
    service, client = server.service, server.client()
    person = client.get("/v1/me").json()["person_id"]
    service.lake.records.people.create(person, consent=False)
    before = service.lake.requests.counted.refused
    assert client.get("/v1/feed").status_code == 200
    service.lake.requests.flush()
    assert service.lake.requests.count(person) == 0
    assert service.lake.requests.counted.refused == before + 1
