"""This file is about records as a table: one row a request, candidates as lists in it.

What is true of a request stands there once; beside one row an impression, that is what makes the table small.
Matrices lie feature by feature, so that like values are neighbours and compress.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from bowerbird.lake.request_log.types import CANDIDATE_COLUMNS, MATRICES, RequestRecord

_NAMES = ("source_names", "head_names", "reason_names", "feature_names")
SCHEMA = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("at_ms", pa.int64(), nullable=False),
        pa.field("surface", pa.string(), nullable=False),
        pa.field("policy_id", pa.string(), nullable=False),
        pa.field("feature_set", pa.string(), nullable=False),
        pa.field("models", pa.string(), nullable=False),
        pa.field("candidates", pa.int32(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("features_hash", pa.int64(), nullable=False),
        pa.field("about", pa.int64(), nullable=False),
        *(pa.field(name, pa.list_(pa.string()), nullable=False) for name in _NAMES),
        *(
            pa.field(name, pa.list_(pa.from_numpy_dtype(dtype)), nullable=False)
            for name, dtype in CANDIDATE_COLUMNS.items()
        ),
    ]
)


def table_of(records: Sequence[RequestRecord]) -> pa.Table:
    """One row a record, in this order."""
    columns: dict[str, pa.Array] = {}
    for field in SCHEMA:
        given = [getattr(record, field.name) for record in records]
        if field.name in CANDIDATE_COLUMNS:
            columns[field.name] = _lists(given, CANDIDATE_COLUMNS[field.name], field.type)
        elif field.name == "models":
            columns[field.name] = pa.array([orjson.dumps(each).decode() for each in given], field.type)
        else:
            columns[field.name] = pa.array(given, field.type)
    return pa.table(columns, schema=SCHEMA)


def records_of(table: pa.Table) -> Iterator[RequestRecord]:
    """The records of the rows, in order."""
    for batch in table.to_batches():
        columns = {name: _parts(batch[name]) for name in CANDIDATE_COLUMNS}
        words = batch.drop_columns(list(CANDIDATE_COLUMNS)).to_pylist()
        for row, said in enumerate(words):
            lists = {name: parts[row] for name, parts in columns.items()}
            for name, named in MATRICES.items():
                if said[named] and len(lists[name]):
                    lists[name] = lists[name].reshape(len(said[named]), -1).T
            names = {name: tuple(said[name]) for name in _NAMES}
            told: dict[str, Any] = {**said, **names, **lists, "models": orjson.loads(said["models"])}
            yield RequestRecord(**told)


def _lists(columns: Sequence[np.ndarray], dtype: np.dtype, type_: pa.DataType) -> pa.Array:
    flat = [np.asarray(column, dtype=dtype).T.ravel() for column in columns]
    ends = np.cumsum([0, *(len(column) for column in flat)], dtype=np.int32)
    values = np.concatenate(flat) if flat else np.zeros(0, dtype=dtype)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values), type=type_)


def _parts(lists: pa.ListArray) -> list[np.ndarray]:
    values = lists.values.to_numpy(zero_copy_only=False)
    ends = lists.offsets.to_numpy()
    return [values[ends[row] : ends[row + 1]] for row in range(len(lists))]
