"""The server killed under load: at its next start the effect of every answered change is there, once."""

import json
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from crash_checks import check_items, once
from crash_rounds import Known, Worker, first_seed, rounds, start
from live_server import build_lake
from serve_lake import drawing

from bowerbird.lake.lake import Lake

pytestmark = pytest.mark.slow

PEOPLE = 3


@dataclass
class Person:
    """Someone who acts on the server, and what they were answered."""

    name: str
    token: str = ""
    board: str = ""
    events: set[str] = field(default_factory=set)
    hidden: dict[str, bool] = field(default_factory=dict)
    saved: dict[str, bool] = field(default_factory=dict)
    titles: dict[str, str | None] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → name and id of a board
    unanswered: tuple[str, str] = ("", "")  # what kind of change, and of which item
    answered: int = 0

    def act(self, client: httpx.Client, rng: random.Random, items: list[str]) -> None:
        """One change; noted once it is answered."""
        kind = rng.choice(("events", "hide", "unhide", "save", "unsave", "put", "put", "delete", "board"))
        item = rng.choice(items)
        mine = f"{self.name}-{rng.randrange(6)}"
        self.unanswered = kind, mine if kind in ("put", "delete") else item
        if kind == "events":
            ids = [f"{self.name}-{rng.getrandbits(60):x}" for _ in range(3)]
            events = [{"event_id": id_, "action": "closeup", "item_id": item, "at_ms": 5} for id_ in ids]
            answer = client.post("/v1/events", json={"events": events})
            if self._is_done(answer):
                assert answer.json()["accepted"] == len(ids), answer.text
                self.events |= set(ids)
        elif kind in ("hide", "unhide"):
            ask = client.post if kind == "hide" else client.delete
            if self._is_done(ask(f"/v1/items/{item}/hide")):
                self.hidden[item] = kind == "hide"
        elif kind == "save":
            if self._is_done(client.post(f"/v1/boards/{self.board}/items", json={"item_id": item})):
                self.saved[item] = True
        elif kind == "unsave":
            if self._is_done(client.delete(f"/v1/boards/{self.board}/items/{item}")):
                self.saved[item] = False
        elif kind == "put":
            title = f"{mine} w{rng.getrandbits(40):010x}"
            picture = drawing("red", "circle", px=rng.randint(40, 400))
            form = {"fields": json.dumps({"id": mine, "title": title})}
            if self._is_done(client.post("/v1/items", data=form, files={"picture": ("a.png", picture)})):
                self.titles[mine] = title
        elif kind == "delete":
            if self._is_done(client.delete(f"/v1/items/{mine}")):
                self.titles[mine] = None
        else:
            key, name = f"key-{rng.getrandbits(60):x}", f"board {rng.getrandbits(60):x}"
            answer = client.post("/v1/boards", json={"name": name}, headers={"Idempotency-Key": key})
            if self._is_done(answer):
                self.keys[key] = (name, answer.json()["id"])
        self.unanswered = "", ""

    def _is_done(self, answer: httpx.Response) -> bool:
        assert answer.status_code < 500, answer.text
        self.answered += answer.is_success
        return answer.is_success


def test_effects_of_answered_changes_are_there_after_the_server_was_killed(tmp_path: Path) -> None:
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    rng = random.Random(seed)
    path = build_lake(tmp_path)
    with Lake.open(path) as lake:
        items = [id_ for batch in lake.items.scan(["id"]) for id_ in batch["id"].to_pylist()]
    people = [Person(f"person{place}") for place in range(PEOPLE)]
    known = Known()

    server, address = served(path)
    for turn in range(rounds(1)):
        act_until_killed(server, address, people, random.Random(rng.getrandbits(31)), items)
        allow_unanswered(people, path, known)
        started_s = time.monotonic()
        server, address = served(path)
        print(f"round {turn}: answers again after {time.monotonic() - started_s:.1f} s")
        check_all(people, address, path, known, items)
    server.kill()
    assert sum(person.answered for person in people) > 0


def allow_unanswered(people: list[Person], path: Path, known: Known) -> None:
    """What was under way when the server was killed may have been done or not."""
    for person in people:
        if person.unanswered[0] in ("put", "delete"):
            possible = {None, *_any_title(person, path)}
            known.maybe_titles.setdefault(person.unanswered[1], set()).update(possible)


