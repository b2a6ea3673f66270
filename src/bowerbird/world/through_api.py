"""This file is about the closed loop: simulated people use the product through its own HTTP API.

They ask for pages, look, act, post events, make boards and save to them, each with a token of their own. The
simulated days pass in minutes, so what the server stores has the time at which it really came.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bowerbird.core.actions import Action
from bowerbird.core.ids import new_id
from bowerbird.serve.people import PersonTokens
from bowerbird.world.client import ApiClient
from bowerbird.world.events import CLIENT
from bowerbird.world.log import SURFACES, WorldLog
from bowerbird.world.policies import Asked, Slates
from bowerbird.world.regret import regret_of
from bowerbird.world.seen import DEVICES, ID_PREFIX
from bowerbird.world.words import board_names
from bowerbird.world.world import World

_ACTIONS = tuple(Action)
_EVENTS_AT_ONCE = 400
_FEED, _SEARCH = "/v1/feed", "/v1/search"


@dataclass(slots=True)
class Visited:
    """What happened between people and the server.

    Attributes:
        worth, best: expected worth of all pages of the feed under the truth, and of the best there were.
        unknown_items: items on pages that the lake did not have when the world was made.
        page_s: how long each page took.
    """

    pages: int = 0
    events: int = 0
    boards: int = 0
    saves: int = 0
    searches: int = 0
    worth: float = 0.0
    best: float = 0.0
    unknown_items: int = 0
    page_s: list[float] = field(default_factory=list)


class ApiVisits:
    """A policy and a search that ask a server; what people do is sent to it."""

    def __init__(self, world: World, client: ApiClient, tokens: PersonTokens) -> None:
        """`tokens` are those of the lake that the server serves."""
        self.visited = Visited()
        self._world = world
        self._client = client
        self._tokens = [tokens.token(id_) for id_ in world.people.ids]
        self._number = {id_: number for number, id_ in enumerate(world.items.ids)}
        self._cursors: dict[int, tuple[str, str | None]] = {}
        self._requests: dict[int, str] = {}
        self._boards: dict[tuple[int, int], str] = {}
        self._run = new_id(ID_PREFIX + "run")

    def slates(self, asked: Asked, /) -> Slates:
        """The next page of everybody's feed; within a session it goes on where the last page ended."""
        pages = [self._feed_page(person, asked) for person in asked.who.tolist()]
        items = _as_slates(pages, asked.limit)
        is_feed = np.array([self._cursors[person][0] == _FEED for person in asked.who.tolist()])
        found = regret_of(self._world, asked.who[is_feed], items[is_feed], live=asked.shown.shape[1])
        self.visited.worth += float(found.worth.sum())
        self.visited.best += float(found.best.sum())
        return Slates(items, np.full(items.shape, np.nan, np.float32))

    def observe(self, events: WorldLog, /) -> None:
        """Sent as a client sends it: saves to boards, choices of the first visit, and events."""
        for person in np.unique(events.persons).tolist():
            self._send(person, events.where(events.persons == person))

    def end_day(self) -> None:
        """The server learns when it likes."""

    def search(self) -> "ApiSearch":
        """What answers typed queries."""
        return ApiSearch(self)

    def search_page(self, person: int, text: str, limit: int) -> list[int]:
        """What the server finds; that it was typed is told, too."""
        self.visited.searches += 1
        page = self._page(_SEARCH, person, q=text, limit=limit)
        self._post_events(person, [self._event(person, Action.SEARCH, surface="search", query=text)])
        return page

    def _feed_page(self, person: int, asked: Asked) -> list[int]:
        if asked.page == 0:
            return self._page(_FEED, person, limit=asked.limit)
        path, cursor = self._cursors[person]
        if cursor is None:
            return []  # the list has ended
        return self._page(path, person, limit=asked.limit, cursor=cursor)

    def _page(self, path: str, person: int, **query: str | int) -> list[int]:
        started_s = time.perf_counter()
        answer = self._client.get(path, self._tokens[person], **query)
        self.visited.page_s.append(time.perf_counter() - started_s)
        self.visited.pages += 1
        self._cursors[person] = (path, answer["cursor"])
        self._requests[person] = answer["request_id"]
        numbers = [self._number.get(placed["item"]["id"], -1) for placed in answer["items"]]
        self.visited.unknown_items += numbers.count(-1)
        return numbers

    def _send(self, person: int, events: WorldLog) -> None:
        order = np.argsort(events.at_ms, kind="stable")
        told, picks = [], []
        for row in order.tolist():
            action, item = _ACTIONS[events.actions[row]], self._world.items.ids[events.items[row]]
            if action is Action.PICK:
                picks.append(item)
            elif action is Action.SAVE:
                self._save(person, int(events.boards[row]), int(events.items[row]))
            else:
                told.append(
                    self._event(
                        person, action, item_id=item, position=int(events.positions[row]),
                        surface=SURFACES[events.surfaces[row]], dwell_ms=int(events.dwell_ms[row]),
                        session_id=f"{self._run}-s{events.sessions[row]}",
                        request_id=self._requests.get(person, ""),
                    )
                )  # fmt: skip
        if picks:
            self._client.post("/v1/onboarding", self._tokens[person], {"item_ids": picks})
        self._post_events(person, told)

    def _save(self, person: int, slot: int, item: int) -> None:
        items, token = self._world.items, self._tokens[person]
        if (person, slot) not in self._boards:
            topic = items.topic_names[items.topics[item]] if slot else ""
            name = board_names(self._world.config.seed, np.array([person]), np.array([slot]), [topic])[0]
            self._boards[person, slot] = str(self._client.post("/v1/boards", token, {"name": name})["id"])
            self.visited.boards += 1
        self._client.post(
            f"/v1/boards/{self._boards[person, slot]}/items", token, {"item_id": items.ids[item]}
        )
        self.visited.saves += 1

    def _event(self, person: int, action: Action, **facts: str | int) -> dict[str, str | int]:
        self.visited.events += 1
        device = DEVICES[self._world.people.devices[person]]
        return {
            "event_id": f"{self._run}-{self.visited.events}",
            "action": action.value,
            "at_ms": time.time_ns() // 1_000_000,
            "client": f"{CLIENT}/{device}",
            **facts,
        }

    def _post_events(self, person: int, events: Sequence[dict[str, str | int]]) -> None:
        for start in range(0, len(events), _EVENTS_AT_ONCE):
            batch = list(events[start : start + _EVENTS_AT_ONCE])
            answer = self._client.post("/v1/events", self._tokens[person], {"events": batch})
            assert not answer["rejected"], json.dumps(answer["rejected"])


@dataclass(frozen=True, slots=True)
class ApiSearch:
    """Typed queries, answered by the server."""

    visits: ApiVisits

    def slates(
        self,
        who: np.ndarray,
        _at_ms: np.ndarray,
        _topics: np.ndarray,
        texts: Sequence[str],
        _live: int,
        limit: int,
        /,
    ) -> Slates:
        """A page of search for each person."""
        pages = [
            self.visits.search_page(person, text, limit)
            for person, text in zip(who.tolist(), texts, strict=True)
        ]
        items = _as_slates(pages, limit)
        return Slates(items, np.full(items.shape, np.nan, np.float32))


def _as_slates(pages: Sequence[list[int]], limit: int) -> np.ndarray:
    """int64 [B, limit] items, -1 where a page is shorter."""
    items = np.full((len(pages), limit), -1, np.int64)
    for row, page in enumerate(pages):
        items[row, : len(page[:limit])] = page[:limit]
    return items
