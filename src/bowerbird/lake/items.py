"""This file is about items: putting them in, taking them out, reading one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bowerbird.core.errors import NotFoundError
from bowerbird.lake.schemas import ITEM
from bowerbird.lake.types import ItemFields

if TYPE_CHECKING:
    from bowerbird.lake.lake import Lake

FORGOTTEN_PREFIX = "\x7fforgotten/"
_FROM_FIELDS = (
    "title",
    "description",
    "link",
    "currency",
    "brand",
    "language",
    "country",
    "owner",
    "availability",
)


_BEFORE_SPOKEN = "\n\f"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as the lake keeps it: what arrived, and what we found out on the way in.

    Attributes:
        fields: as they arrived; without `created_ms` the time of the first put counts.
        media_ids: sha256 hex of its pictures, the main one first.
        safety: `unknown`, `safe`, `unsafe`, or `hidden`; the last two are never shown.
        source: name of the import it came with.
        row_hash: changes when anything in the source's row changes.
        spoken: what is said in its video; written only, as words to search.
    """

    fields: ItemFields
    media_ids: tuple[str, ...] = ()
    safety: str = "unknown"
    source: str = ""
    row_hash: str = ""
    spoken: str = ""


def put_items(lake: "Lake", rows: Sequence[StoredItem]) -> int:
    """Stores the items, durable on return; gives the item table's version. The last row of an id counts."""
    rows = list({row.fields.id: row for row in rows}.values())
    if not rows:
        return lake.items.version
    lake.home.require_writer()
    ids = [row.fields.id for row in rows]
    given = lake.records.numbers.allocate(ids)
    known = [row.fields.id for row, is_new in zip(rows, given.is_new, strict=True) if not is_new]
    created = _created_before(lake, known)
    now_ms = lake.clock.now_ms()
    columns: dict[str, list[Any]] = {name: [] for name in ITEM.schema.names}
    for row, number in zip(rows, given.numbers.tolist(), strict=True):
        made_ms = row.fields.created_ms
        made_ms = created.get(row.fields.id, now_ms) if made_ms is None else made_ms
        for name, value in _as_row(row, number, made_ms, now_ms).items():
            columns[name].append(value)
    return lake.items.upsert(pa.table(columns, schema=ITEM.schema))


def delete_items(lake: "Lake", ids: Sequence[str]) -> int:
    """Takes the items out: each leaves a tombstone, so that every reader of changes hears of it.

    Gives how many were there.
    """
    wanted = list(dict.fromkeys(ids))
    found = lake.items.take(wanted, ITEM.schema.names)
    alive = found.filter(found["deleted_ms"].is_null())
    if alive.num_rows == 0:
        return 0
    now_ms = lake.clock.now_ms()
    # A tombstone keeps the number and nothing that the owner may have wanted gone.
    kept = ("id", "number", "created_ms", "source")
    lake.items.upsert(_stones({name: alive[name] for name in kept}, now_ms))
    return int(alive.num_rows)


def restore_numbers(lake: "Lake", *, if_none: bool = False) -> int:
    """Item numbers as the item table has them, in place of those in the records; gives how many.

    With `if_none` only where no number has been given, which is looked at while nobody else can give one.
    """
    rows = lake.items.scan(["id", "number"], with_tombstones=True)
    given = ((batch["id"].to_pylist(), batch["number"].to_pylist()) for batch in rows)
    return lake.records.numbers.restore(given, if_none=if_none)


def leave_numbers_only(lake: "Lake", numbers: Mapping[str, int]) -> None:
    """Items deleted before (id → number) lose their id too: what is left of each is a number and a time."""
    if not numbers:
        return
    now_ms = lake.clock.now_ms()
    fresh = pa.array([now_ms] * len(numbers), pa.int64())
    ids = pa.array([forgotten_stone_id(number) for number in numbers.values()])
    stones = {"id": ids, "number": pa.array(numbers.values(), pa.int64()), "created_ms": fresh}
    # The new stones first: whoever reads in between finds each item deleted, once or twice.
    lake.items.upsert(_stones(stones, now_ms))
    lake.items.delete(list(numbers))


