"""This file is about a record as bytes, for the spool: one line of JSON, then the columns as they lie."""

from typing import Any

import numpy as np
import orjson

from bowerbird.core.errors import LakeError
from bowerbird.lake.request_log.types import CANDIDATE_COLUMNS, MATRICES, RequestRecord

_WORDS = ("surface", "policy_id", "feature_set", "models", "candidates", "seed", "features_hash", "about")
_NAMES = ("source_names", "head_names", "reason_names", "feature_names")
_END = b"\n"


def packed(record: RequestRecord) -> bytes:
    """The record but for its id, person and time, which the spool keeps beside it."""
    columns = {name: getattr(record, name) for name in CANDIDATE_COLUMNS}
    head = {name: getattr(record, name) for name in (*_WORDS, *_NAMES)}
    head["rows"] = len(record.numbers)
    head["columns"] = [name for name, column in columns.items() if len(column) == len(record.numbers)]
    parts = [orjson.dumps(head), _END]
    parts += [
        np.ascontiguousarray(columns[name], dtype=CANDIDATE_COLUMNS[name]).tobytes()
        for name in head["columns"]
    ]
    return b"".join(parts)


def unpacked(request_id: str, person_id: str, at_ms: int, body: bytes) -> RequestRecord:
    """The record of `packed`.

    Raises:
        LakeError: the bytes are not as they were written.
    """
    try:
        line, _, rest = body.partition(_END)
        head = orjson.loads(line)
        rows, given = head.pop("rows"), head.pop("columns")
        columns: dict[str, np.ndarray] = {}
        start = 0
        for name in given:
            width = len(head[MATRICES[name]]) if name in MATRICES else 1
            dtype = CANDIDATE_COLUMNS[name]
            column = np.frombuffer(rest, dtype=dtype, count=rows * width, offset=start)
            columns[name] = column.reshape(rows, width) if name in MATRICES else column
            start += column.nbytes
        told: dict[str, Any] = {**head, **{name: tuple(head[name]) for name in _NAMES}, **columns}
        return RequestRecord(request_id, person_id, at_ms, **told)
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"request {request_id!r} in the log cannot be read ({error}); needed is a record as it was "
            "written; it is left out"
        ) from error
