"""This file is about forgetting in tables: the rows that name what is gone."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from bowerbird.lake.filters_sql import quoted_list
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table

_NAMES_A_QUERY = 500
_SHA_CHARS = 64


def remove_rows(
    lake: Lake, *, media_ids: Sequence[str] = (), words_keys: Sequence[str] = (), item_ids: Sequence[str] = ()
) -> dict[str, int]:
    """Rows of every table but the items' that name one of these are deleted; gives how many by table.

    A media id also stands at the beginning of the keys of its frames.
    """
    removed: dict[str, int] = {}
    for name, table in lake.tables().items():
        if table is lake.items:
            continue
        for where in _conditions(table, media_ids, words_keys, item_ids):
            keys = table.keys_where(where)
            if keys:
                table.delete(keys)
                removed[name] = removed.get(name, 0) + len(keys)
    return removed


def count_rows(
    lake: Lake, *, media_ids: Sequence[str] = (), words_keys: Sequence[str] = (), item_ids: Sequence[str] = ()
) -> dict[str, int]:
    """How many rows `remove_rows` would delete, by table."""
    counts: dict[str, int] = {}
    for name, table in lake.tables().items():
        if table is not lake.items:
            wheres = _conditions(table, media_ids, words_keys, item_ids)
            counts[name] = sum(len(table.keys_where(where)) for where in wheres)
    return {name: count for name, count in counts.items() if count}


def _conditions(
    table: Table, media_ids: Sequence[str], words_keys: Sequence[str], item_ids: Sequence[str]
) -> Iterator[str]:
    """SQL for the rows of a table that name one of these."""
    names = [field.name for field in table.spec.schema if pa.types.is_string(field.type)]
    for part in _parts(media_ids):
        yield " OR ".join(f"left({name}, {_SHA_CHARS}) IN ({part})" for name in names)
    if table.spec.name.startswith("embedding/"):
        for part in _parts(words_keys):
            yield f"{table.spec.key} IN ({part})"
    if "item_id" in names:
        for part in _parts(item_ids):
            yield f"item_id IN ({part})"


def _parts(names: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(names), _NAMES_A_QUERY):
        yield quoted_list(names[start : start + _NAMES_A_QUERY])
