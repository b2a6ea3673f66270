"""This file is about splits: what trains, what is tuned on, what is only tested on; frozen by a hash."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.errors import InputError
from bowerbird.learn.data.histories import Histories, bounds_of, entries_of
from bowerbird.learn.data.interactions import Interactions

_LEAST_LENGTH = 3


class SplitConfig(BaseModel):
    """How interactions are divided.

    Attributes:
        kind: `loo` holds out each person's last interaction for the test and the last but one for validation;
            `time` holds out everything after a moment, the same one for all, so that nothing trains on the
            future.
        validation_from, test_from: shares of all interactions that lie before the two cuts of `time`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["loo", "time"] = "loo"
    validation_from: Annotated[float, Field(gt=0, lt=1)] = 0.8
    test_from: Annotated[float, Field(gt=0, lt=1)] = 0.9


@dataclass(frozen=True, slots=True)
class Cases:
    """Questions with answers: row b is one person's history, and what the person met next.

    Attributes:
        histories: what may be known; never empty.
        bounds: int64 [B + 1] borders of each row's targets.
        targets: int32 item numbers, each once a row, in the order they were met.
        actions: int8 what was done with each target.
        at_ms: int64 when.
    """

    histories: Histories
    bounds: np.ndarray
    targets: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.histories)

    def rows(self, start: int, stop: int) -> "Cases":
        """The rows from `start` up to `stop`."""
        inside = slice(int(self.bounds[start]), int(self.bounds[stop]))
        return Cases(
            self.histories.rows(start, stop),
            self.bounds[start : stop + 1] - self.bounds[start],
            self.targets[inside],
            self.actions[inside],
            self.at_ms[inside],
        )

    def take(self, rows: np.ndarray) -> "Cases":
        """These rows in this order."""
        counts = np.diff(self.bounds)[rows]
        held = entries_of(self.bounds[rows], counts)
        return Cases(
            self.histories.take(rows),
            bounds_of(counts),
            self.targets[held],
            self.actions[held],
            self.at_ms[held],
        )

    def row_of_target(self) -> np.ndarray:
        """int64 [T] which row each target belongs to."""
        row: np.ndarray = np.repeat(np.arange(len(self)), np.diff(self.bounds))
        return row


@dataclass(frozen=True, slots=True)
class Split:
    """Frozen: two splits with one hash hold the same rows in the same order.

    Attributes:
        training: the past; all that a model may learn from.
        validation: for tuning and early stopping.
        test: for the last word only.
        sha256: over the ids and every column of the three.
        facts: counts that a reader of a report needs, by name.
    """

    kind: str
    training: Interactions
    validation: Cases
    test: Cases
    sha256: str
    facts: dict[str, int]

    @property
    def short_hash(self) -> str:
        """Twelve hex digits, for tables."""
        return self.sha256[:12]


def split(interactions: Interactions, config: SplitConfig | None = None) -> Split:
    """The interactions, divided.

    Raises:
        InputError: nobody is left to test on, or a time split of a source without real times.
    """
    config = config or SplitConfig()
    training, validation, test, facts = (
        _leave_one_out(interactions) if config.kind == "loo" else _by_time(interactions, config)
    )
    if len(training) == 0 or len(test) == 0 or len(validation) == 0:
        raise InputError(
            f"{len(interactions):,} interactions of {interactions.person_count:,} persons leave "
            f"{len(training):,} to train on, {len(validation):,} persons to tune on and {len(test):,} to "
            "test on; needed is one of each; bring more"
        )
    facts |= _new_ones(training, test)
    return Split(config.kind, training, validation, test, _sha256(config, training, validation, test), facts)


def sampled(cases: Cases, most: int) -> Cases:
    """At most so many of the cases, the same ones every time."""
    if len(cases) <= most:
        return cases
    return cases.take(np.sort(np.random.default_rng(0).permutation(len(cases))[:most]))


def _leave_one_out(rows: Interactions) -> tuple[Interactions, Cases, Cases, dict[str, int]]:
    bounds = rows.bounds()
    lengths = np.diff(bounds)
    persons = np.flatnonzero(lengths >= _LEAST_LENGTH)
    ends = bounds[1:][persons]
    is_training = np.ones(len(rows), dtype=bool)
    is_training[ends - 1] = is_training[ends - 2] = False
    facts = {"persons": int(np.count_nonzero(lengths)), "persons_tested": len(persons)}
    facts["persons_too_short"] = facts["persons"] - len(persons)
    validation = _cases(rows, persons, bounds[persons], ends - 2, np.ones(len(persons), np.int64))
    test = _cases(rows, persons, bounds[persons], ends - 1, np.ones(len(persons), np.int64))
    return rows.where(is_training), validation, test, facts


