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


def one_thread() -> None:
    """Keep FAISS on the calling thread: OpenMP's setting holds for one thread only, so each asks once.

    A second OpenMP thread beside busy request threads costs more than it gives (facts-serving 0).
    """
    if not getattr(_thread, "is_set", False):
        faiss.omp_set_num_threads(1)
        _thread.is_set = True


class InvertedLists:
    """Lists of rows around trained centres; immutable once built."""

    def __init__(self, ivf: Any) -> None:
        self._ivf = ivf
        self._params: dict[int, Any] = {}
        self.centres: np.ndarray = ivf.quantizer.reconstruct_n(0, ivf.nlist)  # [L, D]

    @classmethod
    def train(
        cls, vectors: Embeddings, lists: int, *, rounds: int, rows_per_list: int, seed: int
    ) -> "InvertedLists":
        """Empty lists around centres found by k-means on a sample of the vectors."""
        one_thread()
        ivf = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQbf16", faiss.METRIC_INNER_PRODUCT)
        ivf.cp.niter = rounds
        ivf.cp.seed = seed
        ivf.cp.min_points_per_centroid = 1  # a warning for people who choose the number of lists by hand
        ivf.cp.max_points_per_centroid = rows_per_list
        rng = np.random.default_rng(seed)
        wanted = min(len(vectors), lists * rows_per_list)
        sample = np.sort(rng.choice(len(vectors), wanted, replace=False))
        ivf.train(np.ascontiguousarray(vectors[sample]))
        return cls(ivf)

    def emptied(self) -> "InvertedLists":
        """The same centres, no rows."""
        # Made anew from the centres: to clear a clone of memory-mapped lists ends the process.
        lists, width = self.centres.shape
        quantizer = faiss.IndexFlatIP(width)
        quantizer.add(np.ascontiguousarray(self.centres))
        ivf = faiss.IndexIVFScalarQuantizer(
            quantizer, width, lists, faiss.ScalarQuantizer.QT_bf16, faiss.METRIC_INNER_PRODUCT
        )
        ivf.train(np.ascontiguousarray(self.centres))  # finds the centres there, and leaves them
        return InvertedLists(ivf)

    def __len__(self) -> int:
        return int(self._ivf.nlist)

    def nearest_list(self, vectors: Embeddings) -> np.ndarray:
        """[N] int32 the list that each vector belongs to."""
        one_thread()
        if len(vectors) == 0:
            return np.empty(0, np.int32)
        _, lists = self._ivf.quantizer.search(np.ascontiguousarray(vectors), 1)
        nearest: np.ndarray = np.maximum(lists[:, 0], 0).astype(np.int32)
        return nearest

    def fill(self, numbers: ItemNumbers, vectors: Embeddings, list_of: np.ndarray) -> None:
        """Put rows where `nearest_list` said; only while building."""
        assigned = list_of.astype(np.int64)
        self._ivf.add_core(
            len(numbers),
            faiss.swig_ptr(np.ascontiguousarray(vectors)),
            faiss.swig_ptr(np.ascontiguousarray(numbers)),
            faiss.swig_ptr(assigned),
        )

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
        numbers = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        self._ivf.search_c(
            len(queries), faiss.swig_ptr(queries), k, faiss.swig_ptr(scores), faiss.swig_ptr(numbers), params
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
        self._ivf.search_preassigned_c(
            len(queries),
            faiss.swig_ptr(queries),
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
    def load(cls, path: Path) -> "InvertedLists":
        """Lists that stay in the file and are read through the page cache.

        The older flag `IO_FLAG_MMAP` is not used: it starts 32 threads a search to prefetch (12 times the
        processor time, measured).

        Raises:
            RuntimeError: from FAISS, when the file is not one of its own.
        """
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_READ_ONLY))


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
