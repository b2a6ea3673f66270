"""This file is about whether an encoder gets better: how often it finds what the newest labels name."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.labels import ASKED, Labels, labels_of
from bowerbird.taste.encoder.neighbours import Neighbours, neighbours_of
from bowerbird.taste.encoder.served import ServedEncoder
from bowerbird.taste.encoder.types import NEVER_MS, TasteColumns

CUTOFF = 10


@dataclass(frozen=True, slots=True)
class Check:
    """Labels from a moment on, found from items and queries alone; what training does not see.

    Attributes:
        from_ms: edges before it train.
    """

    from_ms: int
    labels: Labels

    def hits(self, encoder: ServedEncoder, columns: TasteColumns, config: EncoderConfig, seed: int) -> float:
        """Mean reciprocal rank of targets among all items; places below the tenth count nothing.

        Args:
            columns: before `from_ms`.
        """
        vectors = vectors_at(encoder, columns, self.from_ms, config, seed)
        asks = self._asks(encoder, vectors, columns)
        gained = 0.0
        for start in range(0, len(asks), 256):
            scores = asks[start : start + 256] @ vectors.T
            some = slice(start, start + len(scores))
            rows = np.arange(len(scores))
            sources = self.labels.sources[some]
            row, place = np.nonzero(sources >= 0)
            scores[row, sources[row, place]] = -np.inf
            own = scores[rows, self.labels.targets[some]][:, None]
            # Half of the ties stand before it, so that a model that says nothing earns nothing.
            rank = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2 + 1
            gained += float(np.where(rank <= CUTOFF, 1 / rank, 0).sum())
        return gained / max(len(asks), 1)

    def _asks(self, encoder: ServedEncoder, vectors: np.ndarray, columns: TasteColumns) -> np.ndarray:
        asks: np.ndarray = vectors[np.maximum(self.labels.sources[:, 0], 0)]
        is_asked = self.labels.kinds == ASKED
        if is_asked.any():
            asks[is_asked] = encoder.queries(columns.query_words[self.labels.queries[is_asked]])
        return asks


def vectors_at(
    encoder: ServedEncoder, columns: TasteColumns, at_ms: int, config: EncoderConfig, seed: int
) -> np.ndarray:
    """float32 [N, D] of all items as of a moment."""
    tokens = encoder.tokens(columns.content, np.arange(columns.items))
    if not config.uses_graph:
        shape = (columns.items, 1)
        return encoder.items(tokens, Neighbours(np.full(shape, -1, np.int32), np.zeros(shape, np.float32)))
    return encoder.items(tokens, neighbours_of(columns, at_ms, config, seed=seed))


def check_of(columns: TasteColumns, config: EncoderConfig, share: float, seed: int) -> Check:
    """The newest `share` of the labels, at most `validation_labels` of them."""
    rng = np.random.default_rng((seed, 1))
    labels = labels_of(columns, config.model_copy(update={"most_labels": NEVER_MS}), rng)
    if not len(labels):
        return Check(NEVER_MS, labels)
    from_ms = int(np.quantile(labels.at_ms, 1 - share, method="lower"))
    newest = np.flatnonzero(labels.at_ms >= from_ms)
    if len(newest) == len(labels):
        return Check(NEVER_MS, labels.take(rng.permutation(len(labels))[: config.validation_labels]))
    return Check(from_ms, labels.take(rng.permutation(newest)[: config.validation_labels]))
