"""This file is about search in the world: what an ordinary engine answers, the same under any policy."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.world.draws import Stream, uniforms
from bowerbird.world.policies import Slates, best
from bowerbird.world.seen import WorldItems, unit_rows

_POOL = 200


@runtime_checkable
class Search(Protocol):
    """Answers what people type."""

    def slates(
        self,
        who: np.ndarray,
        at_ms: np.ndarray,
        topics: np.ndarray,
        texts: Sequence[str],
        live: int,
        limit: int,
        /,
    ) -> Slates:
        """A page for each person.

        Args:
            who, at_ms: [B].
            topics: [B] what each means; a server cannot know.
            texts: [B] what each typed.
            live: the first so many items are there.
            limit: items on a page.
        """
        ...


class SearchPages:
    """Finds what looks like the topic that was asked for."""

    def __init__(self, items: WorldItems, seed: int) -> None:
        self._items = items
        self._seed = seed
        sums = np.zeros((len(items.topic_names), items.vectors.shape[1]))
        np.add.at(sums, items.topics, items.vectors)
        self._middles = unit_rows(sums)
        self._pools: dict[int, np.ndarray] = {}
        self._live = -1

    def slates(
        self,
        who: np.ndarray,
        at_ms: np.ndarray,
        topics: np.ndarray,
        _: Sequence[str],
        live: int,
        limit: int,
        /,
    ) -> Slates:
        """[B, limit] of the items nearest to each topic, in an order drawn for each page.

        Each item of the pool is as likely as any other in every place. What was typed is not read.
        """
        pools = self._pool(live, limit)[topics]
        draw = uniforms(
            self._seed, Stream.QUERY, who[:, None], at_ms[:, None], np.arange(pools.shape[1])[None, :]
        )
        order = np.argsort(draw, axis=1, kind="stable")[:, :limit]
        items = np.take_along_axis(pools, order, axis=1)
        return Slates(items, np.full(items.shape, 1.0 / pools.shape[1], np.float32))

    def _pool(self, live: int, limit: int) -> np.ndarray:
        if live not in self._pools:
            scores = self._middles @ self._items.vectors[:live].T
            self._pools = {live: best(scores, min(max(_POOL, limit), live))}
        return self._pools[live]
