"""This file is about which interests a query in words is about: from its words, and from what it led to.

Words alone give chances by how near they lie to each interest, made true on titles of items, whose interest
is known. What people liked after they asked the same counts beside that, the more the fresher and the more of
it there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.taste.config import DAY_MS
from bowerbird.taste.graph.graph import TasteGraph
from bowerbird.taste.graph.names import query_key
from bowerbird.taste.graph.types import EdgeKind, Edges, NodeKind
from bowerbird.taste.interest_tree.config import TreeConfig
from bowerbird.taste.interest_tree.scores import Calibration, calibrated, chances
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.interest_tree.wishes import leaves_of

MeaningOf = Callable[[Sequence[str]], Embeddings]
"""Texts → float32 [T, W] in the space of what items are."""
MOST_TITLES = 900
_KNOWN = 0.5
_FAR = 0.05


@dataclass(frozen=True, slots=True)
class QueryTold:
    """What a query is about.

    Attributes:
        chances: float64 [I] of each interest, parents with all below them; those at the top add up to one.
        found: how much people liked after they asked this, in fresh saves; 0 where nobody did.
        is_sure: the words are like what the catalogue has, or people liked something after asking them.
    """

    chances: np.ndarray
    found: float
    is_sure: bool


class QueryInterests:
    """Reads queries for one tree. Thread safe.

    Attributes:
        calibration: how true chances by words alone are, on titles that took no part.
    """

    def __init__(
        self, tree: InterestTree, words_tree: InterestTree, calibration: Calibration, usual_cosine: float
    ) -> None:
        """Use `query_interests`.

        Args:
            words_tree: the tree in the space of queries.
            usual_cosine: titles lie at least so near to some interest, but for one in twenty.
        """
        self.tree, self._words_tree, self.calibration = tree, words_tree, calibration
        self._usual_cosine = usual_cosine
        sizes = np.bincount(tree.leaf_of[tree.leaf_of >= 0], minlength=len(tree))
        self._anything = tree.rolled_up(sizes) / max(int(sizes.sum()), 1)

    def of(self, meaning: np.ndarray, found: Edges, t_ms: int, config: TreeConfig) -> QueryTold:
        """As of t.

        Args:
            meaning: float32 [W] of the query; zeros say nothing.
            found: what this query led to.
        """
        knows = self._knows(meaning)
        said = knows * chances(self._words_tree, meaning[None])[0] + (1 - knows) * self._anything
        said = said if meaning.any() else np.zeros(len(self.tree))
        led = found.where((found.at_ms < t_ms) & (found.until_ms >= t_ms) & (found.weights > 0))
        leaf = leaves_of(self.tree, led.targets)
        fresh = led.weights * np.exp2((led.at_ms - t_ms) / (config.half_life_days * DAY_MS))
        own = np.bincount(leaf[leaf >= 0], fresh[leaf >= 0], minlength=len(self.tree)).astype(np.float64)
        heft = float(own.sum())
        prior = config.query_prior if said.any() else 0.0
        both = (prior * said + self.tree.rolled_up(own)) / max(prior + heft, 1e-12)
        return QueryTold(both, heft, heft > 0 or (knows > _KNOWN and bool(meaning.any())))

    def _knows(self, meaning: np.ndarray) -> float:
        """1 for words that are as near to some interest as titles are; 0 for such that are half as near.

        Chances are true for words like those they were fitted on. What the catalogue has nothing of would be
        put into an interest just as surely otherwise.
        """
        length = float(np.linalg.norm(meaning))
        nearest = float((self._words_tree.centres[self.tree.leaves] @ meaning).max(initial=0.0))
        return float(np.clip(2 * nearest / max(length * self._usual_cosine, 1e-9) - 1, 0, 1))


def query_interests(
    tree: InterestTree, titles: Sequence[str], meaning_of: MeaningOf, words_from: int, seed: int = 0
) -> QueryInterests:
    """Chances by words for a tree, made true on titles of its items.

    Args:
        titles: by item number; empty where there is none. At most `MOST_TITLES` of them are read.
        words_from: the column of the tree's centres from which on they lie in the space of `meaning_of`.
    """
    in_words = tree.centres[:, words_from:]
    lengths = np.linalg.norm(in_words, axis=1, keepdims=True)
    words_tree = replace(tree, centres=(in_words / np.maximum(lengths, 1e-9)).astype(np.float32))
    placed = [number for number, title in enumerate(titles) if title.strip() and _leaf(tree, number) >= 0]
    chosen = np.sort(np.random.default_rng(seed).permutation(placed)[:MOST_TITLES]).astype(np.int64)
    vectors = np.zeros((len(tree.leaf_of), in_words.shape[1]), dtype=np.float32)
    if len(chosen):
        vectors[chosen] = meaning_of([titles[number] for number in chosen.tolist()])
    # The centres are of the items themselves: only the sharpness is fitted anew, on what people would type.
    fitted, calibration = calibrated(words_tree, vectors, seed, own_centres=False)
    cosines = vectors[chosen] @ words_tree.centres[tree.leaves].T if len(chosen) else np.ones((1, 1))
    lengths = np.linalg.norm(vectors[chosen], axis=1) if len(chosen) else np.ones(1)
    usual = float(np.quantile(cosines.max(axis=1, initial=0.0) / np.maximum(lengths, 1e-9), _FAR))
    return QueryInterests(tree, fitted, calibration, usual)


def found_by(graph: TasteGraph, text: str) -> Edges:
    """What people liked within ten minutes of asking this, case and spaces evened out."""
    number = graph.names[NodeKind.QUERY].find(query_key(text))
    if number < 0:
        return Edges.none(EdgeKind.FOUND)
    found = graph.edges(EdgeKind.FOUND)
    return found.where(found.sources == number)


def _leaf(tree: InterestTree, number: int) -> int:
    return int(tree.leaf_of[number]) if number < len(tree.leaf_of) else -1
