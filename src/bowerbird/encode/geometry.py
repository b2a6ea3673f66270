"""This file is about directions: unit length, blocks side by side, and axes of most spread."""

import numpy as np

_TINY = 1e-9


def unit(rows: np.ndarray) -> np.ndarray:
    """Each row at length 1; rows of zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    made: np.ndarray = rows / np.maximum(lengths, _TINY)
    return made


def softmax(rows: np.ndarray) -> np.ndarray:
    """Each row as probabilities."""
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    made: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return made


def signed_root(rows: np.ndarray) -> np.ndarray:
    """Square root that keeps the sign: tames a few large features, so that many small ones count."""
    made: np.ndarray = np.sign(rows) * np.sqrt(np.abs(rows))
    return made


def axes_of_spread(spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues [D], largest first, and eigenvectors as columns [D, D], signs settled."""
    values, vectors = np.linalg.eigh(spread.astype(np.float64))
    values, vectors = values[::-1], vectors[:, ::-1]
    # An eigenvector's sign is free; settled, so that every machine gets the same axes.
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.maximum(values, 0.0), vectors * np.where(largest < 0, -1.0, 1.0)


def as_float32(array: np.ndarray) -> np.ndarray:
    """A float32 copy in row order."""
    return np.ascontiguousarray(array, dtype=np.float32)
