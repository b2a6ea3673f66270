"""This file is about what of a request is kept: all that was shown, and a sample of what was not."""

import zlib
from dataclasses import replace

import numpy as np

from bowerbird.lake.request_log.types import CANDIDATE_COLUMNS, RequestRecord, hash_of

_NONE = np.zeros(0, dtype=np.float32)


def sampled(record: RequestRecord, keep_unshown: int) -> RequestRecord:
    """The record with at most `keep_unshown` candidates that were not shown, drawn evenly by chance.

    Shown candidates come first, by position. The draw follows from the request's id alone, and
    `logged_with` says how likely each row was to be kept.
    """
    shown = record.shown
    unshown = np.flatnonzero(record.positions < 0)
    chance = 1.0
    if len(unshown) > keep_unshown:
        rng = np.random.default_rng(zlib.crc32(record.request_id.encode()))
        chance = keep_unshown / len(unshown)
        unshown = np.sort(rng.choice(unshown, keep_unshown, replace=False))
    rows = np.concatenate([shown, unshown])
    logged_with = np.ones(len(rows), dtype=np.float32)
    logged_with[len(shown) :] = chance
    columns = {name: getattr(record, name) for name in CANDIDATE_COLUMNS}
    count = len(record.numbers)
    kept = {name: column[rows] for name, column in columns.items() if len(column) == count}
    kept["logged_with"] = logged_with
    hash_ = hash_of(kept.get("features", _NONE))
    return replace(record, candidates=record.candidates or count, features_hash=hash_, **kept)
