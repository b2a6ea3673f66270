"""This file is about parity: the last day of a log replayed through stream and batch, field by field.

The stream counts the log event by event, and is asked just before each event of the day; the batch is asked
about the same moments afterwards. Where they come apart, a ranker would be trained on what no server saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.rank.declared.arrivals import Arrivals, Sides
from bowerbird.rank.declared.batch import Rows, batch
from bowerbird.rank.declared.definitions import DAY_MS, FEATURES, Feature
from bowerbird.rank.declared.knowing import Known
from bowerbird.rank.declared.stream import Stream
from bowerbird.rank.skew import FieldSkew

TOLERANCE = 1e-9
"""Relative to the value, and absolute below 1: both sum up in float64, in another order."""
_EVENTS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How the two paths compare.

    Attributes:
        events: in the log, those without consent left out.
        day_events: of the last day.
        rows: moments that were compared, at most one an event.
        late: of the day's events those that arrived after one of their person that happened later.
    """

    events: int
    day_events: int
    rows: int
    late: int
    fields: tuple[FieldSkew, ...]

    @property
    def differing(self) -> tuple[FieldSkew, ...]:
        """Fields with a difference; none where all is well."""
        return tuple(each for each in self.fields if each.differing)


def parity(lake: Lake, catalogue: Catalogue, *, most_rows: int = 5_000) -> ParityReport:
    """The last day of the lake's log, evenly thinned out to `most_rows` moments."""
    known, parts, after = Known(), [], 0
    known.follow(catalogue)
    known.set_histories(dict(lake.records.controls.cleared()))
    while found := lake.events.after(after, _EVENTS_AT_ONCE):
        parts.append(known.arrivals([event for _, event in found], catalogue))
        after = found[-1][0]
    columns = (
        np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0, np.int64)])
        for name in Arrivals.__slots__
    )
    return replayed(Arrivals(*columns), known.sides, most_rows=most_rows)


def replayed(
    events: Arrivals, sides: Sides, *, most_rows: int, features: Sequence[Feature] = FEATURES
) -> ParityReport:
    """Both paths over the same events; `sides` says what items are of."""
    day = np.flatnonzero(events.at_ms >= events.at_ms.max(initial=0) - DAY_MS)
    thinned = np.unique(np.linspace(0, len(day) - 1, min(most_rows, len(day))).astype(np.int64))
    rows = moments(events, day[thinned])
    streamed = _streamed(events, rows, sides, features)
    batched = batch(events, rows, sides, features)
    fields = compared([each.name for each in features], streamed, batched)
    return ParityReport(len(events), len(day), len(thinned), _late(events, day), fields)


def moments(events: Arrivals, places: np.ndarray) -> Rows:
    """Just before each of these events was counted, by a clock that has passed all that arrived before."""
    so_far = np.maximum.accumulate(np.concatenate([[0], events.at_ms]))
    at_ms = np.maximum(events.at_ms[places], so_far[places] + 1)
    return Rows(events.persons[places], events.items[places], at_ms, places)


def compared(names: Sequence[str], streamed: np.ndarray, batched: np.ndarray) -> tuple[FieldSkew, ...]:
    """[N, F] beside [N, F], field by field, within `TOLERANCE`."""
    apart = np.abs(streamed - batched)
    apart[np.isnan(apart)] = np.inf
    differs = apart > TOLERANCE * np.maximum(np.abs(batched), 1.0)
    return tuple(
        FieldSkew(name, len(apart), int(differs[:, place].sum()), float(apart[:, place].max(initial=0.0)))
        for place, name in enumerate(names)
    )


def _streamed(events: Arrivals, rows: Rows, sides: Sides, features: Sequence[Feature]) -> np.ndarray:
    stream, counted = Stream(features), 0
    out = np.empty((len(rows.at_ms), len(features)))
    assert rows.arrived is not None
    asked = zip(
        rows.persons.tolist(), rows.items.tolist(), rows.at_ms.tolist(), rows.arrived.tolist(), strict=True
    )
    for row, (person, item, at_ms, arrived) in enumerate(asked):
        stream.add(events.rows(slice(counted, arrived)), sides)
        counted = arrived
        out[row] = stream.read(person, np.array([item]), sides, at_ms)[0]
    return out


def _late(events: Arrivals, day: np.ndarray) -> int:
    by_person = day[np.argsort(events.persons[day], kind="stable")]
    persons, at_ms = events.persons[by_person], events.at_ms[by_person]
    group = np.cumsum(np.concatenate([[False], persons[1:] != persons[:-1]])[: len(persons)])
    since = at_ms - int(at_ms.min(initial=0))
    lift = int(since.max(initial=0)) + 1
    newest = np.maximum.accumulate(since + group * lift) - group * lift
    return int((since < newest).sum())
