"""This file is about bringing rows into a Lance dataset: merged by key, in batches that fit its memory."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import lance
import numpy as np
import pyarrow as pa

from bowerbird.lake.filters_sql import quoted_list
from bowerbird.lake.schemas import TableSpec

COMMIT_RETRIES = 100
RETRY_FOR = timedelta(seconds=120)
# Lance joins what comes in with what is there inside a pool of 300 MB; one merge brings some 64 MB at most.
_ROWS_PER_BATCH = 4_096
_KEYS_PER_QUERY = 2_000
_BYTES_PER_BATCH = 4_000_000
_BATCHES_PER_MERGE = 16


def merge(target: lance.LanceDataset, spec: TableSpec, rows: pa.Table) -> None:
    """Adds new keys and replaces known ones (content-addressed rows stay); `target` moves to the new version.

    Each key comes once. More than some 64 MB goes in as several versions.
    """
    batches = list(_batches(rows, spec))
    for start in range(0, len(batches), _BATCHES_PER_MERGE):
        part = batches[start : start + _BATCHES_PER_MERGE]
        builder = target.merge_insert(spec.key).when_not_matched_insert_all()
        if not spec.is_content_addressed:
            builder = builder.when_matched_update_all()
        builder = builder.conflict_retries(COMMIT_RETRIES).retry_timeout(RETRY_FOR)
        builder.execute(pa.RecordBatchReader.from_batches(part[0].schema, part))


def blob_row(spec: TableSpec, key: str, content: bytes) -> pa.Table:
    """One row that is mostly its content, which is not copied."""
    ends = pa.py_buffer(np.array([0, len(content)], dtype=np.int64))
    whole = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(content)])
    return pa.table({spec.key: [key], str(spec.blob): whole}, schema=spec.schema)


def append(target: lance.LanceDataset, spec: TableSpec, rows: pa.Table) -> None:
    """Adds rows whose keys are new without copying them; a merge would copy a large blob five times."""
    stored = as_stored(rows, spec)
    reader = pa.RecordBatchReader.from_batches(stored.schema, stored.to_batches())
    target.insert(reader, mode="append")


def delete_keys(target: lance.LanceDataset, spec: TableSpec, keys: Sequence[str]) -> None:
    """Removes the rows of these keys; `target` moves to the new version. Unknown keys are passed over."""
    for listed in key_lists(spec, keys):
        target.delete(listed, conflict_retries=COMMIT_RETRIES, retry_timeout=RETRY_FOR)


def key_lists(spec: TableSpec, keys: Sequence[str]) -> Iterator[str]:
    """Conditions that hold for rows of these keys, each of a size that the engine takes."""
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield f"{spec.key} IN ({quoted_list(keys[start : start + _KEYS_PER_QUERY])})"


def last_of_each_key(rows: pa.Table, key: str) -> pa.Table:
    """The rows without those whose key comes again further down."""
    keys = rows[key].to_pylist()
    last = {value: row for row, value in enumerate(keys)}
    return rows if len(last) == len(keys) else rows.take(sorted(last.values()))


def as_stored(rows: pa.Table, spec: TableSpec) -> pa.Table:
    """The rows with the columns and types of the table, blobs in the form that Lance keeps apart."""
    columns, fields = [], []
    for field in spec.schema:
        if field.name == spec.blob:
            fields.append(lance.blob_field(field.name))
            columns.append(_blobs(rows[field.name]))
        else:
            fields.append(field)
            columns.append(rows[field.name].cast(field.type))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _blobs(contents: pa.ChunkedArray) -> pa.Array:
    """What `lance.blob_array` makes of these contents, without a copy in Python of each."""
    kind = lance.blob_field("content").type
    # One chunk is taken as it is: `combine_chunks` would copy it, and a video is large.
    whole = contents.chunk(0) if contents.num_chunks == 1 else contents.combine_chunks()
    data = whole.cast(pa.large_binary())
    others = [pa.nulls(len(data), field.type) for field in list(kind.storage_type)[1:]]
    parts = pa.StructArray.from_arrays([data, *others], fields=list(kind.storage_type), mask=data.is_null())
    return pa.ExtensionArray.from_storage(kind, parts)


def _batches(rows: pa.Table, spec: TableSpec) -> Iterator[pa.RecordBatch]:
    bytes_per_row = max(rows.nbytes / rows.num_rows, 1.0)
    step = max(min(int(_BYTES_PER_BATCH / bytes_per_row), _ROWS_PER_BATCH), 1)
    for start in range(0, rows.num_rows, step):
        # Copied by `take`: of a slice, Lance would count the whole buffers against its pool.
        part = rows.take(np.arange(start, min(start + step, rows.num_rows)))
        yield from as_stored(part, spec).combine_chunks().to_batches()