def _by_time(rows: Interactions, config: SplitConfig) -> tuple[Interactions, Cases, Cases, dict[str, int]]:
    if rows.time != "absolute":
        raise InputError(
            f"a split by time was asked of a source with {rows.time} times; needed are real times that are "
            "comparable between people; split it with `loo`"
        )
    if config.validation_from >= config.test_from:
        raise InputError(
            f"cuts at {config.validation_from} and {config.test_from} were received; needed is validation "
            "before test; swap them"
        )
    in_time = np.sort(rows.at_ms)
    cuts = [
        in_time[int(share * len(rows))] if len(rows) else 0
        for share in (config.validation_from, config.test_from)
    ]
    first, second = int(cuts[0]), int(cuts[1])
    facts = {"validation_from_ms": first, "test_from_ms": second}
    validation = _after(rows, first, second)
    test = _after(rows, second, None)
    facts["persons_tested"] = len(test)
    late = np.unique(rows.persons[rows.at_ms >= second])
    facts["persons_without_history"] = len(late) - len(test)
    return rows.where(rows.at_ms < first), validation, test, facts


def _after(rows: Interactions, start_ms: int, stop_ms: int | None) -> Cases:
    bounds = rows.bounds()
    before = np.bincount(rows.persons[rows.at_ms < start_ms], minlength=rows.person_count)
    is_target = rows.at_ms >= start_ms
    if stop_ms is not None:
        is_target &= rows.at_ms < stop_ms
    counts = np.bincount(rows.persons[is_target], minlength=rows.person_count)
    persons = np.flatnonzero((before > 0) & (counts > 0))
    starts = bounds[persons]
    return _cases(rows, persons, starts, starts + before[persons], counts[persons])


def _cases(
    rows: Interactions, persons: np.ndarray, starts: np.ndarray, firsts: np.ndarray, counts: np.ndarray
) -> Cases:
    """History `starts..firsts`, targets `firsts..firsts + counts`, of each person."""
    lengths = (firsts - starts).astype(np.int64)
    known = entries_of(starts, lengths)
    histories = Histories(
        persons.astype(np.int32),
        bounds_of(lengths),
        rows.items[known],
        rows.at_ms[known],
        rows.actions[known],
        rows.weights[known],
        rows.at_ms[firsts] if len(persons) else np.zeros(0, np.int64),
    )
    held = entries_of(firsts, counts)
    row = np.repeat(np.arange(len(persons)), counts)
    # A person may meet an item twice in the held-out time; it can be found once.
    _, once = np.unique(row.astype(np.int64) * rows.item_count + rows.items[held], return_index=True)
    once.sort()
    held, row = held[once], row[once]
    return Cases(
        histories,
        bounds_of(np.bincount(row, minlength=len(persons))),
        rows.items[held],
        rows.actions[held],
        rows.at_ms[held],
    )


def _new_ones(training: Interactions, test: Cases) -> dict[str, int]:
    trained_items = training.item_counts()
    trained_persons = np.bincount(training.persons, minlength=training.person_count)
    return {
        "training_interactions": len(training),
        "items": training.item_count,
        "items_without_training": int(np.count_nonzero(trained_items == 0)),
        "targets": len(test.targets),
        "targets_without_training": int(np.count_nonzero(trained_items[test.targets] == 0)),
        "tested_persons_without_training": int(
            np.count_nonzero(trained_persons[test.histories.persons] == 0)
        ),
    }


def _sha256(config: SplitConfig, training: Interactions, validation: Cases, test: Cases) -> str:
    digest = hashlib.sha256(config.kind.encode())
    for ids in (training.catalogue.ids, training.person_ids):
        digest.update("\x1f".join(ids).encode() + b"\x1e")
    columns = [training.persons, training.items, training.at_ms, training.actions]
    for cases in (validation, test):
        known = cases.histories
        columns += [known.persons, known.bounds, known.items, known.at_ms, known.actions]
        columns += [cases.bounds, cases.targets, cases.actions, cases.at_ms]
    for column in columns:
        little = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
        digest.update(len(little).to_bytes(8, "big") + little.tobytes())
    return digest.hexdigest()
