"""This file is about whether rows refer to rows that are there, and whether item numbers are given once."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table
from bowerbird.lake.verifying.types import RESTORE, Finding, some_of

_AGAIN = "import the source again, which stores them anew, or " + RESTORE


def check_references(lake: Lake) -> Iterator[Finding]:
    """Findings about items, media and blobs that should be there for each other."""
    media, blobs = _keys(lake.media), _keys(lake.blobs)
    shown = [pc.list_flatten(batch["media_ids"]) for batch in lake.items.scan(["media_ids"])]
    lost = _not_in(pa.chunked_array(shown, pa.string()), media)
    if lost:
        yield Finding("references", True, f"items show pictures without a row: {some_of(lost)}", _AGAIN)
    lost = _not_in(media, blobs)
    if lost:
        yield Finding("references", True, f"pictures without their content: {some_of(lost)}", _AGAIN)
    unshown = _not_in(media, pa.chunked_array(shown, pa.string()))
    if unshown:
        yield Finding(
            "references",
            False,
            f"{len(unshown):,} pictures that no item shows",
            "nothing has to be done; they take space until they are forgotten",
        )


def check_numbers(lake: Lake) -> Iterator[Finding]:
    """Findings about item numbers: each once, and the same in the records."""
    rows = _numbers(lake)
    ids, numbers = rows["id"].to_pylist(), rows["number"].to_numpy()
    if len(np.unique(numbers)) != len(numbers) or len(set(ids)) != len(ids):
        yield Finding("numbers", True, "an id or an item number is there more than once", RESTORE)
    if not lake.home.is_writer():
        return
    recorded = lake.records.numbers.find(ids)
    wrong = [id_ for id_, is_other in zip(ids, (recorded != numbers).tolist(), strict=True) if is_other]
    if wrong:
        yield Finding(
            "numbers",
            True,
            f"the records have no number, or another one, for {some_of(wrong)}",
            "take the numbers from the item table with `bowerbird lake adopt`",
        )
    if len(numbers) and lake.records.numbers.size() <= int(numbers.max()):
        yield Finding(
            "numbers",
            True,
            "the next item number is in use already",
            "take the numbers from the item table with `bowerbird lake adopt`",
        )
    if not len(numbers) and lake.records.numbers.size():
        yield Finding("numbers", True, "numbers were given to items, and the item table has none", RESTORE)


def check_embeddings(lake: Lake) -> Iterator[Finding]:
    """Findings about vectors of items that never were."""
    known = pa.array(_numbers(lake)["number"].to_numpy())
    for name, table in lake.tables().items():
        if name.startswith("embedding/"):
            # Below zero are vectors of no item, such as that of the empty text.
            numbers = [batch["number"] for batch in table.scan(["number"])]
            parts = [part.filter(pc.greater_equal(part, 0)) for part in numbers]
            strange = _not_in(pa.chunked_array(parts, pa.int64()), known)
            if strange:
                yield Finding(
                    "embeddings",
                    False,
                    f"{name} has vectors of {len(strange):,} item numbers that are not in the item table",
                    "nothing has to be done; they are not searched",
                )


def _numbers(lake: Lake) -> pa.Table:
    batches = list(lake.items.scan(["id", "number"], with_tombstones=True))
    empty = lake.items.spec.schema.empty_table().select(["id", "number"])
    return pa.Table.from_batches(batches) if batches else empty


def _keys(table: Table) -> pa.ChunkedArray:
    return pa.chunked_array([batch[table.spec.key] for batch in table.scan([table.spec.key])], pa.string())


def _not_in(values: pa.ChunkedArray, known: pa.ChunkedArray | pa.Array) -> list[str]:
    whole = known.combine_chunks() if isinstance(known, pa.ChunkedArray) else known
    missing = pc.invert(pc.is_in(values, value_set=whole))
    return [str(value) for value in pc.unique(values.filter(missing)).to_pylist()]
