"""A small world that a reader can check by eye: items are named after their colour and their kind.

`red vase 3` looks red (its look vector points to red) and is a vase (its words vector points to vase).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from bowerbird.blend import CursorSigner
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.request import FeedRequest
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.schemas import MEDIA
from bowerbird.lake.types import Event, ItemFields
from bowerbird.retrieve.exact_index import ExactIndex

COLOURS = ("red", "green", "blue", "yellow")
KINDS = ("vase", "chair", "lamp")
EACH = 12
WIDTH = 32
DAY_MS = 86_400_000
KEY = b"a key for tests only"


@dataclass(slots=True)
class Indexes:
    """Two exact indexes."""

    look: ExactIndex
    words: ExactIndex


@dataclass(slots=True)
class World:
    """A lake, its catalogue and indexes, and a clock that stands still."""

    lake: Lake
    catalogue: Catalogue
    indexes: Indexes
    clock: HeldClock
    signer: CursorSigner = field(default_factory=lambda: CursorSigner(KEY))

    def number(self, item_id: str) -> int:
        return int(self.catalogue.numbers_of([item_id])[0])

    def title(self, number: int) -> str:
        return self.catalogue.title(number)

    def record(self, events: Sequence[Event]) -> None:
        """Durable first, then known online: what the server does."""
        self.lake.events.append(events)
        for event in events:
            number = self.number(event.item_id) if event.item_id else -1
            if number >= 0:
                code = ACTION_CODES[event.action]
                self.lake.online.push(event.person_id, [number], [code], event.at_ms)

    def act(self, person_id: str, action: Action, *item_ids: str, days_ago: float = 0.0) -> None:
        at_ms = self.clock.now_ms() - int(days_ago * DAY_MS)
        for turn, item_id in enumerate(item_ids):
            self.lake.online.push(person_id, [self.number(item_id)], [ACTION_CODES[action]], at_ms + turn)

    def saved_numbers(self, person_id: str) -> np.ndarray:
        saved = [save.item_id for save in self.lake.records.saves.all_saved(person_id)]
        numbers = self.catalogue.numbers_of(saved)
        return np.unique(numbers[numbers >= 0])

    def feed_request(self, person_id: str = "ann", limit: int = 12, **more: object) -> FeedRequest:
        more = {"request_id": "req_1", **more}
        return FeedRequest(person_id, limit, self.clock.now_ms(), **more)  # type: ignore[arg-type]

    def add(self, items: list[ItemFields], look: np.ndarray, words: np.ndarray) -> None:
        """Put items in and make them searchable."""
        signatures = np.random.default_rng(len(items)).integers(1, 2**62, len(items))
        self.lake.media.upsert(_media(items, signatures))
        put_items(self.lake, [StoredItem(item, media_ids=(_sha(item.id),)) for item in items])
        self.catalogue.refresh()
        numbers = self.catalogue.numbers_of([item.id for item in items])
        self.indexes.look.upsert(numbers, look)
        self.indexes.words.upsert(numbers, words)


def unit(vectors: np.ndarray) -> np.ndarray:
    rows: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows.astype(np.float32)


def pointing(axes: Sequence[int], seed: int, noise: float = 0.12) -> np.ndarray:
    """Unit vectors, each near its axis."""
    rng = np.random.default_rng(seed)
    return unit(np.eye(WIDTH)[list(axes)] + noise * rng.normal(size=(len(axes), WIDTH)))


def _sha(item_id: str) -> str:
    return item_id.encode().hex().ljust(64, "0")[:64]


def _media(items: list[ItemFields], signatures: np.ndarray) -> pa.Table:
    def colours(item: ItemFields) -> list[float]:
        name = item.id.split("-")[0]
        return [1.0 if named == name else 0.0 for named in NAMED_COLOURS]

    columns = {
        "id": [_sha(item.id) for item in items],
        "kind": ["picture"] * len(items),
        "format": ["jpeg"] * len(items),
        "width_px": [400] * len(items),
        "height_px": [300] * len(items),
        "frames": [1] * len(items),
        "size_bytes": [1000] * len(items),
        "thumb": [b""] * len(items),
        "thumbhash": [b""] * len(items),
        "main_colour": ["#888888"] * len(items),
        "colours": [colours(item) for item in items],
        "signature": signatures.tolist(),
        "exif": ["{}"] * len(items),
    }
    return pa.table({name: pa.array(columns[name], MEDIA.schema.field(name).type) for name in columns}).cast(
        MEDIA.schema
    )
