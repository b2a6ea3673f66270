"""What the server promises: who asks, what is answered twice, what counts at once, and what is refused."""

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import httpx
import pytest
from live_server import LiveServer, copied, serving, settings_of
from PIL import Image
from serve_lake import drawing

from bowerbird.serve.people import COOKIE_NAME

# People.


def test_person_stays_the_same_by_cookie_and_by_header(server: LiveServer) -> None:
    browser = server.client()
    first, second = browser.get("/v1/me").json(), browser.get("/v1/me").json()
    program = server.client(Bowerbird_Person=first["token"]).get("/v1/me").json()

    assert (first["is_new"], second["is_new"], program["is_new"]) == (True, False, False)
    assert first["person_id"] == second["person_id"] == program["person_id"]


def test_changed_cookie_is_nobody_we_know_and_changed_header_is_refused(server: LiveServer) -> None:
    token = server.client().get("/v1/me").json()["token"]
    forged = "person_z" + token[8:]

    by_cookie = httpx.get(f"{server.address}/v1/me", headers={"Cookie": f"{COOKIE_NAME}={forged}"})
    by_header = httpx.get(f"{server.address}/v1/me", headers={"Bowerbird-Person": forged})

    assert by_cookie.json()["is_new"]
    assert (by_header.status_code, by_header.json()["code"]) == (401, "bad-person")


def test_secret_board_is_not_there_for_others(server: LiveServer) -> None:
    mine, other = server.client(), server.client()
    secret = mine.post("/v1/boards", json={"name": "Mine", "is_secret": True}).json()["id"]
    public = mine.post("/v1/boards", json={"name": "Ours"}).json()["id"]

    assert mine.get(f"/v1/boards/{secret}").status_code == 200
    assert other.get(f"/v1/boards/{secret}").status_code == 404
    assert other.get(f"/v1/boards/{public}").status_code == 200
    assert other.patch(f"/v1/boards/{public}", json={"name": "Taken"}).status_code == 404
    assert other.get("/v1/boards").json() == {"boards": []}


def test_forgotten_person_leaves_nothing_and_comes_back_as_someone_new(server: LiveServer) -> None:
    client = server.client()
    item = server.item_ids(client)[0]
    board = client.post("/v1/boards", json={"name": "Gone soon"}).json()["id"]
    client.post(f"/v1/boards/{board}/items", json={"item_id": item})
    client.post(f"/v1/items/{item}/hide")
    before = client.get("/v1/me").json()

    gone = client.delete("/v1/me")
    after = client.get("/v1/me").json()

    assert (before["saves"], before["hides"]) == (1, 1)
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert after["person_id"] != before["person_id"]
    assert (after["saves"], after["hides"]) == (0, 0)
    assert server.client(Bowerbird_Person=before["token"]).get("/v1/me").status_code == 401
    persons = [event.person_id for _, event in server.service.lake.events.replay()]
    assert before["person_id"] not in persons


