"""The request log of a whole server: pages leave records, the warm-up and the forgotten leave none."""

from live_server import LiveServer

from bowerbird.serve.warming import NOBODY


def test_pages_are_logged_for_whoever_asks_and_gone_when_they_are_forgotten(server: LiveServer) -> None:
    log, client, other = server.service.lake.requests, server.client(), server.client()
    person = client.get("/v1/me").json()["person_id"]
    page = client.get("/v1/feed", params={"limit": 5}).json()
    item_id = page["items"][0]["item"]["id"]
    client.get(f"/v1/items/{item_id}/related", params={"limit": 5})
    other.get("/v1/feed", params={"limit": 5})
    log.flush()

    theirs = {each.surface: each for each in log.records() if each.person_id == person}
    assert theirs.keys() == {"feed", "related"}
    assert theirs["feed"].request_id == page["request_id"]
    shown = server.service.catalogue.ids_of(theirs["feed"].numbers[theirs["feed"].shown])
    assert list(shown) == [each["item"]["id"] for each in page["items"]]
    assert log.count(NOBODY) == 0
    assert "bowerbird_request_log_records" in client.get("/metrics").text

    assert client.delete("/v1/me").status_code == 200
    log.flush()
    assert log.count(person) == 0
    assert log.count() >= 1
