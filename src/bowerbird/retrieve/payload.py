"""This file is about filterable fields without a catalogue: what an index is given row by row, as columns.

Every value of every field is one entry (item number, code of the value); a list has several entries, a
missing value none. A comparison is then one look at a small table of values and one pass over the codes.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bowerbird.core.arrays import ItemMask, ItemNumbers
from bowerbird.core.errors import FilterError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range, Value, fields_of
from bowerbird.retrieve.nearest import last_of_each


@dataclass(slots=True)
class _Field:
    """One field: codes by value, values by code, and one entry a value."""

    code_of: dict[Value, int] = field(default_factory=dict)
    numeric: list[float] = field(default_factory=list)  # by code; NaN for text
    numbers: list[np.ndarray] = field(default_factory=list)
    codes: list[np.ndarray] = field(default_factory=list)

    def code(self, value: Value) -> int:
        plain = float(value) if isinstance(value, int | float) else value
        if plain not in self.code_of:
            self.code_of[plain] = len(self.numeric)
            self.numeric.append(plain if isinstance(plain, float) else np.nan)
        return self.code_of[plain]

    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        if len(self.numbers) != 1:
            self.numbers = [np.concatenate([np.empty(0, np.int64), *self.numbers])]
            self.codes = [np.concatenate([np.empty(0, np.int64), *self.codes])]
        return self.numbers[0], self.codes[0]

    def keep(self, is_kept: np.ndarray) -> None:
        numbers, codes = self.entries()
        kept = is_kept[numbers]
        self.numbers, self.codes = [numbers[kept]], [codes[kept]]


class PayloadColumns:
    """Filterable fields of items, given as mappings; safe to use from several threads."""

    def __init__(self) -> None:
        self._fields: dict[str, _Field] = {}
        self._size = 0
        self._version = 0
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    def put(self, numbers: ItemNumbers, payload: Sequence[Mapping[str, Any]] | None) -> None:
        """Replace the fields of these items; None leaves them without any.

        Raises:
            FilterError: a value is neither text, number, boolean, None nor a list of them.
        """
        last = last_of_each(numbers)
        given = {} if payload is None else _by_field(numbers[last], [payload[row] for row in last])
        with self._lock:
            self._forget(numbers)
            self._size = max(self._size, int(numbers.max(initial=-1)) + 1)
            for name, (named, values) in given.items():
                column = self._fields.setdefault(name, _Field())
                column.numbers.append(np.array(named, dtype=np.int64))
                column.codes.append(np.array([column.code(value) for value in values], dtype=np.int64))
            self._version += 1

    def forget(self, numbers: ItemNumbers) -> None:
        """Drop the fields of these items."""
        with self._lock:
            self._forget(numbers)
            self._version += 1

    def mask(self, where: Filter) -> ItemMask:
        """[highest number + 1] which items the filter keeps.

        Raises:
            FilterError: it names a field that no item ever had.
        """
        with self._lock:
            unknown = sorted(fields_of(where) - set(self._fields))
            if unknown:
                known = ", ".join(sorted(self._fields)) or "none yet"
                raise FilterError(
                    f"filter field {unknown[0]!r} was received; known are: {known}; use one of them"
                )
            return self._mask(where)

    def _forget(self, numbers: ItemNumbers) -> None:
        held = numbers[(numbers >= 0) & (numbers < self._size)]
        if len(held):
            is_kept = np.ones(self._size, dtype=bool)
            is_kept[held] = False
            for column in self._fields.values():
                column.keep(is_kept)

    def _mask(self, where: Filter) -> ItemMask:
        match where:
            case And(parts):
                return np.asarray(np.all([self._every(True), *map(self._mask, parts)], axis=0))
            case Or(parts):
                return np.asarray(np.any([self._every(False), *map(self._mask, parts)], axis=0))
            case Not(part):
                return ~self._mask(part)
            case Eq(name, value):
                return self._having(name, self._among(name, (value,)))
            case In(name, values) | HasAny(name, values):
                return self._having(name, self._among(name, values))
            case Range(name, gte, lt):
                numeric = np.array(self._fields[name].numeric, dtype=np.float64)
                inside = ~np.isnan(numeric)
                inside &= numeric >= (-np.inf if gte is None else gte)
                inside &= (numeric < lt) if lt is not None else True
                return self._having(name, inside)

    def _among(self, name: str, values: Sequence[Value]) -> np.ndarray:
        column = self._fields[name]
        wanted = np.zeros(len(column.numeric), dtype=bool)
        plain = (float(value) if isinstance(value, int | float) else value for value in values)
        wanted[[column.code_of[value] for value in plain if value in column.code_of]] = True
        return wanted

    def _having(self, name: str, is_wanted: np.ndarray) -> ItemMask:
        numbers, codes = self._fields[name].entries()
        mask = self._every(False)
        mask[numbers[is_wanted[codes]]] = True
        return mask

    def _every(self, value: bool) -> ItemMask:
        return np.full(self._size, value, dtype=bool)


def _by_field(
    numbers: ItemNumbers, payload: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[list[int], list[Value]]]:
    given: dict[str, tuple[list[int], list[Value]]] = {}
    for number, row in zip(numbers.tolist(), payload, strict=True):
        for name, value in row.items():
            named, values = given.setdefault(name, ([], []))
            several = _as_values(name, value)
            named.extend([number] * len(several))
            values.extend(several)
    return given


def _as_values(name: str, value: object) -> list[Value]:
    if value is None:
        return []
    given: Sequence[object] = value if isinstance(value, list | tuple) else [value]
    several = [one for one in given if isinstance(one, str | int | float)]
    if len(several) < len(given):
        raise FilterError(
            f"payload field {name!r} = {value!r} was received; needed is text, a number, a boolean or a list "
            "of them; convert it"
        )
    return several
