"""Forgetting over HTTP: gone when answered, told what remains, and followed by other servers."""

import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from live_server import LiveServer, copied, serving, settings_of
from serve_lake import drawing

from bowerbird.cli.main import main
from bowerbird.serve.people import COOKIE_NAME


def test_forgotten_item_is_gone_when_answered_and_is_not_taken_again(server: LiveServer) -> None:
    client = server.client()
    item = {"fields": '{"id": "soon-forgotten", "title": "Teal star"}'}
    sent = {"picture": ("star.png", drawing("teal", "cross"), "image/png")}
    made = client.post("/v1/items", data=item, files=sent).json()

    told = client.delete("/v1/items/soon-forgotten", params={"forget": "true"})

    assert told.status_code == 200
    assert (told.json()["kind"], told.json()["forgotten"]) == ("item", 1)
    assert told.json()["removed"]["items"] == 1
    assert told.json()["remains"][0]["until_ms"] is None  # maintenance has yet to come
    assert client.get("/v1/items/soon-forgotten").status_code == 404
    assert client.get(f"/img/{made['picture']['sha']}/236.webp").status_code == 404
    assert "soon-forgotten" not in client.get("/v1/search", params={"q": "teal star"}).text
    again = client.post("/v1/items", data=item, files=sent)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert client.delete("/v1/items/soon-forgotten", params={"forget": "true"}).status_code == 404


def test_forgotten_board_takes_its_history_along_and_only_its_owner_may(server: LiveServer) -> None:
    mine, other = server.client(), server.client()
    item = server.item_ids(mine)[0]
    board = mine.post("/v1/boards", json={"name": "Gone"}).json()["id"]
    mine.post(f"/v1/boards/{board}/items", json={"item_id": item})

    refused = other.delete(f"/v1/boards/{board}", params={"forget": "true"})
    told = mine.delete(f"/v1/boards/{board}", params={"forget": "true"}).json()

    assert refused.status_code == 404
    assert told["removed"]["boards"] == told["removed"]["saves"] == 1
    assert told["removed"]["events"] == 2  # made, saved to
    assert [event for _, event in server.service.lake.events.replay() if event.board_id == board] == []
    (remains,) = told["remains"]
    assert 0 < remains["until_ms"] - time.time() * 1_000 <= 900_000


def test_forgotten_person_is_someone_new_with_the_old_cookie(server: LiveServer) -> None:
    client = server.client()
    me = client.get("/v1/me").json()
    client.post("/v1/boards", json={"name": "Gone"})
    assert client.delete("/v1/me").json()["removed"]["boards"] == 1

    cookie = {"Cookie": f"{COOKIE_NAME}={me['token']}"}
    again = httpx.get(f"{server.address}/v1/me", headers=cookie).json()
    by_header = httpx.get(f"{server.address}/v1/me", headers={"Bowerbird-Person": me["token"]})

    assert again["is_new"]
    assert again["person_id"] != me["person_id"]
    assert by_header.status_code == 401


def test_nobody_known_can_ask_to_be_forgotten(server: LiveServer) -> None:
    told = server.client().delete("/v1/me").json()

    assert (told["forgotten"], told["removed"], told["remains"]) == (0, {}, [])


def test_somebody_else_is_forgotten_only_where_edits_are_allowed(server: LiveServer, tmp_path: Path) -> None:
    client = server.client()
    person = client.get("/v1/me").json()["person_id"]
    client.post("/v1/boards", json={"name": "Gone"})

    told = server.client().delete(f"/v1/people/{person}")

    assert told.json()["removed"]["boards"] == 1
    assert client.get("/v1/boards").json()["boards"] == []


@pytest.mark.timeout(240)
def test_server_follows_what_a_command_forgets(drawn_lake: Path, tmp_path: Path) -> None:
    lake_path = copied(drawn_lake, tmp_path)
    with serving(settings_of(lake_path)) as live:
        client = live.client()
        item, kept = live.item_ids(client)[:2]
        number = live.service.number_of(item)
        person = client.get("/v1/me").json()
        client.post("/v1/boards", json={"name": "Gone"})
        words = ["--lake", str(lake_path)]

        assert main(["lake", "forget", "item", item, *words]) == 0
        assert main(["lake", "forget", "person", person["person_id"], "--now", *words]) == 0

        until = time.monotonic() + 60
        while live.service.forgetting._purges == 0 and time.monotonic() < until:
            time.sleep(0.2)
        assert client.get("/v1/me").json()["person_id"] != person["person_id"]
        assert client.get(f"/v1/items/{item}").status_code == 404
        assert client.get(f"/v1/items/{kept}").status_code == 200
        assert item not in live.item_ids(client, limit=48)
    for name in ("look", "words"):
        (numbers,) = (lake_path / "index" / name).glob("snap_*/numbers.npy")
        assert number not in np.load(numbers)
        assert len(np.load(numbers)) == 47
