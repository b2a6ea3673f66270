"""This file is about the first visit: topics to pick from, each shown with four items."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import BlendConfig, Pool, fill_slate
from bowerbird.core.errors import NotFoundError
from bowerbird.core.memo import Memo
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.catalogue_columns import PATH_SEPARATOR
from bowerbird.rank import picture_quality
from bowerbird.surfaces.feed.look_groups import LookGroup, look_groups
from bowerbird.surfaces.feed.types import Sight

ITEMS_PER_TOPIC = 4
MAX_TOPICS = 24
ENOUGH_TOPICS = 6
SAMPLE_PER_TOPIC = 200
SAMPLE_FOR_GROUPS = 2_000
FEWEST_BY_CATEGORY = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to pick at the first visit.

    Attributes:
        id: stays the same while the catalogue has the category, or the item that stands for the group.
        numbers: four items of it (fewer in a very small catalogue), unlike each other.
    """

    id: str
    label: str
    numbers: tuple[int, ...]


class Onboarding:
    """Topics of the catalogue: its categories, or where it has none, groups of alike pictures."""

    def __init__(self, catalogue: Catalogue, sight: Sight) -> None:
        self._catalogue = catalogue
        self._sight = sight
        self._kept: Memo[int, tuple[Topic, ...]] = Memo(1)

    def topics(self) -> tuple[Topic, ...]:
        """At most 24 topics, the largest first."""
        version = self._catalogue.version
        kept = self._kept.get(version)
        if kept is not None:
            return kept
        topics = self._by_category()
        if len(topics) < FEWEST_BY_CATEGORY:
            topics = self._by_look()
        return self._kept.keep(version, topics)

    def picked(self, topic_ids: tuple[str, ...]) -> tuple[int, ...]:
        """Item numbers of the topics, each once: what the person says they like.

        Raises:
            NotFoundError: a topic is unknown.
        """
        known = {topic.id: topic for topic in self.topics()}
        for topic_id in topic_ids:
            if topic_id not in known:
                raise NotFoundError(f"there is no topic {topic_id[:80]!r}; ask for the topics again")
        return tuple(dict.fromkeys(number for topic_id in topic_ids for number in known[topic_id].numbers))

    def _by_category(self) -> tuple[Topic, ...]:
        numbers = np.flatnonzero(self._catalogue.mask(None))
        codes = self._catalogue.codes("category")[numbers]
        vocabulary = self._catalogue.vocabulary("category")
        levels = [vocabulary[code].split(PATH_SEPARATOR) for code in range(len(vocabulary))]
        best: dict[str, list[int]] = {}
        for depth in range(max((len(path) for path in levels), default=0)):
            found = _large_values(levels, depth, np.bincount(codes, minlength=len(levels)))
            if len(found) > len(best):
                best = found
            if len(best) >= ENOUGH_TOPICS:
                break
        topics = []
        for label, path_codes in list(best.items())[:MAX_TOPICS]:
            members = numbers[np.isin(codes, path_codes)]
            topics.append(Topic(f"category:{label}", label, self._four_of(members)))
        return tuple(topic for topic in topics if topic.numbers)

    def _by_look(self) -> tuple[Topic, ...]:
        numbers = np.flatnonzero(self._catalogue.mask(None))
        sample = np.sort(np.random.default_rng(0).permutation(numbers)[:SAMPLE_FOR_GROUPS])
        vectors = self._sight.look.vectors(sample)
        titles = [self._catalogue.title(int(number)) for number in sample]
        groups: list[LookGroup] = look_groups(
            vectors, titles, self._catalogue.colours[sample], self._catalogue.colour_names
        )
        return tuple(
            Topic(
                f"look:{self._catalogue.ids_of([int(sample[group.centre])])[0]}",
                group.label,
                self._four_of(sample[group.rows]),
            )
            for group in groups[:MAX_TOPICS]
        )

    def _four_of(self, members: np.ndarray) -> tuple[int, ...]:
        """Four good-looking items that are unlike each other."""
        sample = np.random.default_rng(0).permutation(members)[:SAMPLE_PER_TOPIC]
        look = self._sight.look.vectors(sample)
        has_picture = np.einsum("cd,cd->c", look, look) > 0
        sample, look = sample[has_picture], look[has_picture]
        count = len(sample)
        rows = fill_slate(
            Pool(
                values=picture_quality(self._catalogue.colours[sample], self._catalogue.colour_names),
                vectors=look,
                categories=self._catalogue.codes("category")[sample] - 1,
                owners=np.full(count, -1, dtype=np.int32),
                signatures=self._catalogue.signature[sample],
                streams=np.zeros(count, dtype=np.int64),
                shares=np.ones(1, dtype=np.float32),
                is_last=np.zeros(count, dtype=bool),
                is_fresh=np.zeros(count, dtype=bool),
            ),
            ITEMS_PER_TOPIC,
            BlendConfig(),
        )
        return tuple(int(number) for number in sample[rows])


def _large_values(levels: list[list[str]], depth: int, counts: np.ndarray) -> dict[str, list[int]]:
    """Names at one level of the path that enough items have, largest first, with their path codes."""
    codes: dict[str, list[int]] = {}
    for code, path in enumerate(levels):
        if depth < len(path) and path[depth] and counts[code]:
            codes.setdefault(path[depth], []).append(code)
    sizes = {name: int(counts[own].sum()) for name, own in codes.items()}
    large = [name for name in codes if sizes[name] >= ITEMS_PER_TOPIC]
    return {name: codes[name] for name in sorted(large, key=lambda name: (-sizes[name], name))}
