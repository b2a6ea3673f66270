"""This file is about vectors that say which model made them."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.taste.encoder.types import LinkColumns


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries and what they led to.

    Attributes:
        texts: of each query.
        vectors: float32 [queries, W] of their words.
        found: query to item.
    """

    texts: tuple[str, ...]
    vectors: np.ndarray
    found: LinkColumns


@dataclass(frozen=True, slots=True)
class Stamped:
    """Vectors of length 1, comparable with those of the same version and with no others.

    Attributes:
        vectors: float32 [N, D]; a row of zeros is like nothing.
        version: of the space.
    """

    vectors: np.ndarray
    version: str

    def likeness(self, others: "Stamped") -> np.ndarray:
        """float32 [N, M] cosines.

        Raises:
            IncompatibleEmbeddingError: the others are of another version.
        """
        if self.version != others.version:
            raise IncompatibleEmbeddingError(
                f"vectors of version {self.version} would be compared with some of {others.version}; needed "
                "is one version on both sides; work the older ones out again with the model in use"
            )
        cosines: np.ndarray = self.vectors @ others.vectors.T
        return cosines

    def __len__(self) -> int:
        return len(self.vectors)