def forgotten_stone_id(number: int) -> str:
    """What the tombstone of a forgotten item is called, so that readers of changes hear of it by its number.

    No item can have such an id: those hold no control characters.
    """
    return f"{FORGOTTEN_PREFIX}{number}"


def item(lake: "Lake", id_: str) -> StoredItem:
    """The item under this id.

    Raises:
        NotFoundError: there is none, or it was deleted.
    """
    return items_of(lake.items.take([id_], ITEM.schema.names), missing=id_)[0]


def items_of(rows: pa.Table, *, missing: str = "") -> list[StoredItem]:
    """The items of some rows of the item table, tombstones left out.

    Raises:
        NotFoundError: `missing` names the id that was asked for, and no row is left.
    """
    found = [_from_row(row) for row in rows.to_pylist() if row["deleted_ms"] is None]
    if missing and not found:
        raise NotFoundError(f"there is no item {missing!r}; it was never put in, or it was deleted")
    return found


def words_key(words: str) -> str:
    """The key of a text's embedding: of what is written in it, so that changed words are encoded anew."""
    return hashlib.sha256(written(words).encode()).hexdigest()[:32]


def written(words: str) -> str:
    """The words that are written about an item, of all that are searched: without what is said in its video.

    They say what it is; what is said in it may be about anything.
    """
    return words.partition(_BEFORE_SPOKEN)[0]


def words_of(fields: ItemFields) -> str:
    """What a word search looks through: everything that says what the item is."""
    parts = (fields.title, *fields.keywords, *fields.category, fields.brand, fields.description)
    return "\n".join(part for part in parts if part)


def _stones(known: Mapping[str, Any], now_ms: int) -> pa.Table:
    count = len(known["id"])
    columns = {field.name: known.get(field.name, pa.nulls(count, field.type)) for field in ITEM.schema}
    columns["updated_ms"] = columns["deleted_ms"] = pa.array([now_ms] * count, pa.int64())
    return pa.table(columns, schema=ITEM.schema)


def _as_row(row: StoredItem, number: int, created_ms: int, now_ms: int) -> dict[str, Any]:
    fields = row.fields
    return {
        "id": fields.id,
        "number": number,
        **{name: getattr(fields, name) for name in _FROM_FIELDS},
        "media_ids": list(row.media_ids),
        "price_micros": fields.price_micros,
        "category": list(fields.category),
        "keywords": list(fields.keywords),
        "attributes": json.dumps(fields.attributes, ensure_ascii=False, sort_keys=True)
        if fields.attributes
        else None,
        "safety": row.safety,
        "created_ms": created_ms,
        "updated_ms": now_ms,
        "source": row.source,
        "row_hash": row.row_hash,
        "words": words_of(fields) + (f"{_BEFORE_SPOKEN}{row.spoken}" if row.spoken else ""),
        "deleted_ms": None,
    }


def _from_row(row: dict[str, Any]) -> StoredItem:
    fields = ItemFields(
        id=row["id"],
        **{name: row[name] for name in _FROM_FIELDS},
        price_micros=row["price_micros"],
        category=tuple(row["category"] or ()),
        keywords=tuple(row["keywords"] or ()),
        attributes=json.loads(row["attributes"] or "{}"),
        created_ms=row["created_ms"],
    )
    return StoredItem(fields, tuple(row["media_ids"] or ()), row["safety"], row["source"], row["row_hash"])


def _created_before(lake: "Lake", ids: list[str]) -> dict[str, int]:
    if not ids:
        return {}
    found = lake.items.take(ids, ["id", "created_ms", "deleted_ms"])
    return {row["id"]: row["created_ms"] for row in found.to_pylist() if row["deleted_ms"] is None}
