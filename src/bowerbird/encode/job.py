"""This file is about the encode job: every picture and every text of the lake gets its embedding, once."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.fitting import fit_space, load_space
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import (
    embedding_rows,
    item_vectors,
    key_hashes,
    picture_table,
    words_table,
)
from bowerbird.encode.thumbs import ROWS_A_WRITE, EncodedPart, encode_thumbs
from bowerbird.lake.items import words_key, written
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table

__all__ = ["EncodeReport", "encode_missing", "fit_space", "item_vectors", "load_space"]

log = logging.getLogger(__name__)

Progress = Callable[[str, int], None]
"""Called with `pictures`, `frames` or `words` and how many are done so far."""
_T = TypeVar("_T")
_TEXTS_A_TASK = 64


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What a job did. `skipped` pictures had no thumbnail to look at; `frames` are those of videos."""

    pictures: int
    words: int
    skipped: int
    seconds: float
    frames: int = 0

    @property
    def pictures_per_second(self) -> float:
        """Of the whole job, texts and writing included."""
        return (self.pictures + self.frames) / max(self.seconds, 1e-9)


def encode_missing(
    lake: Lake, encoders: Encoders, progress: Progress | None = None, config: EncodeConfig | None = None
) -> EncodeReport:
    """Embeddings for all pictures and words that have none of these encoders yet.

    Can be stopped at any time and started again: what was written stays, at most `ROWS_A_WRITE` embeddings
    are computed twice. Memory does not grow with the lake but for 8 bytes an embedding.
    """
    settings = config or EncodeConfig()
    tell = progress or (lambda _kind, _done: None)
    started = time.monotonic()
    with ThreadPoolExecutor(settings.worker_threads, thread_name_prefix="encode") as threads:
        seen = _Pictures(lake.media, picture_table(lake, encoders), encoders, settings, threads)
        pictures, skipped = seen.encode_missing(lambda done: tell("pictures", done))
        frames = 0
        if lake.frames.count():
            frames, unseen = replace(seen, source=lake.frames).encode_missing(
                lambda done: tell("frames", done)
            )
            skipped += unseen
        words = _encode_words(lake, encoders, threads, tell)
    report = EncodeReport(pictures, words, skipped, time.monotonic() - started, frames)
    log.info(
        "embeddings made",
        extra={"pictures": pictures, "words": words, "skipped": skipped, "seconds": report.seconds},
    )
    return report


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The thumbnails of one table, of media or of frames, on their way to embeddings under the same keys."""

    source: Table
    target: Table
    encoders: Encoders
    settings: EncodeConfig
    threads: ThreadPoolExecutor

    def encode_missing(self, tell: Callable[[int], object]) -> tuple[int, int]:
        """How many were encoded, and how many could not be."""
        taken = done = 0

        def missing() -> Iterator[tuple[str, bytes]]:
            nonlocal taken
            for keys in _missing_keys(self.target, _ids_of(self.source)):
                for batch in _slices(keys, 256):
                    found = self.source.take(batch, ["id", "thumb"])
                    taken += found.num_rows
                    yield from zip(found["id"].to_pylist(), found["thumb"].to_pylist(), strict=True)

        parts = _grouped(missing(), self.settings.batch_items)
        ahead = self.settings.worker_threads * 4
        for keys, vectors in _collected(_ahead(self.threads, self._encode, parts, ahead)):
            self.target.upsert(embedding_rows(keys, vectors, self.encoders.pictures.stamp))
            done += len(keys)
            tell(done)
        return done, taken - done

    def _encode(self, part: Sequence[tuple[str, bytes]]) -> EncodedPart:
        return encode_thumbs(self.encoders.pictures, part)


def _encode_words(lake: Lake, encoders: Encoders, threads: ThreadPoolExecutor, tell: Progress) -> int:
    table = words_table(lake, encoders)
    known = _known_hashes(table)

    def missing() -> Iterator[tuple[str, str]]:
        seen: set[int] = set()
        for batch in lake.items.scan(["words"]):
            said = (written(text or "") for text in batch["words"].to_pylist())
            texts = [text for text in said if text.strip()]
            keys = [words_key(text) for text in texts]
            hashes = key_hashes(keys)
            for key, text, code, is_known in zip(
                keys, texts, hashes.tolist(), _among(hashes, known), strict=True
            ):
                if not is_known and code not in seen:
                    seen.add(code)
                    yield key, text

    def encode(part: Sequence[tuple[str, str]]) -> EncodedPart:
        return [key for key, _ in part], encoders.words.encode_words([text for _, text in part])

    done = 0
    for keys, vectors in _collected(_ahead(threads, encode, _grouped(missing(), _TEXTS_A_TASK), 8)):
        table.upsert(embedding_rows(keys, vectors, encoders.words.stamp))
        done += len(keys)
        tell("words", done)
    return done


def _ids_of(source: Table) -> Iterator[list[str]]:
    for batch in source.scan(["id"]):
        yield batch["id"].to_pylist()


def _missing_keys(table: Table, keys: Iterable[list[str]]) -> Iterator[list[str]]:
    known = _known_hashes(table)
    for batch in keys:
        is_known = _among(key_hashes(batch), known)
        yield [key for key, known_one in zip(batch, is_known, strict=True) if not known_one]


def _known_hashes(table: Table) -> np.ndarray:
    parts = [key_hashes(batch["key"].to_pylist()) for batch in table.scan(["key"], batch_rows=16_384)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *parts]))


def _among(hashes: np.ndarray, known: np.ndarray) -> list[bool]:
    if not len(known):
        return [False] * len(hashes)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    among: list[bool] = (known[places] == hashes).tolist()
    return among


def _slices(things: list[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _grouped(things: Iterable[_T], size: int) -> Iterator[list[_T]]:
    group: list[_T] = []
    for thing in things:
        group.append(thing)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _ahead(
    threads: ThreadPoolExecutor,
    encode: Callable[[Sequence[_T]], EncodedPart],
    parts: Iterable[list[_T]],
    most_waiting: int,
) -> Iterator[EncodedPart]:
    """Results in order; while one is used, at most `most_waiting` others are being made or wait."""
    waiting: list[Future[EncodedPart]] = []
    for part in parts:
        waiting.append(threads.submit(encode, part))
        if len(waiting) >= most_waiting:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _collected(parts: Iterable[EncodedPart]) -> Iterator[EncodedPart]:
    """The same rows in pieces large enough to write."""
    keys: list[str] = []
    vectors: list[Embeddings] = []
    for some_keys, some_vectors in parts:
        keys += some_keys
        vectors.append(some_vectors)
        if len(keys) >= ROWS_A_WRITE:
            yield keys, np.concatenate(vectors)
            keys, vectors = [], []
    if keys:
        yield keys, np.concatenate(vectors)
