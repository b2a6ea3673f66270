"""Small catalogues with ids, and ways to score an id that need no beam."""

import numpy as np

from bowerbird.retrieve.semantic.ids import SemanticIds, told_apart
from bowerbird.retrieve.semantic.trie import Trie

CODES = 41
"""As many as the last level may need."""


def random_ids(rng: np.random.Generator, items: int, levels: int, codes: int) -> SemanticIds:
    return told_apart(rng.integers(0, codes, (items, levels)).astype(np.int32))


class Table:
    """`Spelling` that draws logits for every prefix, the same one whenever it is asked."""

    def __init__(
        self, trie: Trie, persons: int, seed: int, *, steps: float | None = None, first_person: int = 0
    ) -> None:
        self._trie, self._seed, self._steps, self._first_person = trie, seed, steps, first_person
        self._prefixes: list[list[tuple[int, ...]]] = [[()] for _ in range(persons)]

    def append(self, level: int, parents: np.ndarray, codes: np.ndarray) -> None:
        self._prefixes = [
            [(*self._prefixes[person][parent], code) for parent, code in zip(*pair, strict=True)]
            for person, pair in enumerate(zip(parents.tolist(), codes.tolist(), strict=True))
        ]
        assert all(len(prefix) == level for row in self._prefixes for prefix in row)

    def fits(self, level: int, rows: np.ndarray, children: np.ndarray) -> np.ndarray:
        drawn = [self.of(person, prefix) for person, row in enumerate(self._prefixes) for prefix in row]
        return np.stack(drawn)[rows, self._trie.codes[level][children]]

    def of(self, person: int, prefix: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng((self._seed, self._first_person + person, len(prefix), *prefix))
        drawn = -rng.exponential(2.0, CODES)
        if self._steps is not None:  # few different values, so that many items share one
            drawn = np.floor(drawn / self._steps) * self._steps
        return drawn.astype(np.float32)

    def of_items(self, person: int, ids: SemanticIds) -> np.ndarray:
        """float32 [N] log probabilities by what may follow each prefix: loops over the whole catalogue."""
        spelt = [tuple(max(code, 0) for code in codes) for codes in ids.codes.tolist()]
        scores = np.zeros(len(ids), dtype=np.float32)
        for item, codes in enumerate(spelt):
            for level, code in enumerate(codes):
                logits = self.of(person, codes[:level])
                rivals = sorted({other[level] for other in spelt if other[:level] == codes[:level]})
                scores[item] += logits[code] - np.log(np.exp(logits[rivals]).sum())
        return scores