def test_change_from_another_site_is_refused(server: LiveServer) -> None:
    answer = server.client().post("/v1/boards", json={"name": "x"}, headers={"Origin": "http://evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")


def test_request_for_another_host_is_refused(server: LiveServer) -> None:
    assert server.client().get("/v1/feed", headers={"Host": "evil.example"}).status_code == 421


# Twice.


def test_same_key_and_body_make_one_board(server: LiveServer) -> None:
    client = server.client()
    key = {"Idempotency-Key": "once"}

    first = client.post("/v1/boards", json={"name": "One"}, headers=key)
    again = client.post("/v1/boards", json={"name": "One"}, headers=key)

    assert first.json() == again.json()
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(client.get("/v1/boards").json()["boards"]) == 1


def test_same_key_with_another_body_is_a_conflict(server: LiveServer) -> None:
    client = server.client()
    key = {"Idempotency-Key": "once"}
    client.post("/v1/boards", json={"name": "One"}, headers=key)

    answer = client.post("/v1/boards", json={"name": "Two"}, headers=key)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_same_key_of_another_person_is_another_request(server: LiveServer) -> None:
    key = {"Idempotency-Key": "once-each"}

    boards = [server.client().post("/v1/boards", json={"name": "A"}, headers=key).json() for _ in range(2)]

    assert boards[0]["id"] != boards[1]["id"]


def test_key_of_a_failed_request_may_be_used_again(server: LiveServer) -> None:
    client = server.client()
    board = client.post("/v1/boards", json={"name": "A"}).json()["id"]
    key = {"Idempotency-Key": "retry"}

    failed = client.post(f"/v1/boards/{board}/items", json={"item_id": "no-such-item"}, headers=key)
    item = server.item_ids(client)[0]
    good = client.post(f"/v1/boards/{board}/items", json={"item_id": item}, headers=key)

    assert (failed.status_code, good.status_code) == (404, 201)


def test_event_sent_twice_counts_once_and_a_wrong_one_does_not_stop_the_others(server: LiveServer) -> None:
    client = server.client()
    good = {"event_id": "e-1", "action": "closeup", "at_ms": 5, "item_id": server.item_ids(client)[0]}
    wrong = {"event_id": "e-2", "action": "stare", "at_ms": 5}

    first = client.post("/v1/events", json={"events": [good, wrong]}).json()
    again = client.post("/v1/events", json={"events": [good]}).json()

    assert (first["accepted"], first["duplicates"], len(first["rejected"])) == (1, 0, 1)
    assert (first["rejected"][0]["index"], first["rejected"][0]["field"]) == (1, "action")
    assert (again["accepted"], again["duplicates"]) == (0, 1)


# At once.


def test_hidden_item_is_on_no_page_any_more_and_comes_back_when_unhidden(server: LiveServer) -> None:
    client = server.client()
    first, *_ = server.item_ids(client, 48)
    title = client.get(f"/v1/items/{first}").json()["title"]

    def found() -> bool:
        page = client.get("/v1/search", params={"q": title, "limit": 48}).json()
        return first in [each["item"]["id"] for each in page["items"]]

    assert found()
    client.post(f"/v1/items/{first}/hide")
    assert first not in server.item_ids(client, 48)
    assert not found()
    client.delete(f"/v1/items/{first}/hide")
    assert found()


def test_feed_answers_to_a_save_on_the_next_request(server: LiveServer) -> None:
    client = server.client()
    found = client.get("/v1/search", params={"q": "green triangle"}).json()["items"][0]["item"]["id"]
    board = client.post("/v1/boards", json={"name": "Green"}).json()["id"]
    client.post(f"/v1/boards/{board}/items", json={"item_id": found})

    page = client.get("/v1/feed", params={"limit": 10}).json()

    because = [each for each in page["items"] if each["reason"]["kind"] == "saved"]
    assert because
    assert all(found in each["reason"]["evidence"] for each in because)


def test_pages_of_a_feed_repeat_nothing_until_its_end(server: LiveServer) -> None:
    client = server.client()
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        params = {"limit": "12", **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/feed", params=params).json()
        seen += [each["item"]["id"] for each in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break

    assert cursor is None
    assert len(seen) == len(set(seen)) >= 40


def test_new_item_is_searchable_when_its_post_is_answered_and_gone_when_deleted(server: LiveServer) -> None:
    client = server.client()
    files = {"picture": ("x.png", drawing("teal", "circle", px=310), "image/png")}
    fields = '{"id": "new/item 1", "title": "Zanzibar lantern", "category": ["Lamps"], "price_micros": 5}'
    made = client.post("/v1/items", files=files, data={"fields": fields})
    sha = made.json()["picture"]["sha"]

    def found() -> list[str]:
        page = client.get("/v1/search", params={"q": "zanzibar lantern"}).json()
        return [each["item"]["id"] for each in page["items"]]

    assert made.status_code == 201
    assert "new/item 1" in found()
    assert client.get(f"/img/{sha}/236.webp").status_code == 200
    assert client.get("/v1/items/new/item 1").json()["title"] == "Zanzibar lantern"
    assert client.get("/v1/items/new/item 1/related").json()["items"]

    assert client.delete("/v1/items/new/item 1").status_code == 204
    assert "new/item 1" not in found()
    assert client.get("/v1/items/new/item 1").status_code == 404
    assert client.get(f"/img/{sha}/236.webp").status_code == 404
    assert client.delete("/v1/items/new/item 1").status_code == 404


def test_item_imported_by_another_process_is_searchable_within_five_seconds(
    server: LiveServer, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "quetzalcoatl mask.png").write_bytes(drawing("navy", "cross", px=290))
    command = [sys.executable, "-m", "bowerbird.cli.main", "lake", "import", str(tmp_path / "more")]
    subprocess.run([*command, "--lake", str(server.lake_path)], check=True, timeout=120, capture_output=True)
    client, started = server.client(), time.monotonic()

    while time.monotonic() - started < 5:
        page = client.get("/v1/search", params={"q": "quetzalcoatl mask"}).json()
        if any("quetzalcoatl" in each["item"]["title"].lower() for each in page["items"]):
            break
        time.sleep(0.1)

    assert time.monotonic() - started < 5


# Refused.


def test_uploaded_picture_finds_its_like(server: LiveServer) -> None:
    upload = {"picture": ("a.png", drawing("yellow", "circle", variant=3), "image/png")}

    page = server.client().post("/v1/search", files=upload, data={"limit": "4"}).json()

    assert page["items"][0]["item"]["title"].startswith("Yellow circle")


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10**7)))
        + chunk(b"IEND", b"")
    )


