"""This file is about words as small integers: a column of texts becomes a column of codes."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MISSING = 0
"""Code of a missing or empty text."""


class Vocabulary:
    """Texts and their codes; code 0 stands for a missing text, and codes never change."""

    def __init__(self) -> None:
        self._values: list[str] = [""]
        self._codes: dict[str, int] = {"": MISSING}

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, code: int) -> str:
        return self._values[code]

    @property
    def values(self) -> tuple[str, ...]:
        """Every text, in the order of the codes; the first is empty."""
        return tuple(self._values)

    def code(self, value: str) -> int | None:
        """The code of a text, or None where no item ever had it."""
        return self._codes.get(value)

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        """[B] int32 codes of a column of texts; unknown texts get new codes."""
        coded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
        own = [self._learn(value) for value in coded.dictionary.to_pylist()]
        codes: np.ndarray = np.asarray(own, dtype=np.int32)[coded.indices.to_numpy()]
        return codes

    def _learn(self, value: str) -> int:
        code = self._codes.get(value)
        if code is None:
            code = len(self._values)
            self._values.append(value)
            self._codes[value] = code
        return code
