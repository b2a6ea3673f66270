"""This file is about fitting RQ-VAE: an autoencoder, then codes by residual k-means, then both."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from bowerbird.learn.training import Batch, TrainingJob, train
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Tell
from bowerbird.retrieve.rqvae.config import RqvaeConfig
from bowerbird.retrieve.rqvae.model import Encoder, Rqvae, missed_share
from bowerbird.retrieve.semantic.codebooks import Codebooks
from bowerbird.retrieve.semantic.residual_kmeans import residual_kmeans


class RqvaeTokeniser:
    """A `Tokeniser`. The same call after a kill goes on where it struck.

    Args:
        folder: for checkpoints.
    """

    def __init__(self, config: RqvaeConfig, folder: Path, tell: Tell) -> None:
        self._config, self._folder, self._tell = config, folder, tell

    def __call__(self, vectors: np.ndarray, levels: int, codes: int, seed: int, /) -> Codebooks:
        """Codebooks of `levels` times at most `codes`, from float32 [N, D]."""
        torch.manual_seed(seed)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        model = Rqvae(self._config, vectors.shape[1])
        self._train(model, vectors, "autoencoder", seed)
        with torch.no_grad():
            inside = model.encoded(torch.from_numpy(vectors)).numpy()
        model.start_codes(torch.from_numpy(residual_kmeans(inside, levels, codes, seed).centres))
        self._train(model, vectors, "codes", seed)
        assert model.centres is not None, "codes were started"
        example = {"vectors": torch.from_numpy(vectors[:2])}
        free = {"vectors": {0: "batch"}, "inside": {0: "batch"}}
        encoder = onnx_bytes(Encoder(model), example, outputs=["inside"], free=free)
        return Codebooks(model.centres.detach().numpy().copy(), encoder)

    def _train(self, model: Rqvae, vectors: np.ndarray, name: str, seed: int) -> None:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        every = torch.from_numpy(vectors)
        fingerprint = hashlib.sha256(vectors.tobytes() + self._config.model_dump_json().encode())
        if model.centres is not None:
            fingerprint.update(str(tuple(model.centres.shape)).encode())
        job = TrainingJob(
            model,
            lambda epoch: batches_of(vectors, self._config.rows, seed, epoch),
            lambda module: -missed_share(module, every.to(next(module.parameters()).device)),
            folder,
            seed,
            f"{fingerprint.hexdigest()}-{seed}",
            lambda sentence: self._tell(f"{name}: {sentence}"),
        )
        result = train(job, self._config.training)
        model.cpu()
        self._tell(f"{name}: {-result.best_validation:.1%} of the vectors' spread is missed")


def batches_of(vectors: np.ndarray, rows: int, seed: int, epoch: int) -> Sequence[Batch]:
    """An epoch: all vectors in an order of its own; the last batch is filled up from the start of it."""
    order = np.random.default_rng((seed, epoch)).permutation(len(vectors))
    rows = min(rows, len(vectors))
    order = np.resize(order, -(-len(order) // rows) * rows)
    return [
        Batch({"vectors": vectors[order[start : start + rows]]}, weight=float(rows))
        for start in range(0, len(order), rows)
    ]
