"""This file is about what an item has left in the lake, found before it is removed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.compute as pc

from bowerbird.lake.items import words_key
from bowerbird.lake.lake import Lake

_TEXTS = ("title", "description", "link", "brand", "owner")


@dataclass(frozen=True, slots=True)
class ItemTraces:
    """What leads to everything that the lake holds of one item.

    Attributes:
        id: of the item.
        number: of the item; -1 where it never had one.
        media_ids: pictures and videos that only this item shows.
        words_keys: embeddings of words that only this item has.
        texts: what it says, to be found again in files of refused rows.
    """

    id: str
    number: int
    media_ids: tuple[str, ...] = ()
    words_keys: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def as_json(self) -> str:
        """For the ledger, until the work is done."""
        return json.dumps(asdict(self), ensure_ascii=False)


def traces_from(text: str) -> ItemTraces:
    """What `as_json` wrote."""
    held = json.loads(text)
    lists = {name: tuple(held[name]) for name in ("media_ids", "words_keys", "texts")}
    return ItemTraces(held["id"], held["number"], **lists)


def traces_of(lake: Lake, ids: Sequence[str]) -> list[ItemTraces]:
    """What the lake holds of these items, deleted ones too; those that it never had are left out."""
    wanted = list(dict.fromkeys(ids))
    columns = ["id", "media_ids", "words", "keywords", "attributes", *_TEXTS]
    rows = {row["id"]: row for row in lake.items.take(wanted, columns).to_pylist()}
    numbers = dict(zip(wanted, lake.records.numbers.find(wanted).tolist(), strict=True))
    media_ids = {sha for row in rows.values() for sha in row["media_ids"] or ()}
    words = {row["words"] for row in rows.values() if row["words"]}
    shared_media, shared_words = _also_of_others(lake, set(wanted), media_ids, words)
    found = []
    for id_ in wanted:
        row = rows.get(id_)
        if row is None and numbers[id_] < 0:
            continue
        row = row or dict.fromkeys(columns)
        own_words = [row["words"]] if row["words"] and row["words"] not in shared_words else []
        found.append(
            ItemTraces(
                id_,
                numbers[id_],
                tuple(sha for sha in row["media_ids"] or () if sha not in shared_media),
                tuple(words_key(text) for text in own_words),
                _texts(row),
            )
        )
    return found


def _also_of_others(
    lake: Lake, ids: set[str], media_ids: set[str], words: set[str]
) -> tuple[set[str], set[str]]:
    """Which of these pictures other live items show, and which of these words they have."""
    shared_media: set[str] = set()
    shared_words: set[str] = set()
    if not media_ids and not words:
        return shared_media, shared_words
    for batch in lake.items.scan(["id", "media_ids", "words"]):
        for row in _rows_with(batch, media_ids, words):
            if row["id"] not in ids:
                shared_media |= media_ids.intersection(row["media_ids"] or ())
                shared_words |= words & {row["words"]}
    return shared_media, shared_words


def _rows_with(batch: Any, media_ids: set[str], words: set[str]) -> list[dict[str, Any]]:
    """The few rows of a batch that matter, found without a Python object for each of the others."""
    import pyarrow as pa

    listed = batch["media_ids"]
    shows = pc.is_in(pc.list_flatten(listed), pa.array(list(media_ids), pa.string()))
    places = pc.list_parent_indices(listed).filter(shows).to_pylist()
    says = pc.is_in(batch["words"], pa.array(list(words), pa.string())).to_pylist()
    wanted = sorted({*places, *(place for place, does in enumerate(says) if does)})
    rows: list[dict[str, Any]] = batch.take(pa.array(wanted, pa.int64())).to_pylist()
    return rows


def _texts(row: dict[str, Any]) -> tuple[str, ...]:
    texts = [row[name] for name in _TEXTS]
    texts += row["keywords"] or []
    texts += json.loads(row["attributes"] or "{}").values()
    return tuple(dict.fromkeys(text for text in texts if text))
