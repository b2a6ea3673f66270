"""This file is about policies: who is shown what. They see what a server sees, and nothing of the truth."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.world.draws import Stream, generator
from bowerbird.world.liking import actions_done
from bowerbird.world.log import WorldLog
from bowerbird.world.seen import WorldItems, unit_rows

_NEVER = np.float32(-1e9)
_ROWS_AT_ONCE = 64
"""So many people's scores stay near the processor."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One page for each of several persons.

    Attributes:
        who: int64 [B] different persons.
        at_ms: int64 [B].
        shown: bool [B, M] which of the items that are there each person was shown before; the first M items
            of the catalogue are there.
        limit: items on a page, at most M.
        page: which page of their sessions this is, from 0.
    """

    who: np.ndarray
    at_ms: np.ndarray
    shown: np.ndarray
    limit: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class Slates:
    """What goes on the pages.

    Attributes:
        items: int64 [B, S], different within a row; -1 where a page is shorter.
        propensities: float32 [B, S] chance that the policy, as it was, put this item in this place.
    """

    items: np.ndarray
    propensities: np.ndarray


@runtime_checkable
class Policy(Protocol):
    """Decides what people are shown."""

    def slates(self, asked: Asked, /) -> Slates:
        """A page for each person."""
        ...

    def observe(self, events: WorldLog, /) -> None:
        """What people did on the pages given last; known to their own next page."""
        ...

    def end_day(self) -> None:
        """What is learnt from everybody may be used from now on."""
        ...


@dataclass(slots=True)
class RandomPolicy:
    """Every item that is there is as likely as any other, in every place."""

    seed: int
    _pages: int = 0

    def slates(self, asked: Asked, /) -> Slates:
        """Uniform, without an item twice."""
        live = asked.shown.shape[1]
        self._pages += 1
        rng = generator(self.seed, Stream.POLICY, self._pages)
        items = different(rng, len(asked.who), live, asked.limit)
        return Slates(items, np.full(items.shape, 1.0 / live, np.float32))

    def observe(self, events: WorldLog, /) -> None:
        """Chance learns nothing."""

    def end_day(self) -> None:
        """Chance learns nothing."""


@dataclass(slots=True)
class PopularPolicy:
    """What everybody liked lately comes first; the same twice only when there is nothing else."""

    items: WorldItems
    half_life_days: float = 5.0
    _counts: np.ndarray = field(init=False)
    _today: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._counts = np.zeros(len(self.items), np.float32)
        self._today = np.zeros(len(self.items), np.float32)

    def slates(self, asked: Asked, /) -> Slates:
        """The same order for all, less what each has seen."""
        live = asked.shown.shape[1]
        scores = np.where(asked.shown, _NEVER, self._counts[None, :live])
        return certain(best(scores, asked.limit))

    def observe(self, events: WorldLog, /) -> None:
        """Counted today, used from tomorrow: no page knows what others did later that day."""
        done = actions_done(events)
        np.add.at(self._today, done.items, np.maximum(done.weights, 0))

    def end_day(self) -> None:
        """Yesterday's likes count from now on; older ones fade."""
        self._counts = self._counts * np.float32(0.5 ** (1 / self.half_life_days)) + self._today
        self._today = np.zeros_like(self._today)


