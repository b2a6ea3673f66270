"""This file is about FAISS: inverted lists of bfloat16 codes that propose rows, one thread a query.

The codes only propose; `Snapshot` scores the proposals again with the full vectors.
"""

import threading
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers, Queries

faiss: Any = _faiss  # its type stubs lack what is used here
_thread = threading.local()

_AT_ONCE = 16
"""FAISS reads codes so many numbers at a time, and one by one where the width is no multiple of it: at 276
numbers a search took 1.4 ms, padded to 288 it takes 0.4 (10 queries, 4 lists of 100)."""


def one_thread() -> None:
    """Keep FAISS on the calling thread: OpenMP's setting holds for one thread only, so each asks once.

    A second OpenMP thread beside busy request threads costs more than it gives (facts-serving 0).
    """
    if not getattr(_thread, "is_set", False):
        faiss.omp_set_num_threads(1)
        _thread.is_set = True


class InvertedLists:
    """Lists of rows around trained centres; immutable once built. Inside, rows are padded with zeros."""

    def __init__(self, ivf: Any, width: int) -> None:
        """`width` is D, of the vectors as callers know them."""
        self._ivf = ivf
        self._params: dict[int, Any] = {}
        self.centres: np.ndarray = np.ascontiguousarray(
            ivf.quantizer.reconstruct_n(0, ivf.nlist)[:, :width]  # [L, D]
        )

    @classmethod
    def train(
        cls, vectors: Embeddings, lists: int, *, rounds: int, rows_per_list: int, seed: int
    ) -> "InvertedLists":
        """Empty lists around centres found by k-means on a sample of the vectors."""
        one_thread()
        padded = _padded_width(vectors.shape[1])
        ivf = faiss.index_factory(padded, f"IVF{lists},SQbf16", faiss.METRIC_INNER_PRODUCT)
        ivf.cp.niter = rounds
        ivf.cp.seed = seed
        ivf.cp.min_points_per_centroid = 1  # a warning for people who choose the number of lists by hand
        ivf.cp.max_points_per_centroid = rows_per_list
        rng = np.random.default_rng(seed)
        wanted = min(len(vectors), lists * rows_per_list)
        sample = np.sort(rng.choice(len(vectors), wanted, replace=False))
        ivf.train(_padded(vectors[sample], padded))
        return cls(ivf, vectors.shape[1])

    def emptied(self) -> "InvertedLists":
        """The same centres, no rows."""
        # Made anew from the centres: to clear a clone of memory-mapped lists ends the process.
        lists, width = self.centres.shape
        padded = _padded_width(width)
        centres = _padded(self.centres, padded)
        quantizer = faiss.IndexFlatIP(padded)
        quantizer.add(centres)
        ivf = faiss.IndexIVFScalarQuantizer(
            quantizer, padded, lists, faiss.ScalarQuantizer.QT_bf16, faiss.METRIC_INNER_PRODUCT
        )
        ivf.train(centres)  # finds the centres there, and leaves them
        return InvertedLists(ivf, width)

    def __len__(self) -> int:
        return int(self._ivf.nlist)

    def nearest_list(self, vectors: Embeddings) -> np.ndarray:
        """[N] int32 the list that each vector belongs to."""
        one_thread()
        if len(vectors) == 0:
            return np.empty(0, np.int32)
        _, lists = self._ivf.quantizer.search(_padded(vectors, self._ivf.d), 1)
        nearest: np.ndarray = np.maximum(lists[:, 0], 0).astype(np.int32)
        return nearest

    def fill(self, numbers: ItemNumbers, vectors: Embeddings, list_of: np.ndarray) -> None:
        """Put rows where `nearest_list` said; only while building."""
        # Named, so that they live until FAISS has read them: it is given addresses only.
        rows, named, assigned = (
            _padded(vectors, self._ivf.d),
            np.ascontiguousarray(numbers),
            list_of.astype(np.int64),
        )
        self._ivf.add_core(len(named), faiss.swig_ptr(rows), faiss.swig_ptr(named), faiss.swig_ptr(assigned))

    def search(self, queries: Queries, k: int, probes: int) -> np.ndarray:
        """[Q, k] proposed item numbers from the lists nearest to each query, -1 where there are fewer.

        Args:
            queries: [Q, D] contiguous.
            k: how many proposals a query.
            probes: how many lists.
        """
        one_thread()
        params = self._params.get(probes)
        if params is None:
            params = self._params.setdefault(probes, faiss.SearchParametersIVF(nprobe=probes))
        asked = _padded(queries, self._ivf.d)
        numbers = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        self._ivf.search_c(
            len(queries), faiss.swig_ptr(asked), k, faiss.swig_ptr(scores), faiss.swig_ptr(numbers), params
        )
        return numbers

    def search_lists(
        self, queries: Queries, k: int, lists: np.ndarray, nearness: np.ndarray, bits: np.ndarray
    ) -> np.ndarray:
        """[Q, k] as `search`, in the lists that are named.

        Args:
            queries: [Q, D] contiguous.
            k: how many proposals a query.
            lists: [Q, P] int64; -1 names none.
            nearness: [Q, P] inner product of the query with their centres.
            bits: little-endian bitmap over item numbers of those allowed.
        """
        one_thread()
        lists = np.ascontiguousarray(lists, dtype=np.int64)
        nearness = np.ascontiguousarray(nearness, dtype=np.float32)
        numbers = np.full((len(queries), k), -1, dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        selector = faiss.IDSelectorBitmap(bits)
        asked = _padded(queries, self._ivf.d)
        self._ivf.search_preassigned_c(
            len(queries),
            faiss.swig_ptr(asked),
            k,
            faiss.swig_ptr(lists),
            faiss.swig_ptr(nearness),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(numbers),
            False,
            faiss.SearchParametersIVF(nprobe=lists.shape[1], sel=selector),
        )
        return numbers

    def save(self, path: Path) -> None:
        """Write one file."""
        faiss.write_index(self._ivf, str(path))

    @classmethod
    def load(cls, path: Path, width: int) -> "InvertedLists":
        """Lists of `width`-wide rows that stay in the file and are read through the page cache.

        The older flag `IO_FLAG_MMAP` is not used: it starts 32 threads a search to prefetch (12 times the
        processor time, measured).

        Raises:
            RuntimeError: from FAISS, when the file is not one of its own.
        """
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_READ_ONLY), width)


def _padded_width(width: int) -> int:
    return -(-width // _AT_ONCE) * _AT_ONCE


def _padded(vectors: Embeddings, width: int) -> np.ndarray:
    """[N, width] contiguous float32, zeros behind what was given; they add nothing to an inner product."""
    if vectors.shape[1] == width:
        return np.ascontiguousarray(vectors, dtype=np.float32)
    padded = np.zeros((len(vectors), width), dtype=np.float32)
    padded[:, : vectors.shape[1]] = vectors
    return padded


def dot_rows(queries: Queries, vectors: Embeddings, rows: np.ndarray) -> np.ndarray:
    """[Q, C] inner products of each query with its rows of `vectors`, read in place; -inf where a row is -1.

    Args:
        queries: [Q, D] contiguous.
        vectors: [N, D] contiguous, may be memory-mapped.
        rows: [Q, C] contiguous int64.
    """
    one_thread()
    products = np.empty(rows.shape, dtype=np.float32)
    if products.size:
        faiss.fvec_inner_products_by_idx(
            faiss.swig_ptr(products),
            faiss.swig_ptr(queries),
            faiss.swig_ptr(vectors),
            faiss.swig_ptr(rows),
            queries.shape[1],
            rows.shape[0],
            rows.shape[1],
        )
    return products
