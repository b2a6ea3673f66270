"""This file is about what people do to a server all at once, and what it has promised them by its answers.

Feed, search, related, events, saves, pictures to search by, new items: by shares, people and kinds drawn by a seed. Events
are about the page that the person saw last: impressions of all of it, and a look at or a save of what the person likes
(everybody likes one colour), so that a ranker can be trained on them. An answer that says "stored" is a promise: its ids
are kept, and `Promised.broken` looks for them in the lake.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
from lasting import Line, Row
from load import Ask
from served import Served
from synthetic_lake import COLOURS, photograph, phrases

from bowerbird.lake.lake import Lake

SHARES = {
    "feed": 0.36, "search": 0.15, "related": 0.15, "events": 0.20, "save": 0.08, "upload": 0.04, "item": 0.02,
}  # fmt: skip
PICTURES, PICTURE_PX = 24, (600, 800)
LIKED, DISLIKED = (
    0.3,
    0.02,
)  # chance of an action on an item of the colour that the person likes, and on another


@dataclass(slots=True)
class Promised:
    """Ids that the server has said are stored."""

    events: set[str] = field(default_factory=set)
    saves: set[tuple[str, str]] = field(default_factory=set)
    """Who saved, and what."""
    items: set[str] = field(default_factory=set)

    def broken(self, path: Path) -> dict[str, int]:
        """How many of each kind are not in the lake, beside how many were promised."""
        with Lake.open(path) as lake:
            lost = self.events - {event.event_id for _, event in lake.events.replay()}
            people = {person for person, _ in self.saves}
            there = {
                (person, each.item_id) for person in people for each in lake.records.saves.all_saved(person)
            }
            unsaved = self.saves - there
            items = self.items - {id_ for batch in lake.items.scan(["id"]) for id_ in batch["id"].to_pylist()}
        return {
            "events answered": len(self.events), "events lost": len(lost),
            "saves answered": len(self.saves), "saves lost": len(unsaved),
            "items answered": len(self.items), "items lost": len(items),
        }  # fmt: skip


@dataclass(slots=True)
class Somebody:
    """A person: who they are to the server, their board, and the page they saw last."""

    id: str
    token: str
    board: str
    likes: str
    page: dict[str, object] | None = None


class Mixed:
    """The load as a whole; `send` is one request of it."""

    def __init__(self, served: Served, items: list[str], people: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._items = items
        self.items = len(items)
        self._pictures = [photograph(20_000 + number, px=PICTURE_PX) for number in range(PICTURES)]
        self._phrases = phrases()
        self._people = [self._somebody(served, number) for number in range(people)]
        self.promised = Promised()
        self.rankers: dict[str, float] = {}
        """When a page was first ordered by each ranker, by `time.perf_counter`."""

    async def send(self, line: Line, due_s: float) -> None:
        """Somebody does something."""
        kind = str(self._rng.choice(list(SHARES), p=list(SHARES.values())))
        await self._do(line, kind, self._people[int(self._rng.integers(len(self._people)))], due_s)

    async def look_around(self, line: Line, pages: int) -> None:
        """People look at so many pages, one after another: what a first training needs, however slow the load is."""
        for place in range(pages):
            who = self._people[place % len(self._people)]
            for kind in ("feed", "events"):
                await self._do(line, kind, who, time.perf_counter())

    async def _do(self, line: Line, kind: str, who: Somebody, due_s: float) -> None:
        ask, promise = self._ask(kind, who)
        row, body = await line.ask(kind, ask, due_s)
        if row.is_good:
            self._keep(kind, who, promise, row, body)

    def _ask(self, kind: str, who: Somebody) -> tuple[Ask, list[str]]:
        """The request, and the ids that it asks to store."""
        item = self._items[int(self._rng.integers(len(self._items)))]
        match kind:
            case "feed":
                return Ask.get("/v1/feed?limit=25", who.token), []
            case "search":
                words = str(self._rng.choice(self._phrases)).replace(" ", "+")
                return Ask.get(f"/v1/search?q={words}&limit=25", who.token), []
            case "related":
                return Ask.get(f"/v1/items/{item}/related?limit=25", who.token), []
            case "events":
                events = self._events(who, item)
                return Ask.json("/v1/events", who.token, orjson.dumps({"events": events})), [
                    str(event["event_id"]) for event in events
                ]
            case "save":
                body = orjson.dumps({"item_id": item})
                return Ask.json(f"/v1/boards/{who.board}/items", who.token, body), [item]
            case "upload":
                return Ask.form("/v1/search", who.token, {"picture": self._picture(), "limit": "25"}), []
            case _:
                id_ = f"new-{self._name()}"
                fields = orjson.dumps({"id": id_, "title": str(self._rng.choice(self._phrases))}).decode()
                return Ask.form("/v1/items", who.token, {"picture": self._picture(), "fields": fields}), [id_]

    def _keep(self, kind: str, who: Somebody, promise: list[str], row: Row, body: bytes) -> None:
        match kind:
            case "feed":
                who.page = orjson.loads(body)
                assert who.page is not None
                self.rankers.setdefault(str(who.page["models"]["ranker"]), row.end_s)  # type: ignore[index]
            case "events":
                self.promised.events.update(promise)
            case "save":
                self.promised.saves.add((who.id, promise[0]))
            case "item":
                self.promised.items.add(promise[0])

    def _events(self, who: Somebody, other: str) -> list[dict[str, object]]:
        """What the person saw and did on the last page, which is then done with; without one, one look at something."""
        now_ms = int(time.time() * 1000)
        page, who.page = who.page, None
        if page is None:
            return [{"event_id": self._name(), "action": "closeup", "at_ms": now_ms, "item_id": other}]
        events: list[dict[str, object]] = []
        for placed in page["items"]:  # type: ignore[attr-defined]
            about = {"item_id": placed["item"]["id"], "request_id": page["request_id"], "surface": "feed"}
            seen = {"action": "impression", "at_ms": now_ms - 2_000, "position": placed["position"]}
            events.append({"event_id": self._name(), **seen, **about})
            chance = LIKED if placed["item"]["title"].startswith(who.likes) else DISLIKED
            if self._rng.random() < chance:
                action = "save" if self._rng.random() < 0.5 else "closeup"
                events.append({"event_id": self._name(), "action": action, "at_ms": now_ms, **about})
        return events

    def _somebody(self, served: Served, number: int) -> Somebody:
        me = served.get("/v1/me")
        token = str(me["token"])
        board = str(served.post("/v1/boards", token, {"name": f"board {number}"})["id"])
        return Somebody(str(me["person_id"]), token, board, COLOURS[number % len(COLOURS)])

    def _picture(self) -> bytes:
        return self._pictures[int(self._rng.integers(len(self._pictures)))]

    def _name(self) -> str:
        return f"e{int(self._rng.integers(2**62)):x}"