def check_all(people: list[Person], address: str, path: Path, known: Known, items: list[str]) -> None:
    """What people were answered is true, and everything fits together."""
    for person in people:
        check_person(person, address, path)
    check_lake(path, people, known, items)


def _any_title(person: Person, path: Path) -> set[str]:
    """The title that an unanswered change may have given."""
    with Lake.open(path) as lake:
        rows = lake.items.take([person.unanswered[1]], ["title"])["title"].to_pylist()
    return {title for title in rows if title and title.startswith(person.unanswered[1])}


def served(path: Path) -> tuple[Worker, str]:
    """A server that answers, and where."""
    server = start("serve_lake", path, 0, "server")
    while not any("address" in told for told in server.said):
        assert server.hear_more(), "the server has ended"
    return server, next(told["address"] for told in server.said if "address" in told)


def act_until_killed(
    server: Worker, address: str, people: list[Person], rng: random.Random, items: list[str]
) -> None:
    def act(person: Person, seed: int) -> None:
        mine = random.Random(seed)
        with client_of(person, address) as client:
            try:
                if not person.token:
                    person.token = client.get("/v1/me").json()["token"]
                    client.headers["Bowerbird-Person"] = person.token
                    person.board = client.post("/v1/boards", json={"name": "mine"}).json()["id"]
                while True:
                    person.act(client, mine, items)
            except httpx.TransportError:
                return

    threads = [threading.Thread(target=act, args=(person, rng.getrandbits(31))) for person in people]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(1.0, 3.0))
    server.kill()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def client_of(person: Person, address: str) -> httpx.Client:
    headers = {"Bowerbird-Person": person.token} if person.token else {}
    return httpx.Client(base_url=address, timeout=60, headers=headers)


def check_person(person: Person, address: str, path: Path) -> None:
    """What the person was answered is what the server and its stores say now."""
    kind, unsure = person.unanswered
    with client_of(person, address) as client, Lake.open(path) as lake:
        person_id = client.get("/v1/me").json()["person_id"]
        stored = [event.event_id for _, event in lake.events.replay() if event.person_id == person_id]
        once(stored, "events")
        assert person.events <= set(stored), "an answered event is gone"
        hidden = set(lake.online.hidden(person_id).tolist())
        for item, is_hidden in person.hidden.items():
            number = int(lake.records.numbers.find([item])[0])
            if (kind, unsure) not in (("hide", item), ("unhide", item)):
                assert (number in hidden) == is_hidden, f"{item} should be hidden: {is_hidden}"
        page = client.get(f"/v1/boards/{person.board}", params={"limit": 100}).json()
        there = [saved["item"]["id"] for saved in page["items"]]
        once(there, "saves")
        for item, is_saved in person.saved.items():
            if (kind, unsure) not in (("save", item), ("unsave", item)):
                assert (item in there) == is_saved, f"{item} should be on the board: {is_saved}"
        for item, title in person.titles.items():
            if item != unsure:
                answer = client.get(f"/v1/items/{item}")
                assert (answer.json()["title"] if answer.is_success else None) == title
        for key, (name, board) in person.keys.items():
            again = client.post("/v1/boards", json={"name": name}, headers={"Idempotency-Key": key})
            assert (again.status_code, again.json()["id"]) == (201, board)
        names = [board["name"] for board in client.get("/v1/boards").json()["boards"]]
        once(names, "boards")
        newest = [(item, title) for item, title in person.titles.items() if title and item != unsure][-1:]
        for item, title in newest:
            found = client.get("/v1/search", params={"q": title.split()[-1], "limit": 5}).json()["items"]
            assert item in [each["item"]["id"] for each in found], f"{item} is not found by its word"


def check_lake(path: Path, people: list[Person], known: Known, items: list[str]) -> None:
    """Tables, pictures, numbers and indexes fit together."""
    with Lake.open(path) as lake:
        titles = lake.items.take(items, ["id", "title"]).to_pylist()
        known.titles |= {row["id"]: row["title"] for row in titles}
        for person in people:
            known.titles |= person.titles
        check_items(lake, known)
        for person in people:
            person.titles = {id_: known.titles.get(id_) for id_ in person.titles}
