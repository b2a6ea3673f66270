"""This file is about filters: one small tree that every engine translates for itself.

`Eq(field, value)`, `In(field, values)`, `Range(field, gte, lt)`, `HasAny(field, values)` joined by
`And`, `Or` and `Not`. A missing value satisfies no comparison (so `Not(Eq(…))` keeps it).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bowerbird.core.errors import FilterError

Value: TypeAlias = str | int | float | bool
MAX_DEPTH = 16
MAX_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class Eq:
    """The field has exactly this value."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """The field has one of these values."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """gte <= field < lt; either end may be open."""

    field: str
    gte: int | float | None = None
    lt: int | float | None = None


@dataclass(frozen=True, slots=True)
class HasAny:
    """A list field holds at least one of these values."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; true when there are none."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts; false when there are none."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that the part does not keep."""

    part: "Filter"


Filter: TypeAlias = Eq | In | Range | HasAny | And | Or | Not


def both(left: Filter | None, right: Filter | None) -> Filter | None:
    """The filter that keeps what both keep; None keeps everything."""
    if left is None or right is None:
        return left or right
    return And((left, right))


def parse_filter(given: object, *, depth: int = 0) -> Filter:
    """A filter from its JSON form.

    For example `{"and": [{"eq": ["brand", "Oak"]}, {"range": {"field": "price_micros", "lt": 5e7}}]}`.

    Raises:
        FilterError: anything else, with what was received and what is needed.
    """
    if depth > MAX_DEPTH:
        raise FilterError(f"a filter nested deeper than {MAX_DEPTH} was received; flatten it")
    if not isinstance(given, Mapping) or len(given) != 1:
        raise FilterError(
            f"filter part {_short(given)} was received; needed is an object with exactly one of "
            "eq, in, range, has_any, and, or, not"
        )
    (kind, body), *_ = given.items()
    if kind in ("and", "or") and isinstance(body, list):
        parts = tuple(parse_filter(part, depth=depth + 1) for part in body)
        return And(parts) if kind == "and" else Or(parts)
    if kind == "not":
        return Not(parse_filter(body, depth=depth + 1))
    if kind == "eq" and isinstance(body, list) and len(body) == 2 and _is_field(body[0]):
        return Eq(body[0], _value(body[1]))
    if kind in ("in", "has_any") and isinstance(body, list) and len(body) == 2:
        field, values = body
        if _is_field(field) and isinstance(values, list) and len(values) <= MAX_VALUES:
            checked = tuple(_value(value) for value in values)
            return In(field, checked) if kind == "in" else HasAny(field, checked)
    is_range = kind == "range" and isinstance(body, Mapping) and set(body) <= {"field", "gte", "lt"}
    if is_range and _is_field(body.get("field")):
        return Range(body["field"], _bound(body.get("gte")), _bound(body.get("lt")))
    raise FilterError(
        f"filter part {_short(given)} was received; needed is one of eq: [field, value], "
        "in: [field, [values]], has_any: [field, [values]], range: {field, gte, lt}, "
        "and: [parts], or: [parts], not: part"
    )


def to_json(where: Filter) -> dict[str, Any]:
    """The JSON form that `parse_filter` reads back to an equal filter."""
    match where:
        case Eq(field, value):
            return {"eq": [field, value]}
        case In(field, values):
            return {"in": [field, list(values)]}
        case HasAny(field, values):
            return {"has_any": [field, list(values)]}
        case Range(field, gte, lt):
            bounds = {"gte": gte, "lt": lt}
            return {"range": {"field": field, **{k: v for k, v in bounds.items() if v is not None}}}
        case And(parts):
            return {"and": [to_json(part) for part in parts]}
        case Or(parts):
            return {"or": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}


def fields_of(where: Filter) -> frozenset[str]:
    """Every field that the filter names."""
    match where:
        case And(parts) | Or(parts):
            return frozenset().union(*(fields_of(part) for part in parts))
        case Not(part):
            return fields_of(part)
        case _:
            return frozenset({where.field})


def _is_field(given: object) -> bool:
    return isinstance(given, str) and given.replace("_", "a").isalnum() and len(given) <= 64


def _value(given: object) -> Value:
    if isinstance(given, str | int | float | bool):
        return given
    raise FilterError(f"filter value {_short(given)} was received; needed is text, a number or a boolean")


def _bound(given: object) -> int | float | None:
    if given is None or (isinstance(given, int | float) and not isinstance(given, bool)):
        return given
    raise FilterError(f"range bound {_short(given)} was received; needed is a number")


def _short(given: object) -> str:
    shown = repr(given)
    return shown if len(shown) <= 80 else shown[:77] + "..."
