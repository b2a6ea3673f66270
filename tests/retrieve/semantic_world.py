"""Small catalogues with ids, and ways to score an id that need no beam."""

import numpy as np

from bowerbird.retrieve.semantic.ids import SemanticIds, told_apart


def random_ids(rng: np.random.Generator, items: int, levels: int, codes: int) -> SemanticIds:
    return told_apart(rng.integers(0, codes, (items, levels)).astype(np.int32))


class Table:
    """`NextCodes` that draws logits for every prefix, the same one whenever it is asked."""

    def __init__(
        self, persons: int, codes: int, seed: int, *, steps: float | None = None, first_person: int = 0
    ) -> None:
        self._codes, self._seed, self._steps, self._first_person = codes, seed, steps, first_person
        self._prefixes: list[list[tuple[int, ...]]] = [[()] for _ in range(persons)]

    def first(self) -> np.ndarray:
        return np.stack([self.of(person, ()) for person in range(len(self._prefixes))])

    def after(self, level: int, parents: np.ndarray, codes: np.ndarray) -> np.ndarray:
        self._prefixes = [
            [(*self._prefixes[person][parent], code) for parent, code in zip(*pair, strict=True)]
            for person, pair in enumerate(zip(parents.tolist(), codes.tolist(), strict=True))
        ]
        assert all(len(prefix) == level for row in self._prefixes for prefix in row)
        return np.stack(
            [
                np.stack([self.of(person, prefix) for prefix in row])
                for person, row in enumerate(self._prefixes)
            ]
        )

    def of(self, person: int, prefix: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng((self._seed, self._first_person + person, len(prefix), *prefix))
        drawn = -rng.exponential(2.0, self._codes)
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
