"""This file is about filters over the catalogue's columns: one vectorised pass a leaf, no loop over items."""

from collections.abc import Callable, Sequence

import numpy as np

from bowerbird.core.errors import FilterError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range, Value
from bowerbird.lake.catalogue_columns import PATH_SEPARATOR, TEXT_COLUMNS, ColumnsView
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.filters_sql import text_values, whole_bounds, whole_values

COLOUR_SHARE = 0.2
"""An item has a named colour when at least this share of its subject has it."""
_FEW_CODES = 4
_WHOLE_FIELDS = ("number", "price_micros", "created_ms")
KNOWN_FIELDS = frozenset({"id", "category", "colour", *_WHOLE_FIELDS, *TEXT_COLUMNS})

NumbersOf = Callable[[Sequence[str]], np.ndarray]


def evaluate(where: Filter, columns: ColumnsView, numbers_of: NumbersOf) -> np.ndarray:
    """[size] bool: where the filter holds; holes and deleted items are not taken out.

    Raises:
        FilterError: an unknown field, or a range over text.
    """
    match where:
        case And(parts):
            keep = np.ones(columns.size, np.bool_)
            for part in parts:
                keep &= evaluate(part, columns, numbers_of)
            return keep
        case Or(parts):
            keep = np.zeros(columns.size, np.bool_)
            for part in parts:
                keep |= evaluate(part, columns, numbers_of)
            return keep
        case Not(part):
            return ~evaluate(part, columns, numbers_of)
        case Eq(field, value):
            return _any_of(field, (value,), columns, numbers_of)
        case In(field, values) | HasAny(field, values):
            return _any_of(field, values, columns, numbers_of)
        case Range(field, gte, lt):
            return _range(field, gte, lt, columns)


def _any_of(field: str, values: Sequence[Value], columns: ColumnsView, numbers_of: NumbersOf) -> np.ndarray:
    _check_known(field)
    if field == "number":
        return _at(np.array(whole_values(values), np.int64), columns.size)
    if field == "id":
        return _at(numbers_of(text_values(values)), columns.size)
    if field in _WHOLE_FIELDS:
        wanted = [value for value in whole_values(values) if value >= 0]  # below 0 stands for a missing price
        return np.isin(columns[field], np.array(wanted, np.int64))
    if field == "colour":
        return _has_colour(text_values(values), columns)
    vocabulary = columns.vocabularies[field]
    texts = set(text_values(values))
    if field == "category":
        paths = enumerate(vocabulary.values)
        codes = [code for code, path in paths if texts.intersection(path.split(PATH_SEPARATOR))]
    else:
        codes = [code for text in texts if (code := vocabulary.code(text)) is not None]
    return _has_code(columns[field], codes, len(vocabulary))


def _has_code(column: np.ndarray, codes: list[int], known: int) -> np.ndarray:
    if len(codes) <= _FEW_CODES:
        keep = np.zeros(len(column), np.bool_)
        for code in codes:
            keep |= column == code
        return keep
    wanted = np.zeros(known, np.bool_)
    wanted[codes] = True
    # A refresh may add a code meanwhile; it is newer than this filter's answer, so any value will do for it.
    chosen: np.ndarray = np.take(wanted, column, mode="clip")
    return chosen


def _has_colour(names: list[str], columns: ColumnsView) -> np.ndarray:
    keep = np.zeros(columns.size, np.bool_)
    for name in names:
        if name in NAMED_COLOURS:
            keep |= columns["colours"][:, NAMED_COLOURS.index(name)] >= COLOUR_SHARE
    return keep


def _range(field: str, gte: float | int | None, lt: float | int | None, columns: ColumnsView) -> np.ndarray:
    _check_known(field)
    if field not in _WHOLE_FIELDS:
        raise FilterError(f"range on {field} was received; it holds text; use eq, in or has_any")
    bounds = whole_bounds(gte, lt)
    if bounds is None:
        return np.zeros(columns.size, np.bool_)
    first, last = max(bounds[0], 0), bounds[1]
    column = np.arange(columns.size) if field == "number" else columns[field]
    keep: np.ndarray = (column >= first) & (column <= last)
    return keep


def _at(numbers: np.ndarray, size: int) -> np.ndarray:
    keep = np.zeros(size, np.bool_)
    keep[numbers[(numbers >= 0) & (numbers < size)]] = True
    return keep


def _check_known(field: str) -> None:
    if field not in KNOWN_FIELDS:
        raise FilterError(
            f"filter field {field!r} was received; known fields are {', '.join(sorted(KNOWN_FIELDS))}; "
            "use one of them"
        )
