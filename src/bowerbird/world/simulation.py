"""This file is about running the world: day by day, session by session, all people at once."""

from collections.abc import Callable

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.behaviour import appeal_of, intents_of, outcomes
from bowerbird.world.config import DAY_MS
from bowerbird.world.draws import Stream, generator, uniforms
from bowerbird.world.history import History, boards_of
from bowerbird.world.liking import SAVE_CODE
from bowerbird.world.log import FEED, SEARCH, WorldLog, in_order, joined, rows
from bowerbird.world.outside import purchases_outside
from bowerbird.world.page_events import PageShown, page_events
from bowerbird.world.policies import Asked, Policy, Slates, different
from bowerbird.world.searching import Search, SearchPages
from bowerbird.world.visits import free_from, is_visit, visits_of
from bowerbird.world.words import typed
from bowerbird.world.world import World

Tell = Callable[[int, int], object]
"""Told after each day: how many days are done, how many events there are."""

SECRET_SHARE = 0.1
_PAGE_TURN_MS = 1_500
_PICK_PAGE = 40


class Simulation:
    """One world under one policy."""

    def __init__(self, world: World, policy: Policy, search: Search | None = None) -> None:
        self._world = world
        self._policy = policy
        self._search = search or SearchPages(world.items, world.config.seed)
        self._has_come = np.zeros(len(world.people), np.bool_)
        self._parts: list[WorldLog] = []
        self._saves: list[tuple[WorldLog, np.ndarray]] = []
        self._queries: list[str] = []
        self._sessions = 0
        self._requests = 0
        self._events = 0

    def run(self, tell: Tell | None = None) -> History:
        """Everything that happens in the days of the settings."""
        for day in range(self._world.config.days):
            self._live_through(day)
            if tell is not None:
                tell(day + 1, self._events)
        return self._history()

    def _live_through(self, day: int) -> None:
        world, begun = self._world, len(self._parts)
        world.go_to(day)
        live = world.items.live_on(day)
        starts = visits_of(day, world.config, world.people_truth, world.state)
        for place in range(starts.shape[1]):
            who = np.flatnonzero(is_visit(starts[:, place]))
            if len(who):
                self._session(who, free_from(world.state, who, starts[who, place]), live)
        self._add(purchases_outside(world, day, live, self._parts[begun:]))
        self._policy.end_day()

    def _session(self, who: np.ndarray, at_ms: np.ndarray, live: int) -> None:
        world = self._world
        intents = intents_of(world, who, at_ms)
        sessions = self._sessions + np.arange(len(who))
        self._sessions += len(who)
        at_ms = self._first_visit(who, at_ms, sessions, live)
        topics, texts = self._ask(who, at_ms, sessions, intents)
        reward, examined = np.zeros(len(who)), np.zeros(len(who))
        still = np.arange(len(who))  # rows of those who go on to the next page
        at_ms = at_ms.copy()
        for page in range(world.config.behaviour.max_pages):
            if page == 0:
                slates = self._first_slates(who, at_ms, topics, texts, live)
            else:
                slates = self._slates(who[still], at_ms[still], page, live)
            shown = PageShown(
                who[still], slates, at_ms[still], sessions[still], self._requests + np.arange(len(still)),
                np.where((topics[still] >= 0) & (page == 0), SEARCH, FEED),
            )  # fmt: skip
            self._requests += len(still)
            rows_seen, worth, looked = self._look(shown, intents[still])
            reward[still] += worth
            examined[still] += looked
            at_ms[still] += _PAGE_TURN_MS + 1_200 * looked
            goes_on = rows_seen * world.people.columns[who[still]] > slates.items.shape[1]
            still = still[goes_on]
            if not len(still):
                break
        world.state.feel(who, reward, examined, world.config.behaviour)
        world.state.busy_until_ms[who] = at_ms

    def _look(self, shown: PageShown, intents: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """[B] rows seen, worth and items examined, once everything that follows from the page is done."""
        world = self._world
        positions = np.arange(shown.slates.items.shape[1])
        appeal = appeal_of(world, shown.who, shown.slates.items, intents)
        did = outcomes(world, shown.who, shown.slates.items, positions, shown.at_ms, intents, appeal)
        events, topics = page_events(world, shown, did, appeal)
        self._add(events)
        self._saves.append((events.where(events.actions == SAVE_CODE), topics))
        self._policy.observe(events)
        world.state.remember(shown.who, shown.slates.items, world.items.topics, did.examined, did.save)
        return did.rows_seen, did.reward(), did.examined.sum(axis=1)

    def _slates(self, who: np.ndarray, at_ms: np.ndarray, page: int, live: int) -> Slates:
        limit = min(self._world.config.slate, live)
        return self._policy.slates(Asked(who, at_ms, self._world.state.shown[who, :live], limit, page))

    def _first_slates(
        self, who: np.ndarray, at_ms: np.ndarray, topics: np.ndarray, texts: list[str], live: int
    ) -> Slates:
        """The first page of each session: the feed, or what search finds for those who typed something."""
        limit = min(self._world.config.slate, live)
        asking, looking = np.flatnonzero(topics >= 0), np.flatnonzero(topics < 0)
        items = np.empty((len(who), limit), np.int64)
        propensities = np.empty((len(who), limit), np.float32)
        if len(looking):
            shown = self._slates(who[looking], at_ms[looking], 0, live)
            items[looking], propensities[looking] = shown.items, shown.propensities
        if len(asking):
            found = self._search.slates(who[asking], at_ms[asking], topics[asking], texts, live, limit)
            items[asking], propensities[asking] = found.items, found.propensities
        return Slates(items, propensities)

    def _ask(
        self, who: np.ndarray, at_ms: np.ndarray, sessions: np.ndarray, intents: np.ndarray
    ) -> tuple[np.ndarray, list[str]]:
        """[B] the topic that each person searches for, -1 where none; and what those who do type."""
        world = self._world
        asks = uniforms(world.config.seed, Stream.QUERY, who, at_ms) < world.config.behaviour.query_share
        topics = np.where(asks, world.people_truth.interest_topics[who, intents], -1)
        asking = np.flatnonzero(asks)
        names = [world.items.topic_names[each] for each in topics[asking]]
        texts = typed(world.config.seed, who[asking], at_ms[asking], names)
        self._add(
            rows(
                len(asking),
                persons=who[asking],
                actions=ACTION_CODES[Action.SEARCH],
                at_ms=at_ms[asking],
                sessions=sessions[asking],
                surfaces=SEARCH,
                queries=len(self._queries) + np.arange(len(asking)),
            )
        )
        self._queries += texts
        return topics, texts

    def _first_visit(self, who: np.ndarray, at_ms: np.ndarray, sessions: np.ndarray, live: int) -> np.ndarray:
        """[B] when each session goes on: whoever is new has chosen a few items first."""
        world, count = self._world, self._world.config.behaviour.picks
        new = np.flatnonzero(~self._has_come[who])
        self._has_come[who] = True
        count = min(count, live)
        if not len(new) or count == 0:
            return at_ms
        rng = generator(world.config.seed, Stream.PICKS, int(at_ms[new[0]]), len(new))
        offered = different(rng, len(new), live, min(_PICK_PAGE, live))
        appeal = appeal_of(world, who[new], offered).log_odds
        chosen = np.take_along_axis(offered, np.argsort(-appeal, axis=1, kind="stable")[:, :count], axis=1)
        events = rows(
            chosen.size,
            persons=np.repeat(who[new], count),
            items=chosen.ravel(),
            actions=ACTION_CODES[Action.PICK],
            at_ms=np.repeat(at_ms[new], count) + np.tile(np.arange(count), len(new)),
            sessions=np.repeat(sessions[new], count),
            surfaces=FEED,
        )
        self._add(events)
        self._policy.observe(events)
        later = at_ms.copy()
        later[new] += 20_000
        return later

    def _add(self, events: WorldLog) -> None:
        if len(events):
            self._parts.append(events)
            self._events += len(events)

    def _history(self) -> History:
        world = self._world
        saves, topics = in_order([(rows(0), np.zeros(0, np.int32)), *self._saves])
        boards, made = boards_of(world.config.seed, saves, topics, world.items.topic_names, SECRET_SHARE)
        log = joined([*self._parts, made])
        end_ms = world.config.start_ms + world.config.days * DAY_MS  # what is bought later is not known yet
        log = log.where(log.at_ms < end_ms)
        return History(log, boards, tuple(self._queries), log.digest()[:10])


def simulate(world: World, policy: Policy, tell: Tell | None = None, search: Search | None = None) -> History:
    """What happens in a fresh world whose people are shown what `policy` says.

    Args:
        search: what answers typed queries; an ordinary engine of the world's own by default.
    """
    return Simulation(world, policy, search).run(tell)
