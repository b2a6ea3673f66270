"""This file is about codebooks: from a vector to L codes, each the nearest to what those before left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.encode.session import open_session, write_whole

_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Codebooks:
    """What a tokeniser learned. Gives codes to items that it never saw, too.

    Attributes:
        centres: float32 [L, K, W].
        encoder: ONNX, float32 [B, D] vectors to [B, W]; none: the vectors themselves are coded, W = D.
    """

    centres: np.ndarray
    encoder: bytes | None = None

    @property
    def levels(self) -> int:
        """L."""
        return len(self.centres)

    @property
    def size(self) -> int:
        """K."""
        return int(self.centres.shape[1])

    def inside(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [N, W] the vectors as the codebooks see them, from [N, D].

        Without an encoder, vectors that are shorter than centres stay so: only what is known is compared. An
        encoder takes zeros for what is missing.
        """
        if self.encoder is None:
            return vectors.astype(np.float32)
        session = open_session(self.encoder)
        missing = int(session.get_inputs()[0].shape[1]) - vectors.shape[1]
        whole = np.pad(vectors.astype(np.float32), ((0, 0), (0, missing)))
        parts = [
            session.run(None, {"vectors": whole[start : start + _AT_ONCE]})[0]
            for start in range(0, len(whole), _AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.centres.shape[2]), np.float32)

    def codes(self, vectors: np.ndarray) -> np.ndarray:
        """int32 [N, L] from [N, D].

        Source: residual quantisation, "Recommender systems with generative retrieval", section 3.1.
        """
        rest = self.inside(vectors)
        codes = np.empty((len(rest), self.levels), dtype=np.int32)
        for level, centres in enumerate(self.centres[:, :, : rest.shape[1]]):
            codes[:, level] = nearest_centres(rest, centres)[:, 0]
            rest = rest - centres[codes[:, level]]
        return codes

    def last_choices(self, vectors: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """int32 [N, K] codes of level L, nearest first, given the codes before it."""
        rest = self.inside(vectors)
        known = self.centres[:, :, : rest.shape[1]]
        for level in range(self.levels - 1):
            rest = rest - known[level][codes[:, level]]
        return nearest_centres(rest, known[-1], most=self.size)

    def rebuilt(self, codes: np.ndarray) -> np.ndarray:
        """float32 [N, W] the vector that L codes stand for: the sum of their centres."""
        return np.asarray(
            sum(self.centres[level][codes[:, level]] for level in range(self.levels)), dtype=np.float32
        )

    def save(self, folder: Path) -> None:
        """Into an existing folder."""
        with (folder / "centres.npy").open("wb") as file:
            np.save(file, self.centres, allow_pickle=False)
        if self.encoder is not None:
            write_whole(folder / "encoder.onnx", self.encoder)


def load_codebooks(folder: Path) -> Codebooks:
    """What `save` wrote."""
    encoder = folder / "encoder.onnx"
    centres = np.load(folder / "centres.npy", allow_pickle=False)
    return Codebooks(centres, encoder.read_bytes() if encoder.exists() else None)


@runtime_checkable
class Tokeniser(Protocol):
    """Learns codebooks from the vectors of a catalogue."""

    def __call__(self, vectors: np.ndarray, levels: int, codes: int, seed: int, /) -> Codebooks:
        """Codebooks of `levels` times at most `codes`, from float32 [N, D]."""
        ...


def nearest_centres(points: np.ndarray, centres: np.ndarray, *, most: int = 1) -> np.ndarray:
    """int32 [N, most] the nearest centres, nearest first; of equally near ones the lower number."""
    lengths = np.square(centres).sum(axis=1)
    found = np.empty((len(points), most), dtype=np.int32)
    for start in range(0, len(points), _AT_ONCE):
        some = points[start : start + _AT_ONCE]
        distances = lengths - 2 * (
            some @ centres.T
        )  # [N, W] @ [W, K] -> [N, K]; |point|² is the same for all
        if most == 1:
            found[start : start + len(some), 0] = distances.argmin(axis=1)
        else:
            found[start : start + len(some)] = np.argsort(distances, axis=1, kind="stable")[:, :most]
    return found
