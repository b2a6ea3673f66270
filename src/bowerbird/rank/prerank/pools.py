"""This file is about early-funnel samples: of each page what was shown, and what might have been.

A model that learns from shown items alone learns nothing of those that it has to leave out. The request log
keeps a sample of the candidates that were not shown; what was cut before ranking, or came before there was a
log, is stood in for by drawn items: some near what the person likes, as retrieval finds them, and some drawn
evenly.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bowerbird.lake.request_log import RequestRecord
from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.ranker.heads import HEADS
from bowerbird.rank.ranker.requests import Requests

NOT_SHOWN = -1
WeighedSince = Callable[[int], "Weighed"]
"""moment → what pages have weighed since."""
LikesOf = Callable[[int, int], np.ndarray]
"""person, moment → int64 items that they liked before."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What pages weighed and did not show, as the request log has it.

    Attributes:
        persons, at_ms: int64 [W], sorted by person and time.
        bounds: int64 [W + 1] borders of the items.
        items: int64.
    """

    persons: np.ndarray
    at_ms: np.ndarray
    bounds: np.ndarray
    items: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)

    def before(self, person: int, at_ms: int, within_ms: int) -> np.ndarray:
        """int64 items that the newest page of this person not after the moment left out; maybe none."""
        key = np.searchsorted(self.persons, [person, person + 1])
        row = int(key[0] + np.searchsorted(self.at_ms[key[0] : key[1]], at_ms, side="right")) - 1
        if row < key[0] or at_ms - self.at_ms[row] > within_ms:
            return self.items[:0]
        return self.items[self.bounds[row] : self.bounds[row + 1]]


def weighed_of(records: Iterable[RequestRecord], persons: Mapping[str, int]) -> Weighed:
    """Of the feed's pages of these people; others are left out."""
    rows = [
        (persons[each.person_id], each.at_ms, each.numbers[each.positions < 0])
        for each in records
        if each.surface == "feed" and each.person_id in persons
    ]
    rows.sort(key=lambda row: row[:2])
    items = [row[2].astype(np.int64) for row in rows]
    lengths = np.array([len(each) for each in items], np.int64)
    return Weighed(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int64), *items]),
    )


def nothing_weighed(_since_ms: int = 0) -> Weighed:
    """Where no request log is kept."""
    return weighed_of((), {})


PAGE_WITHIN_MS = 600_000
"""So long after it was asked for a page may first be seen."""


def pools_of(
    pages: Requests,
    weighed: Weighed,
    likes_of: LikesOf,
    vectors: np.ndarray,
    config: PrerankConfig,
    seed: int,
) -> Requests:
    """The same pages with `config.candidates` rows each: shown, weighed, then drawn; no item twice on a page.

    Rows that were not shown stand at `NOT_SHOWN`. A page that showed more is cut, at random.

    Args:
        vectors: float32 [N, B] content; an item without any is not drawn.
    """
    rng = np.random.default_rng(seed)
    drawable = np.flatnonzero(vectors.any(axis=1))
    items, positions, labels, lengths = [], [], [], []
    for page in range(len(pages)):
        rows = np.arange(pages.bounds[page], pages.bounds[page + 1])
        _, first = np.unique(pages.items[rows], return_index=True)
        rows = rng.permutation(rows[first])[: config.candidates]
        person, at_ms = int(pages.persons[page]), int(pages.at_ms[page])
        asked_for = weighed.before(person, at_ms, PAGE_WITHIN_MS)
        asked_for = asked_for[asked_for < len(vectors)]  # the log goes on while the items were read
        more = np.concatenate([asked_for, _drawn(likes_of(person, at_ms), drawable, vectors, config, rng)])
        _, first = np.unique(more, return_index=True)
        more = more[np.sort(first)]
        more = more[~np.isin(more, pages.items[rows])][: config.candidates - len(rows)]
        items += [pages.items[rows], more]
        positions += [pages.positions[rows], np.full(len(more), NOT_SHOWN)]
        labels += [pages.labels[rows], np.zeros((len(more), len(HEADS)), bool)]
        lengths.append(len(rows) + len(more))
    return Requests(
        pages.persons,
        pages.at_ms,
        np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int64), *items]),
        np.concatenate([np.zeros(0, np.int64), *positions]).astype(np.int64),
        np.concatenate([np.zeros((0, len(HEADS)), bool), *labels]),
    )


def _drawn(
    likes: np.ndarray,
    drawable: np.ndarray,
    vectors: np.ndarray,
    config: PrerankConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    """int64 items: the nearest to single likes and others taken in turns, enough to fill a page."""
    if not len(drawable) or not config.drawn_from:
        return drawable[:0]
    count = config.candidates
    drawn = drawable[rng.integers(0, len(drawable), config.drawn_from + count)]
    evenly = drawn[:count]
    if not len(likes):
        return evenly
    asked = likes[rng.integers(0, len(likes), 4)]
    close = (vectors[drawn[count:]] @ vectors[asked].T).max(axis=1)
    near = drawn[count:][np.argsort(-close, kind="stable")[:count]]
    is_near = rng.random(count) < config.near_share
    taken = np.where(is_near, np.cumsum(is_near) - 1, np.cumsum(~is_near) - 1)
    found: np.ndarray = np.where(is_near, near[taken % max(len(near), 1)], evenly[taken])
    return found
