"""This file is about residual k-means: at each level k-means over what the levels before left."""

import faiss
import numpy as np

from bowerbird.retrieve.semantic.codebooks import Codebooks, nearest_centres

_ITERATIONS = 25
_POINTS_PER_CENTRE = 256


def residual_kmeans(vectors: np.ndarray, levels: int, codes: int, seed: int, /) -> Codebooks:
    """Codebooks of `levels` times at most `codes` (no more than there are items), from float32 [N, D].

    Source: RQ-KMeans, as in "OneRec" and "GRID"; the k-means is FAISS'.
    """
    rest = np.ascontiguousarray(vectors, dtype=np.float32)
    size = min(codes, len(rest))
    centres = np.empty((levels, size, rest.shape[1]), dtype=np.float32)
    for level in range(levels):
        centres[level] = _centres(rest, size, seed + level)
        rest = rest - centres[level][nearest_centres(rest, centres[level])[:, 0]]
    return Codebooks(centres)


def _centres(points: np.ndarray, size: int, seed: int) -> np.ndarray:
    kmeans = faiss.Kmeans(
        points.shape[1],
        size,
        niter=_ITERATIONS,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=_POINTS_PER_CENTRE,
    )
    kmeans.train(np.ascontiguousarray(points))
    return np.asarray(kmeans.centroids, dtype=np.float32)
