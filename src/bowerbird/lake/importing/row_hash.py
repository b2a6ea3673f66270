"""This file is about the hash by which a row is known again: that of the row as it stands.

So a row that the lake has costs next to nothing. What it is understood as follows from the row, its columns,
what the clock says of its sale, and our code.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

import orjson

from bowerbird.lake.importing.fields import FieldMap
from bowerbird.lake.importing.shopping import Sale
from bowerbird.lake.importing.types import Cell, PictureRef, RowError

# Raised whenever rows are understood in another way: each row is then taken in once more.
_UNDERSTOOD_AS = 1
_OPTIONS = orjson.OPT_NON_STR_KEYS


def row_hash_of(
    values: Mapping[str, Cell], refs: Sequence[PictureRef | RowError], field_map: FieldMap, sale: Sale
) -> str:
    """Changes when a value of the row, one of its pictures or its sale changes.

    Raises:
        RowError: the values stand too deep in each other.
    """
    stamps = [ref.stamp if isinstance(ref, PictureRef) else ref.code for ref in refs]
    facts = [_UNDERSTOOD_AS, field_map.stamp, sale.is_on, stamps, dict(values)]
    return hashlib.blake2b(_as_bytes(facts), digest_size=16).hexdigest()


def _as_bytes(facts: object) -> bytes:
    try:
        return orjson.dumps(facts, default=_as_text, option=_OPTIONS)
    except (TypeError, ValueError):
        # Half letters, numbers beyond 64 bits, and what stands hundreds deep.
        try:
            return json.dumps(facts, default=_as_text).encode()
        except (RecursionError, TypeError, ValueError) as error:
            raise RowError(
                "the row's values stand too deep in each other",
                field="row",
                code="bad-line",
                hint="mend the line",
            ) from error


def _as_text(value: object) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)
