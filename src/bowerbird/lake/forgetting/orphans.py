"""This file is about orphans: pictures that no item shows, left by dead imports and changed items."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.forgetting.tables import remove_rows
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table

_SHA_CHARS = 64
_HEX_DIGITS = 16
_SHA = rf"^[0-9a-f]{{{_SHA_CHARS}}}"


def remove_orphans(lake: Lake) -> dict[str, int]:
    """Rows of pictures and videos that no live item shows are deleted; gives how many by table."""
    with lake.storing.alone() as is_alone:  # an import stores pictures before the items that show them
        return remove_rows(lake, media_ids=orphans(lake)) if is_alone else {}


def orphans(lake: Lake) -> list[str]:
    """Media ids that some table has and no live item shows."""
    shown = _shown(lake)
    found: set[str] = set()
    for table in lake.tables().values():
        if table is not lake.items:
            found.update(_strangers(table, shown))
    return sorted(found)


def _shown(lake: Lake) -> np.ndarray:
    """Sorted, the first 64 bits of every media id that a live item shows."""
    batches = lake.items.scan(["media_ids"], batch_rows=16_384)
    parts = [np.empty(0, np.uint64), *(_bits(pc.list_flatten(batch["media_ids"])) for batch in batches)]
    return np.unique(np.concatenate(parts))


def _strangers(table: Table, shown: np.ndarray) -> Sequence[str]:
    found: set[str] = set()
    for batch in table.scan([table.spec.key], batch_rows=16_384):
        keys = batch[table.spec.key]
        keys = keys.filter(pc.match_substring_regex(keys, _SHA))
        bits = _bits(keys)
        if len(bits):
            strange = ~np.isin(bits, shown)
            shas = pc.utf8_slice_codeunits(keys.filter(pa.array(strange)), 0, _SHA_CHARS)
            found.update(shas.to_pylist())
    return sorted(found)


def _bits(shas: pa.Array) -> np.ndarray:
    digits = pc.utf8_slice_codeunits(shas.drop_null(), 0, _HEX_DIGITS)
    return np.frombuffer(bytes.fromhex("".join(digits.to_pylist())), dtype=">u8").astype(np.uint64)
