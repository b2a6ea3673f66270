"""This file is about the shapes of arrays: aliases with words, checked in tests.

jaxtyping is a development tool: production reads the same names as plain numpy arrays and pays nothing.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

try:
    from jaxtyping import Bool, Float32, Int64, UInt8
except ImportError:  # the shape checker is not installed outside development
    if not TYPE_CHECKING:

        class _Unchecked:
            def __class_getitem__(cls, _: Any) -> type[np.ndarray]:
                return np.ndarray

        Bool = Float32 = Int64 = UInt8 = _Unchecked

ItemNumbers: TypeAlias = Int64[np.ndarray, " candidate"]
"""Dense item numbers, one a row; -1 where there is none."""
Scores: TypeAlias = Float32[np.ndarray, " candidate"]
"""Similarities from one source; comparable only within it."""
Mask: TypeAlias = Bool[np.ndarray, " candidate"]
"""True: keep the row."""
ItemMask: TypeAlias = Bool[np.ndarray, " number"]
"""Addressed by item number. True: keep the item."""
Embeddings: TypeAlias = Float32[np.ndarray, "row _"]
"""One embedding a row; several kinds of them meet in one call, each with a width of its own."""
Queries: TypeAlias = Float32[np.ndarray, "query width"]
"""One embedding a query, where rows of items are about as well."""
HitNumbers: TypeAlias = Int64[np.ndarray, "query hit"]
HitScores: TypeAlias = Float32[np.ndarray, "query hit"]
Pixels: TypeAlias = UInt8[np.ndarray, "_ _ 3"]
"""[rows, columns, 3] sRGB, transparency already laid on white; sizes are free, also within one batch."""