@dataclass(slots=True)
class SimilarPolicy:
    """What looks most like everything that the person liked; with `variety`, less of each topic.

    Attributes:
        variety: what the n-th item of one topic on a page loses, times n; 0 is greed.
        half_life_days: how fast likes fade.
        reach: how many of the best are looked through for variety.
    """

    items: WorldItems
    people: int
    variety: float = 0.0
    half_life_days: float = 10.0
    reach: int = 600
    _profiles: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._profiles = np.zeros((self.people, self.items.vectors.shape[1]), np.float32)

    def slates(self, asked: Asked, /) -> Slates:
        """The best of what was not shown yet."""
        chosen = np.empty((len(asked.who), asked.limit), np.int64)
        profiles = unit_rows(self._profiles[asked.who])
        for start in range(0, len(chosen), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            chosen[rows] = self._chosen(profiles[rows], asked.shown[rows], asked.limit)
        return certain(chosen)

    def observe(self, events: WorldLog, /) -> None:
        """The next page of the same person answers to it."""
        done = actions_done(events)
        np.add.at(self._profiles, done.who, done.weights[:, None] * self.items.vectors[done.items])

    def end_day(self) -> None:
        """Likes fade."""
        self._profiles *= np.float32(0.5 ** (1 / self.half_life_days))

    def _chosen(self, profiles: np.ndarray, shown: np.ndarray, limit: int) -> np.ndarray:
        live = shown.shape[1]
        scores = profiles @ self.items.vectors[:live].T  # [B, D] @ [D, M] -> [B, M]
        np.putmask(scores, shown, _NEVER)
        if self.variety == 0:
            return best(scores, limit)
        pool = best(scores, min(max(self.reach, limit), live))
        value = np.take_along_axis(scores, pool, axis=1)
        value -= np.float32(self.variety) * rank_in_group(self.items.topics[pool])
        return np.take_along_axis(pool, best(value, limit), axis=1)


@dataclass(slots=True)
class ExploringPolicy:
    """Another policy, with some places given to chance and all chances known."""

    policy: Policy
    share: float
    seed: int
    _pages: int = 0

    def slates(self, asked: Asked, /) -> Slates:
        """Each place keeps its item, or gets one that the page does not have.

        So an item of the page never stands in another place of it: nothing is learnt of that.
        """
        given = self.policy.slates(asked)
        live, (rows, places) = asked.shown.shape[1], given.items.shape
        if live < 2 * places:
            return given
        self._pages += 1
        rng = generator(self.seed, Stream.POLICY, self._pages, 1)
        # Twice as many different items as places: enough are left when those of the page are passed over.
        drawn = different(rng, rows, live, 2 * places)
        is_on_page = (drawn[:, :, None] == given.items[:, None, :]).any(axis=2)
        order = np.argsort(is_on_page, axis=1, kind="stable")[:, :places]
        others = np.take_along_axis(drawn, order, axis=1)
        is_other = rng.random((rows, places)) < self.share
        chance = np.where(is_other, self.share / (live - places), (1 - self.share) * given.propensities)
        return Slates(np.where(is_other, others, given.items), chance.astype(np.float32))

    def observe(self, events: WorldLog, /) -> None:
        """Handed on."""
        self.policy.observe(events)

    def end_day(self) -> None:
        """Handed on."""
        self.policy.end_day()


@dataclass(slots=True)
class ChangingPolicy:
    """One policy up to a day, another from then on; both learn all the time."""

    before: Policy
    after: Policy
    from_day: int
    _day: int = 0

    def slates(self, asked: Asked, /) -> Slates:
        """Of the one whose turn it is."""
        return (self.before if self._day < self.from_day else self.after).slates(asked)

    def observe(self, events: WorldLog, /) -> None:
        """Told to both."""
        self.before.observe(events)
        self.after.observe(events)

    def end_day(self) -> None:
        """Told to both."""
        self._day += 1
        self.before.end_day()
        self.after.end_day()


def best(scores: np.ndarray, limit: int) -> np.ndarray:
    """int64 [B, limit] columns of the highest scores, best first; ties by column."""
    rows, width = scores.shape
    if limit >= width:
        return np.argsort(-scores, axis=1, kind="stable")
    # The value of the last that gets in is found faster than the places of all that do.
    least = np.partition(scores, width - limit, axis=1)[:, width - limit]
    is_in = scores >= least[:, None]
    for row in np.flatnonzero(np.count_nonzero(is_in, axis=1) > limit):  # several stand at the border
        at_border = np.flatnonzero(scores[row] == least[row])
        above = np.count_nonzero(scores[row] > least[row])
        is_in[row, at_border[limit - above :]] = False
    columns = np.nonzero(is_in)[1].reshape(rows, limit)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def certain(items: np.ndarray) -> Slates:
    """Slates that could not have been others."""
    return Slates(items, np.ones(items.shape, np.float32))


def different(rng: np.random.Generator, rows: int, live: int, limit: int) -> np.ndarray:
    """int64 [rows, limit] items below `live`, uniform, none twice in a row of the array."""
    if limit * 4 > live:
        items: np.ndarray = np.argsort(rng.random((rows, live)), axis=1)[:, :limit]
        return items
    items = rng.integers(0, live, (rows, limit))
    while True:
        ordered = np.sort(items, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            return items
        items[again] = rng.integers(0, live, (len(again), limit))


def rank_in_group(groups: np.ndarray) -> np.ndarray:
    """float32 [B, M] how many of the same group stand before each entry of its row."""
    order = np.argsort(groups, axis=1, kind="stable")
    ordered = np.take_along_axis(groups, order, axis=1)
    places = np.broadcast_to(np.arange(groups.shape[1]), groups.shape)
    is_first = np.ones(groups.shape, np.bool_)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    firsts = np.maximum.accumulate(np.where(is_first, places, 0), axis=1)
    ranks = np.empty(groups.shape, np.float32)
    np.put_along_axis(ranks, order, (places - firsts).astype(np.float32), axis=1)
    return ranks
