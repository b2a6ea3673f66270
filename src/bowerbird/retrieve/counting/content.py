"""This file is about content: items whose vectors are near the mean of what the person met last."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.errors import InputError
from bowerbird.encode.types import WordsEncoder
from bowerbird.learn.data import Histories, Interactions, ItemFacts
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.counting.links import recency_weights
from bowerbird.retrieve.counting.transitions import prior_of

_TEXTS_AT_ONCE = 256


class ContentConfig(BaseModel):
    """`decay`, `entries`: what older items of a history count, and how many do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decay: Annotated[float, Field(gt=0, le=1)] = 0.7
    entries: Annotated[int, Field(ge=1)] = 10
    prior: Annotated[float, Field(ge=0)] = 1e-3


class ContentRetriever:
    """A `ScoringRetriever` over unit vectors."""

    def __init__(self, vectors: np.ndarray, prior: np.ndarray, setting: ContentConfig) -> None:
        self._vectors = vectors
        self._prior = prior
        self._setting = setting

    @property
    def facts(self) -> dict[str, Any]:
        """The vectors are not learned here, and still have to be kept."""
        return {
            "parameters": 0,
            "size_bytes": self._vectors.nbytes,
            "setting": self._setting.model_dump(),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        weights = recency_weights(histories, self._setting.decay, self._setting.entries)
        met = self._vectors[histories.items] * weights[:, None]
        sums = np.concatenate(
            [np.zeros((1, met.shape[1]), np.float64), np.cumsum(met, axis=0, dtype=np.float64)]
        )
        queries = (sums[histories.bounds[1:]] - sums[histories.bounds[:-1]]).astype(np.float32)
        queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
        scores: np.ndarray = queries @ self._vectors.T + self._prior
        return scores

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Vectors, prior and setting."""
        for name, column in (("vectors", self._vectors), ("prior", self._prior)):
            np.save(folder / f"{name}.npy", column, allow_pickle=False)
        (folder / "setting.json").write_text(self._setting.model_dump_json())


def content_settings(_: Interactions) -> tuple[ContentConfig, ...]:
    """Decays, with and without popularity between near equals."""
    return tuple(
        ContentConfig(decay=decay, prior=prior)
        for prior in (1e-3, 0.1)
        for decay in (0.7, 0.2, 0.4, 0.55, 0.85, 1.0)
    )


def fit_content(training: Interactions, setting: ContentConfig, _: int) -> ContentRetriever:
    """From the catalogue's vectors; interactions only give the prior.

    Raises:
        InputError: the catalogue has none.
    """
    vectors = training.catalogue.vectors
    if vectors is None:
        raise InputError(
            "content was asked of a catalogue without vectors; needed are words or vectors for the items; "
            "leave `content` out, or bring an item file with titles"
        )
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return ContentRetriever(unit.astype(np.float32), prior_of(training, setting.prior), setting)


def load_content(folder: Path) -> ContentRetriever:
    """What `save` wrote."""
    setting = ContentConfig.model_validate_json((folder / "setting.json").read_text())
    vectors, prior = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("vectors", "prior"))
    return ContentRetriever(vectors, prior, setting)


def words_vectors(
    catalogue: ItemFacts, encoder: WordsEncoder, cache: Path, tell: Callable[[str], None]
) -> np.ndarray | None:
    """float32 [N, D] of titles and attributes, kept in `cache`; none where no item has words."""
    texts = catalogue.words()
    if not any(text.strip() for text in texts):
        return None
    kept = cache / f"vectors-{encoder.stamp.text}-{catalogue.sha256()[:16]}.npy"
    if kept.exists():
        vectors: np.ndarray = np.load(kept, allow_pickle=False)
        return vectors
    parts = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        tell(f"{start:,} of {len(texts):,} item texts encoded")
        parts.append(encoder.encode_words(texts[start : start + _TEXTS_AT_ONCE]))
    vectors = np.concatenate(parts)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    part.replace(kept)
    return vectors
