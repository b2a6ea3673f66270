"""This file is about filters as SQL: the WHERE that Lance understands, with every value quoted.

Two rules make SQL agree with the masks of the catalogue: a missing value satisfies no comparison, so each
comparison is made false (never NULL) for it, and `NOT` of it is true; and a value of another type than the
column's equals nothing.
"""

import math
from collections.abc import Sequence

from bowerbird.core.errors import FilterError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range, Value

TEXT_FIELDS = frozenset(
    {"id", "currency", "brand", "language", "country", "availability", "owner", "source", "safety", "title"}
)
INTEGER_FIELDS = frozenset({"number", "price_micros", "created_ms", "updated_ms"})
LIST_FIELDS = frozenset({"category", "keywords"})
# Symmetric: SQL reads -2^63 as minus (2^63), which does not fit.
_INT64_MAX = 2**63 - 1
_INT64_MIN = -_INT64_MAX


def to_sql(where: Filter) -> str:
    """The filter as a Lance condition on the item table.

    Raises:
        FilterError: a field that is no column of the item table (`colour` is the catalogue's alone).
    """
    match where:
        case And(parts):
            return "(" + " AND ".join(to_sql(part) for part in parts) + ")" if parts else "true"
        case Or(parts):
            return "(" + " OR ".join(to_sql(part) for part in parts) + ")" if parts else "false"
        case Not(part):
            return f"(NOT {to_sql(part)})"
        case Eq(field, value):
            return _any_of(field, (value,))
        case In(field, values) | HasAny(field, values):
            return _any_of(field, values)
        case Range(field, gte, lt):
            return _range(field, gte, lt)


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_list(texts: Sequence[str]) -> str:
    """Texts as the inside of an SQL `IN (…)`."""
    return ", ".join(quoted(text) for text in texts)


def whole_bounds(gte: float | int | None, lt: float | int | None) -> tuple[int, int] | None:
    """First and last whole number in gte <= n < lt, within 64 bits; None where there is none."""
    if (gte is not None and math.isnan(gte)) or (lt is not None and math.isnan(lt)):
        return None
    first = _INT64_MIN if gte is None or gte == -math.inf else _ceil(gte)
    last = _INT64_MAX if lt is None or lt == math.inf else _ceil(lt) - 1
    first, last = max(first, _INT64_MIN), min(last, _INT64_MAX)
    return (first, last) if first <= last else None


def whole_values(values: Sequence[Value]) -> list[int]:
    """The whole numbers among the values that fit 64 bits; 5.0 counts as 5, True and text do not count."""
    numbers = (v for v in values if isinstance(v, int | float) and not isinstance(v, bool))
    whole = {int(n) for n in numbers if math.isfinite(n) and n == int(n)}
    return sorted(n for n in whole if _INT64_MIN <= n <= _INT64_MAX)


def text_values(values: Sequence[Value]) -> list[str]:
    """The texts among the values; an empty text means missing, so it equals nothing."""
    return sorted({value for value in values if isinstance(value, str) and value})


def _ceil(bound: float | int) -> int:
    return _INT64_MAX + 1 if bound == math.inf else _INT64_MIN if bound == -math.inf else math.ceil(bound)


def _any_of(field: str, values: Sequence[Value]) -> str:
    if field in INTEGER_FIELDS:
        whole = whole_values(values)
        listed = ", ".join(str(number) for number in whole)
        return f"({field} IS NOT NULL AND {field} IN ({listed}))" if whole else "false"
    texts = text_values(values)
    _check_known(field)
    if not texts:
        return "false"
    if field in LIST_FIELDS:
        return f"({field} IS NOT NULL AND array_has_any({field}, [{quoted_list(texts)}]))"
    return f"({field} IS NOT NULL AND {field} IN ({quoted_list(texts)}))"


def _range(field: str, gte: float | int | None, lt: float | int | None) -> str:
    if field not in INTEGER_FIELDS:
        _check_known(field)
        raise FilterError(f"range on {field} was received; it holds text; use eq, in or has_any")
    bounds = whole_bounds(gte, lt)
    if bounds is None:
        return "false"
    return f"({field} IS NOT NULL AND {field} >= {bounds[0]} AND {field} <= {bounds[1]})"


def _check_known(field: str) -> None:
    known = TEXT_FIELDS | INTEGER_FIELDS | LIST_FIELDS
    if field not in known:
        raise FilterError(
            f"filter field {field} was received; columns are {', '.join(sorted(known))}; use one of them"
        )
