"""This file is about reading profiles of one lake: what a person did and said, as of any moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.lake.lake import Lake
from bowerbird.lake.records import WishRow
from bowerbird.taste.config import TasteConfig
from bowerbird.taste.graph import EdgeKind, NodeKind, TasteGraph
from bowerbird.taste.interest_tree.config import TreeConfig
from bowerbird.taste.interest_tree.leaning import truest_leaning
from bowerbird.taste.interest_tree.profile import Done, Leaning, Profile, of_everybody, profile_of
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.interest_tree.wishes import Said, Wish
from bowerbird.taste.types import VectorsOf


@dataclass(frozen=True, slots=True)
class ProfileReader:
    """Everything that profiles are read from."""

    lake: Lake
    graph: TasteGraph
    tree: InterestTree
    vectors_of: VectorsOf
    config: TreeConfig
    leaning: Leaning

    @classmethod
    def fitted(
        cls, lake: Lake, graph: TasteGraph, tree: InterestTree, vectors_of: VectorsOf, config: TreeConfig
    ) -> "ProfileReader":
        """A reader whose profiles lean on what everybody likes as much as is true of this lake."""
        taste = TasteConfig(half_life_days=config.half_life_days)
        marks = graph.marks[EdgeKind.ACTED].rows
        leaning = truest_leaning(tree, marks, vectors_of, taste, otherwise=Leaning(config.prior))
        return cls(lake, graph, tree, vectors_of, config, leaning)

    def of(self, person_id: str, t_ms: int, *, leans: bool = True) -> Profile:
        """The person's profile as of t.

        Args:
            leans: on what everybody likes, which someone who did nothing before t has alone.
        """
        liked = self.graph.liked_before(t_ms) if leans else None
        return profile_of(
            self.tree,
            self._counting(person_id, t_ms),
            self.vectors_of,
            said_by(self.lake.records.wishes.of(person_id)),
            t_ms,
            TasteConfig(half_life_days=self.config.half_life_days),
            everybody=None if liked is None else of_everybody(self.tree, liked),
            leaning=self.leaning,
        )

    def _counting(self, person_id: str, t_ms: int) -> Done:
        """What a person did that counts at t: all, or what came after they cleared their history before t."""
        done, from_ms = (
            done_by(self.graph, person_id),
            self.lake.records.controls.of(person_id).history_from_ms,
        )
        return _after(done, from_ms) if 0 < from_ms < t_ms else done


def _after(done: Done, from_ms: int) -> Done:
    late = done.at_ms > from_ms
    return Done(done.items[late], done.actions[late], done.at_ms[late])


def done_by(graph: TasteGraph, person_id: str) -> Done:
    """What a person did, newest first."""
    number = graph.names[NodeKind.PERSON].find(person_id)
    marks = graph.marks[EdgeKind.ACTED].of("source", number)
    newest = marks[np.lexsort((-marks["action"], -marks["at_ms"]))]
    return Done(newest["target"].astype(np.int64), newest["action"], newest["at_ms"])


def said_by(rows: Sequence[WishRow]) -> tuple[Said, ...]:
    """What records keep of a person's wishes."""
    return tuple(Said(row.interest_id, Wish(row.wish), row.at_ms, row.until_ms) for row in rows)