def truncated() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 400), "red").save(out, "JPEG")
    return out.getvalue()[:400]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"GIF89a", 422), (b"<svg onload='alert(1)'/>", 422), (bomb(), 422), (truncated(), 422)],
    ids=["empty", "stub", "svg", "bomb", "truncated"],
)
def test_upload_that_is_no_good_picture_is_refused_and_the_server_lives(
    server: LiveServer, content: bytes, status: int
) -> None:
    client = server.client()

    for path in ("/v1/search", "/v1/items"):
        answer = client.post(path, files={"picture": ("x.png", content, "image/png")})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/readyz").status_code == 200


def test_upload_over_the_limit_is_refused(server: LiveServer) -> None:
    too_large = b"x" * (server.service.settings.upload_limit_bytes + 1)

    answer = server.client().post("/v1/search", files={"picture": ("x.png", too_large, "image/png")})

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_json_body_over_the_limit_is_refused(server: LiveServer) -> None:
    answer = server.client().post("/v1/boards", json={"name": "x", "description": "y" * 2_000_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("region", ["0,0,2,2", "a,b,c,d", "0.5", "nan,0,1,1", "0.5,0.5,0.6,0.1"])
def test_region_that_leaves_the_picture_is_refused(server: LiveServer, region: str) -> None:
    client = server.client()
    item = server.item_ids(client)[0]

    answer = client.post("/v1/search", data={"item_id": item, "region": region})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad-input")


def test_search_for_what_is_not_there_says_so(server: LiveServer) -> None:
    page = server.client().get("/v1/search", params={"q": "diesel locomotive timetable"}).json()

    assert page["verdict"] in ("weak", "nothing")
    assert page["message"]


def test_edits_that_are_off_are_refused(drawn_lake: Path, tmp_path: Path) -> None:
    with serving(settings_of(copied(drawn_lake, tmp_path), allow_edits=False)) as live:
        client = live.client()
        item = live.item_ids(client)[0]
        files = {"picture": ("x.png", drawing("teal", "circle"), "image/png")}

        answers = [client.post("/v1/items", files=files), client.delete(f"/v1/items/{item}")]

        assert [answer.json()["code"] for answer in answers] == ["edits-off", "edits-off"]
        assert client.get(f"/v1/items/{item}").status_code == 200
