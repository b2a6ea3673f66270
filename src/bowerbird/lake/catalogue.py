"""This file is about the catalogue: every live item as columns in memory, kept fresh from the lake."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.core.errors import NotFoundError
from bowerbird.core.filters import And, Filter
from bowerbird.lake.cards import (
    ITEM_CARD_COLUMNS,
    MEDIA_CARD_COLUMNS,
    ROWS_PER_BATCH,
    VIDEO_CARD_COLUMNS,
    CardRows,
    card_rows,
    version_of_card_rows,
    with_video_columns,
    write_card_rows,
)
from bowerbird.lake.catalogue_columns import ITEM_COLUMNS, MEDIA_COLUMNS, CatalogueColumns, main_picture_rows
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.facets import Facets, count_facets
from bowerbird.lake.id_index import IdIndex
from bowerbird.lake.lake import Lake
from bowerbird.lake.masks import evaluate
from bowerbird.lake.memory import give_back
from bowerbird.lake.vocabulary import Vocabulary

log = logging.getLogger(__name__)

_CARD_FILE = "cards.arrow"
_CACHED_MASKS = 64
_BOTH_MEDIA_COLUMNS = tuple(dict.fromkeys((*MEDIA_COLUMNS, *MEDIA_CARD_COLUMNS)))


@dataclass(frozen=True, slots=True)
class ChangedNumbers:
    """What a refresh brought: [U] and [D] int64 numbers of items put in or changed, and of items gone."""

    upserted: np.ndarray
    deleted: np.ndarray

    def __len__(self) -> int:
        return len(self.upserted) + len(self.deleted)


class Catalogue:
    """Live items by number. One thread at a time refreshes; any number read without waiting."""

    def __init__(self, lake: Lake) -> None:
        """Use `Catalogue.open`."""
        self._lake = lake
        self._columns = CatalogueColumns()
        self._rows = CardRows()
        self._ids = IdIndex(self._rows.id_of)
        self._refreshing = threading.Lock()
        self._masks: dict[str, np.ndarray] = {}
        self._cards: dict[int, bytes] = {}
        self._all_facets: tuple[int, Facets] | None = None
        self.version = -1

    @classmethod
    def open(cls, lake: Lake) -> "Catalogue":
        """The catalogue of a lake, as it is now."""
        catalogue = cls(lake)
        with catalogue._refreshing:
            catalogue._load()
        return catalogue

    @property
    def size(self) -> int:
        """The highest number plus one: the length of every column and mask."""
        return self._columns.view.size

    @property
    def live(self) -> np.ndarray:
        """[size] bool: an item has this number, is not deleted, unsafe or hidden."""
        return self._columns.view["live"]

    @property
    def colours(self) -> np.ndarray:
        """[size, len(colour_names)] float32 shares of the main picture; zeros where there is none."""
        return self._columns.view["colours"]

    @property
    def colour_names(self) -> tuple[str, ...]:
        """The names of the columns of `colours`."""
        return NAMED_COLOURS

    @property
    def signature(self) -> np.ndarray:
        """[size] int64 perceptual hashes of the main picture; 0 where there is none."""
        return self._columns.view["signature"]

    @property
    def price_micros(self) -> np.ndarray:
        """[size] int64; -1 where there is none."""
        return self._columns.view["price_micros"]

    @property
    def created_ms(self) -> np.ndarray:
        """[size] int64."""
        return self._columns.view["created_ms"]

    def codes(self, field: str) -> np.ndarray:
        """[size] int32 codes of a text column such as `brand`; 0 where it is missing.

        For `category` one code stands for a whole path; its text joins the levels with U+001F.
        """
        return self._columns.view[field]

    def vocabulary(self, field: str) -> Vocabulary:
        """The texts behind `codes`."""
        return self._columns.view.vocabularies[field]

    def count(self) -> int:
        """How many live items there are."""
        return int(np.count_nonzero(self.live))

    def numbers_of(self, ids: Sequence[str]) -> np.ndarray:
        """[B] int64 numbers of ids; -1 for an unknown one. Deleted items keep theirs: see `live`."""
        return self._ids.find(ids)

    def ids_of(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """Ids of numbers.

        Raises:
            NotFoundError: no item ever had one of them.
        """
        found = [self._rows.id_of(int(number)) for number in numbers]
        missing = [int(number) for number, id_ in zip(numbers, found, strict=True) if id_ is None]
        if missing:
            raise _no_number(missing[0])
        return [id_ for id_ in found if id_ is not None]

    def title(self, number: int) -> str:
        """The item's title; empty where it has none."""
        row = self._rows.row(number)
        return "" if row is None else row.title

    def picture_of(self, number: int) -> str | None:
        """The sha of the item's main picture, or None."""
        row = self._rows.row(number)
        return None if row is None else row.sha or None

    def card(self, number: int) -> bytes:
        """The item's JSON, encoded once.

        Raises:
            NotFoundError: there is no such item, or it was deleted.
        """
        card = self._cards.get(number)
        if card is None:
            place, row = self._rows.place_of(number), self._rows.row(number)
            if row is None or not self.live[number]:
                raise _no_number(number)
            card = row.as_json()
            if len(self._cards) >= self._lake.config.cached_cards:
                self._cards.clear()
            self._cards[number] = card
            if self._rows.place_of(number) != place or not self.live[number]:
                self._cards.pop(number, None)  # a refresh came in between
        return card

    def mask(self, where: Filter | None) -> np.ndarray:
        """[size] bool, read-only: live items that the filter keeps; cached until the catalogue changes.

        Raises:
            FilterError: a field that is not known, with those that are.
        """
        masks = self._masks  # a refresh meanwhile puts a new dict in its place, and this mask is not kept
        key = repr(where)  # not the filter itself: Eq("x", 1) == Eq("x", True)
        kept = masks.get(key)
        if kept is None:
            columns = self._columns.view
            kept = evaluate(where or And(()), columns, self.numbers_of) & columns["live"]
            kept.setflags(write=False)
            if len(masks) >= _CACHED_MASKS:
                masks.clear()
            masks[key] = kept
        return kept

    def facets(self, keep: np.ndarray | None = None) -> Facets:
        """How many live items there are of each value, among all or where `keep` ([≤ size] bool) is true."""
        columns = self._columns.view
        if keep is not None:
            return count_facets(columns, keep & columns["live"][: len(keep)])
        if self._all_facets is None or self._all_facets[0] != self.version:
            self._all_facets = (self.version, count_facets(columns, columns["live"]))
        return self._all_facets[1]

    def refresh(self) -> ChangedNumbers:
        """Takes over what changed in the lake since the last time; deleted items are gone on return."""
        with self._refreshing:
            version = self._lake.items.version
            if version == self.version:
                return ChangedNumbers(np.empty(0, np.int64), np.empty(0, np.int64))
            columns = list(dict.fromkeys((*ITEM_COLUMNS, *ITEM_CARD_COLUMNS)))
            batches = list(self._lake.items.changes(self.version, columns))
            empty = self._lake.items.spec.schema.empty_table().select(columns)
            changed = pa.Table.from_batches(batches) if batches else empty
            gone = changed["deleted_ms"].is_valid()
            deleted = changed.filter(gone)["number"].to_numpy()
            upserted = changed.filter(pc.invert(gone))
            self._columns.delete(deleted)
            self._put(upserted)
            self._changed(version, np.concatenate([upserted["number"].to_numpy(), deleted]))
        return ChangedNumbers(upserted["number"].to_numpy(), deleted)

    def _load(self) -> None:
        started, lake = time.monotonic(), self._lake
        version, path = lake.items.version, lake.path / "index" / _CARD_FILE
        has_cards = version_of_card_rows(path) == version
        media = lake.media.read(MEDIA_COLUMNS if has_cards else _BOTH_MEDIA_COLUMNS)
        items = lake.items.read(ITEM_COLUMNS, version=version)
        media_rows = main_picture_rows(items, media)
        self._columns.put(items, media, media_rows)
        self._ids.add(items["id"], items["number"].to_numpy())
        del items
        if not has_cards:
            media = with_video_columns(media, lake.videos.read(["id", *VIDEO_CARD_COLUMNS]))
            write_card_rows(path, self._card_parts(version, media, media_rows), version)
        self._rows.attach(path)
        del media
        give_back()
        self.version = version
        seconds = round(time.monotonic() - started, 3)
        log.info("catalogue loaded", extra={"items": self.size, "version": version, "seconds": seconds})

    def _card_parts(self, version: int, media: pa.Table, media_rows: np.ndarray) -> Iterator[pa.Table]:
        at = 0  # the same version is read in the same order, so that row i here is row i there
        columns = ("number", *ITEM_CARD_COLUMNS)
        for batch in self._lake.items.scan(columns, version=version, batch_rows=ROWS_PER_BATCH):
            yield card_rows(pa.Table.from_batches([batch]), media, media_rows[at : at + batch.num_rows])
            at += batch.num_rows

    def _put(self, items: pa.Table) -> None:
        pictures = list(dict.fromkeys(ids[0] for ids in items["media_ids"].to_pylist() if ids))
        videos = self._lake.videos.take(pictures, ["id", *VIDEO_CARD_COLUMNS])
        media = with_video_columns(self._lake.media.take(pictures, _BOTH_MEDIA_COLUMNS), videos)
        media_rows = main_picture_rows(items, media)
        self._rows.put(card_rows(items, media, media_rows))
        self._ids.add(items["id"], items["number"].to_numpy())
        self._columns.put(items, media, media_rows)

    def _changed(self, version: int, numbers: np.ndarray) -> None:
        self.version = version
        self._masks = {}
        for number in numbers.tolist():
            self._cards.pop(number, None)


def _no_number(number: int) -> NotFoundError:
    return NotFoundError(f"there is no item number {number}; refresh the catalogue or drop the number")
