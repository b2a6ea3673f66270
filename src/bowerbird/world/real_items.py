"""This file is about a real catalogue in the world: its vectors, reduced, and groups of what looks alike."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders
from bowerbird.encode.serving import serving_encoders
from bowerbird.encode.stored import raw_items
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.world.config import ItemsConfig
from bowerbird.world.seen import WorldItems, unit_rows

_ITEMS_A_TOPIC = 12
"""A small catalogue has fewer topics than the settings say: about this many items each."""
_SAMPLE = 20_000
_CATEGORY_SHARE = 0.6
_ROUNDS = 20
_TRIES = 5  # groups found from one start may be two in one
_LEVELS = "\x1f"
_PLAIN = frozenset(("the", "and", "for", "with", "from"))


@dataclass(frozen=True, slots=True)
class Described:
    """What a catalogue says of its items; row i is one item."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    categories: tuple[str, ...]
    owners: tuple[str, ...]
    price_micros: np.ndarray


def items_from_vectors(
    described: Described, vectors: np.ndarray, knobs: ItemsConfig, seed: int
) -> WorldItems:
    """The catalogue as the world wants it: all of it is there from the first day.

    Args:
        vectors: [N, W] of what items look like, of any width.

    Raises:
        InputError: there are no items, or not one vector an item.
    """
    count = len(described.ids)
    if count == 0 or vectors.shape[0] != count or not np.isfinite(vectors).all():
        raise InputError(
            f"{count} items with vectors of shape {vectors.shape} were received; needed are one finite "
            "vector an item and at least one item; encode the catalogue first"
        )
    reduce = Reduction.fitted(vectors[:: _step(count)], knobs.width)
    return _items(described, reduce(vectors), knobs, seed)


def items_of_lake(lake: Lake, knobs: ItemsConfig, seed: int) -> WorldItems:
    """The live items of a lake that have been encoded.

    The lake is read twice, first for a sample: memory is that of the sample and of the reduced vectors.

    Raises:
        InputError: there are none.
    """
    encoders, catalogue = serving_encoders(lake, EncodeConfig()), Catalogue.open(lake)
    step = _step(catalogue.count())
    sample = [vectors[::step] for _, vectors in _batches(lake, encoders, catalogue)]
    if not sample:
        raise InputError(
            "the lake has no encoded items, so nothing is known of what they look like; needed is at least "
            "one; run `bowerbird lake import` and `bowerbird encode run` first"
        )
    reduce = Reduction.fitted(np.concatenate(sample), knobs.width)
    parts = [(numbers, reduce(vectors)) for numbers, vectors in _batches(lake, encoders, catalogue)]
    found = np.concatenate([numbers for numbers, _ in parts])
    order = np.argsort(found)
    numbers = found[order]
    described = Described(
        ids=tuple(catalogue.ids_of(numbers)),
        titles=tuple(catalogue.title(int(number)) for number in numbers),
        categories=_texts(catalogue, "category", numbers),
        owners=_texts(catalogue, "brand", numbers),
        price_micros=catalogue.price_micros[numbers],
    )
    return _items(described, np.concatenate([vectors for _, vectors in parts])[order], knobs, seed)


@dataclass(frozen=True, slots=True)
class Reduction:
    """The directions in which a catalogue differs most.

    Attributes:
        middle: float32 [W] mean of the sample.
        directions: float32 [W, D] orthonormal columns, the widest spread first; zeros where W is below D.
    """

    middle: np.ndarray
    directions: np.ndarray

    @classmethod
    def fitted(cls, sample: np.ndarray, width: int) -> "Reduction":
        """Principal components of [S, W] vectors."""
        middle = sample.mean(axis=0, dtype=np.float64)
        centred = sample - middle
        _, directions = np.linalg.eigh(centred.T @ centred)  # ascending
        kept = directions[:, ::-1][:, :width]
        padded = np.pad(kept, ((0, 0), (0, width - kept.shape[1])))
        return cls(middle.astype(np.float32), np.ascontiguousarray(padded, np.float32))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [B, D] unit rows."""
        reduced = unit_rows((vectors - self.middle) @ self.directions)
        lost = np.flatnonzero(np.abs(reduced).sum(axis=1) == 0)
        reduced[lost, 0] = 1.0  # an item just like the average has no direction of its own
        return reduced


def _step(count: int) -> int:
    """One in so many items is in the sample."""
    return max(1, count // _SAMPLE)


def _batches(lake: Lake, encoders: Encoders, catalogue: Catalogue) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of live, encoded items, and their vectors: how they look beside what their words say."""
    for raw in raw_items(lake, encoders):
        keep = catalogue.live[raw.numbers] & (np.abs(raw.pictures).sum(axis=1) > 0)
        if keep.any():
            yield raw.numbers[keep], np.hstack([unit_rows(raw.pictures[keep]), unit_rows(raw.words[keep])])


def _items(described: Described, reduced: np.ndarray, knobs: ItemsConfig, seed: int) -> WorldItems:
    count = len(described.ids)
    topics = _grouped(reduced, max(1, min(knobs.topics, count // _ITEMS_A_TOPIC)), seed)
    owners = {owner: number for number, owner in enumerate(dict.fromkeys(described.owners))}
    return WorldItems(
        ids=described.ids,
        vectors=reduced,
        topics=topics,
        topic_names=_names(described, topics),
        titles=described.titles,
        owners=np.array([owners[owner] for owner in described.owners], np.int32),
        price_micros=described.price_micros.astype(np.int64),
        born_day=np.zeros(count, np.int32),
    )


def _texts(catalogue: Catalogue, field: str, numbers: np.ndarray) -> tuple[str, ...]:
    codes, vocabulary = catalogue.codes(field)[numbers], catalogue.vocabulary(field)
    return tuple(vocabulary[code] for code in codes.tolist())


def _grouped(vectors: np.ndarray, count: int, seed: int) -> np.ndarray:
    means = faiss.Kmeans(
        vectors.shape[1], count, niter=_ROUNDS, nredo=_TRIES, seed=seed % 2**31, spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=2_000,
    )  # fmt: skip
    means.train(vectors)
    _, nearest = means.index.search(vectors, 1)
    _, topics = np.unique(nearest[:, 0], return_inverse=True)  # groups that nobody is in are left out
    grouped: np.ndarray = topics.astype(np.int32)
    return grouped


def _names(described: Described, topics: np.ndarray) -> tuple[str, ...]:
    """A few words for each topic: the category that most of it is in, or the words that only it has."""
    words = [_words(title) for title in described.titles]
    everywhere = Counter(word for title in words for word in set(title))
    names = []
    for topic in range(int(topics.max()) + 1):
        rows = np.flatnonzero(topics == topic).tolist()
        leaves = Counter(described.categories[row].split(_LEVELS)[-1] for row in rows)
        leaf, most = leaves.most_common(1)[0]
        if leaf and most >= _CATEGORY_SHARE * len(rows):
            names.append(leaf.lower())
            continue
        here = Counter(word for row in rows for word in set(words[row]))
        telling = sorted(here, key=lambda word: (-(here[word] ** 2) / everywhere[word], word))
        names.append(" ".join(telling[:2]) or "things")
    return tuple(names)


def _words(title: str) -> Sequence[str]:
    return [word for word in re.findall(r"[^\W\d_]{3,}", title.lower()) if word not in _PLAIN]
