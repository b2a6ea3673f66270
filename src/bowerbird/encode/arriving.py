"""This file is about encoding pictures while an import brings them in, so that both cores have work."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import embedding_rows, picture_table
from bowerbird.encode.thumbs import ROWS_A_WRITE, EncodedPart, encode_thumbs
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import DecodedPicture

_PICTURES_WAITING = 512


class ArrivingPictures:
    """Takes pictures that the lake has just stored; their embeddings are in the lake when it is left.

    Where an import is stopped, `encode_missing` finds what this did not get to. Memory: the thumbnails of
    `_PICTURES_WAITING` pictures and the vectors of one write. For one thread.
    """

    def __init__(self, lake: Lake, encoders: Encoders, config: EncodeConfig | None = None) -> None:
        settings = config or EncodeConfig()
        self.encoded = 0
        self._encoder = encoders.pictures
        self._table = picture_table(lake, encoders)
        self._batch_items = settings.batch_items
        self._threads = ThreadPoolExecutor(settings.worker_threads, "encode-arriving")
        self._waiting: deque[Future[EncodedPart]] = deque()
        self._keys: list[str] = []
        self._vectors: list[Embeddings] = []

    def take(self, pictures: Sequence[DecodedPicture]) -> None:
        """Their embeddings, soon; waits while too many others are being made."""
        for start in range(0, len(pictures), self._batch_items):
            part = [(each.sha256, each.thumb_jpeg) for each in pictures[start : start + self._batch_items]]
            self._waiting.append(self._threads.submit(encode_thumbs, self._encoder, part))
            while len(self._waiting) * self._batch_items > _PICTURES_WAITING:
                self._collect()

    def __enter__(self) -> "ArrivingPictures":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while kind is None and self._waiting:
                self._collect()
            self._write()
        finally:
            self._threads.shutdown(cancel_futures=True)

    def _collect(self) -> None:
        keys, vectors = self._waiting.popleft().result()
        self._keys += keys
        self._vectors.append(vectors)
        if len(self._keys) >= ROWS_A_WRITE:
            self._write()

    def _write(self) -> None:
        keys, vectors = self._keys, self._vectors
        self._keys, self._vectors = [], []
        if keys:
            self._table.upsert(embedding_rows(keys, np.concatenate(vectors), self._encoder.stamp))
            self.encoded += len(keys)
