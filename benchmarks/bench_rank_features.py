"""What do behaviour features cost: counting an event, reading 500 candidates, making rows for training afterwards?

Drawn events with heavy tails, seeded: a million on 100,000 items by 20,000 people. Reading: all features of one person with 500
candidates, beside a dict and a Python loop over the same definitions. Counting: events from columns, 500 at once as a server
does, beside that loop; and out of a real log, beside reading the log and doing nothing with it. Batch: rows of (person, item,
moment) with what had arrived by then, beside asking the stream as it is replayed. Reach: from the moment that an event is
durable until it is counted, with a log that is given 5,000 events/s. Quality: how far both paths are apart.

Run: python benchmarks/bench_rank_features.py [--events 1000000] [--log-events 100000] [--out FILE]
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from record import line, parser, write

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.rank.declared import (
    FEATURES,
    NEVER,
    Arrivals,
    Kind,
    LiveBehaviour,
    Owner,
    Rows,
    Sides,
    Stream,
    batch,
)
from bowerbird.rank.declared.parity import compared, moments
from bowerbird.serve.behaviour import follower_of

PEOPLE, ITEMS, CATEGORIES, OWNERS, CANDIDATES = 20_000, 100_000, 300, 5_000, 500
AT_MS, DAYS = 1_700_000_000_000, 30
DAY_MS = 86_400_000
ACTIONS = ("impression", "closeup", "click", "save", "hide")
SHARES = (0.8, 0.09, 0.05, 0.05, 0.01)
AT_ONCE, BY_HAND, ROWS = 500, 30_000, 100_000
LOG_ITEMS, LOG_BATCH, LOG_RATE, LOG_SECONDS = 2_000, 25, 5_000, 8


def main() -> int:
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--log-events", type=int, default=100_000)
    args = arguments.parse_args()
    rng = np.random.default_rng(0)
    sides = Sides(rng.integers(0, CATEGORIES, ITEMS), rng.integers(0, OWNERS, ITEMS))
    events = drawn(rng, args.events)
    stream, counting_s = counted(events, sides)
    write(counting(events, sides, stream, counting_s), args.out)
    write(reading(rng, events, sides, stream), args.out)
    del stream
    write(batched(events, sides), args.out)
    write(logged(args), args.out)
    return 0


def drawn(rng: np.random.Generator, count: int) -> Arrivals:
    """In order of arrival; a tenth of them comes up to an hour late."""
    arrived = np.sort(rng.integers(AT_MS, AT_MS + DAYS * DAY_MS, count))
    late_ms = np.where(
        rng.random(count) < 0.1, rng.integers(0, 3_600_000, count), rng.integers(0, 500, count)
    )
    codes = np.array([ACTION_CODES[Action(each)] for each in ACTIONS])
    persons = np.minimum(rng.pareto(1.2, count) * 300, PEOPLE - 1).astype(np.int64)
    items = np.minimum(rng.pareto(1.0, count) * 3_000, ITEMS - 1).astype(np.int64)
    return Arrivals(persons, items, codes[rng.choice(len(codes), count, p=SHARES)], arrived - late_ms)


def counted(events: Arrivals, sides: Sides) -> tuple[Stream, float]:
    """The stream of all events, and the processor seconds of the last fifth."""
    stream, taken_s, start_of_last = Stream(), 0.0, int(len(events) * 0.8)
    for start in range(0, len(events), AT_ONCE):
        began_s = time.process_time()
        stream.add(events.rows(slice(start, start + AT_ONCE)), sides)
        taken_s += time.process_time() - began_s if start >= start_of_last else 0.0
    return stream, taken_s / (len(events) - start_of_last)


def counting(events: Arrivals, sides: Sides, stream: Stream, each_s: float) -> Iterator[dict[str, Any]]:
    hand = ByHand(sides)
    by_hand_s = processor_s(lambda: hand.add(events.rows(slice(0, BY_HAND)))) / BY_HAND
    alone, singles = Stream(), [events.rows(slice(n, n + 1)) for n in range(2_000)]
    one_s = processor_s(lambda: [alone.add(each, sides) for each in singles]) / len(singles)
    yield line(
        "features-stream", f"events a processor second into {len(FEATURES)} behaviour features, {AT_ONCE} at once, "
        f"{len(events):,} counted", 1 / each_s, "per s", better="higher",
        baseline="a dict and a loop over the same definitions", ratio=by_hand_s / each_s,
        quality={"MB a million events": round(stream.size_bytes / len(events), 1)},
        metrics={"one at a time, per s": round(1 / one_s)},
    )  # fmt: skip


def reading(
    rng: np.random.Generator, events: Arrivals, sides: Sides, stream: Stream
) -> Iterator[dict[str, Any]]:
    now_ms = int(events.at_ms.max()) + 1_000
    askers = events.persons[rng.integers(0, len(events), 300)]
    asked = [rng.choice(events.items, CANDIDATES) for _ in askers]
    took, apart = [], 0
    for person, items in zip(askers.tolist(), asked, strict=True):
        began_s = time.perf_counter()
        stream.read(person, items, sides, now_ms)
        took.append(time.perf_counter() - began_s)
    for person, items in list(zip(askers.tolist(), asked, strict=True))[:3]:
        found = stream.read(person, items, sides, now_ms)
        rows = Rows(np.full(CANDIDATES, person), items, np.full(CANDIDATES, now_ms))
        fields = compared([each.name for each in FEATURES], found, batch(events, rows, sides))
        apart += sum(each.differing for each in fields)
    hand = ByHand(sides)
    hand.add(events.rows(slice(0, BY_HAND)))
    hand_s = np.median([timed_s(lambda n=n: hand.read(int(askers[n]), asked[n], now_ms)) for n in range(20)])
    yield line(
        "features-read", f"all {len(FEATURES)} behaviour features of a person with {CANDIDATES} candidates, "
        f"{len(events):,} events counted, p50", float(np.median(took)) * 1e3, "ms", target=1.0,
        baseline="a dict and a loop over the same definitions", ratio=float(np.median(took) / hand_s),
        quality={"values that batch gives otherwise": apart, "p99 ms": round(float(np.percentile(took, 99)) * 1e3, 3)},
        metrics={"p10 ms": round(float(np.percentile(took, 10)) * 1e3, 3)},
    )  # fmt: skip


def batched(events: Arrivals, sides: Sides) -> Iterator[dict[str, Any]]:
    places = np.sort(np.random.default_rng(1).choice(len(events), min(ROWS, len(events)), replace=False))
    rows = moments(events, places)
    began_s = time.process_time()
    found = batch(events, rows, sides)
    batch_s = time.process_time() - began_s
    late = batch(events, Rows(rows.persons, rows.items, rows.at_ms), sides)
    # The stream is asked about the first thousand events, where it is smallest and so quickest.
    first = moments(events, np.arange(1_000))
    began_s, stream, by_stream = time.process_time(), Stream(), []
    for row in range(1_000):
        by_stream.append(
            stream.read(int(first.persons[row]), first.items[row : row + 1], sides, int(first.at_ms[row]))[0]
        )
        stream.add(events.rows(slice(row, row + 1)), sides)
    stream_s = (time.process_time() - began_s) / 1_000
    fields = compared([each.name for each in FEATURES], np.array(by_stream), batch(events, first, sides))
    yield line(
        "features-batch", f"rows of {len(FEATURES)} behaviour features a processor second in batch, {len(places):,} rows over "
        f"{len(events):,} events, each as known then", len(places) / batch_s, "per s", better="higher",
        baseline="asking the stream as it is replayed", ratio=stream_s * len(places) / batch_s,
        quality={
            "values that the stream gives otherwise": sum(each.differing for each in fields),
            "rows that late events would change": round(float((np.abs(found - late) > 1e-9).any(axis=1).mean()), 4),
        },
    )  # fmt: skip


def logged(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, Lake.open(Path(folder) / "lake", create=True) as lake:
        fields = [
            ItemFields(id=f"i{n}", title=f"item {n}", category=(f"c{n % 40}",), owner=f"o{n % 200}")
            for n in range(LOG_ITEMS)
        ]
        put_items(lake, [StoredItem(each) for each in fields])
        catalogue = Catalogue.open(lake)
        for start in range(0, args.log_events, 10_000):
            lake.events.append(some(start, min(10_000, args.log_events - start), 7))
        bare_s = processor_s(lambda: [None for _ in lake.events.replay()])
        live = LiveBehaviour(lake, catalogue)
        follow_s = processor_s(live.follow)
        yield line(
            "features-follow", f"events a processor second out of the event log into behaviour features, {args.log_events:,}",
            args.log_events / follow_s, "per s", better="higher", baseline="reading them out of the log alone",
            ratio=bare_s / follow_s, quality={"events counted": args.log_events},
        )  # fmt: skip
        live.save()
        open_s = timed_s(lambda: LiveBehaviour(lake, catalogue).follow())
        reached, durable_s, lost = reach(lake, live)
        yield line(
            "features-reach", f"from an event's being durable to its being counted, at {LOG_RATE:,} events/s, p99",
            float(np.percentile(reached, 99)) * 1e3, "ms", target=1_000.0,
            baseline="storing it durably alone, p50", ratio=float(np.percentile(reached, 99) / np.median(durable_s)),
            quality={"events lost": lost, "p50 ms": round(float(np.median(reached)) * 1e3, 2)},
            metrics={
                "events/s reached": round(len(reached) * LOG_BATCH / LOG_SECONDS),
                "opened from its file, ms": round(open_s * 1e3, 1),
            },
        )  # fmt: skip


def reach(lake: Lake, live: LiveBehaviour) -> tuple[list[float], list[float], int]:
    """Seconds until counted and until durable of each batch, and how many events were never counted."""
    before, follower = lake.events.count(), follower_of(live)
    follower.start()
    stored: list[tuple[int, float, float]] = []
    stopping = threading.Event()

    def send() -> None:
        began_s, sent = time.perf_counter(), 0
        while (now_s := time.perf_counter()) < began_s + LOG_SECONDS:
            if sent > (now_s - began_s) * LOG_RATE:
                time.sleep(0.001)
                continue
            sent += LOG_BATCH
            batch_of = some(10**7 + sent, LOG_BATCH, sent)
            asked_s = time.perf_counter()
            lake.events.append_soon(batch_of).add_done_callback(
                lambda done, asked_s=asked_s: told(done.result(), asked_s)
            )

    def told(result: Any, asked_s: float) -> None:
        now_s = time.perf_counter()
        stored.append((result.last_offset, now_s, now_s - asked_s))
        follower.poke()

    seen: list[tuple[int, float]] = []

    def watch() -> None:
        while not stopping.is_set():
            if not seen or live.offset > seen[-1][0]:
                seen.append((live.offset, time.perf_counter()))
            time.sleep(0.0005)

    threads = [threading.Thread(target=each) for each in (send, watch)]
    for each in threads:
        each.start()
    threads[0].join()
    end_s = time.monotonic() + 10
    while live.offset < lake.events.last_offset() and time.monotonic() < end_s:
        time.sleep(0.01)
    time.sleep(0.05)
    stopping.set()
    threads[1].join()
    follower.stop()
    offsets, at_s = np.array([each[0] for each in seen]), np.array([each[1] for each in seen])
    counted_s = at_s[np.minimum(np.searchsorted(offsets, [each[0] for each in stored]), len(at_s) - 1)]
    reached = [
        max(counted - done, 0.0) for counted, (_, done, _) in zip(counted_s.tolist(), stored, strict=True)
    ]
    lost = lake.events.last_offset() - live.offset + (before + len(stored) * LOG_BATCH - lake.events.count())
    return reached, [each[2] for each in stored], int(lost)


def some(start: int, count: int, seed: int) -> list[Event]:
    """Drawn events for a real log."""
    rng = np.random.default_rng(seed)
    now_ms = time.time_ns() // 1_000_000
    items, people = (
        rng.integers(0, LOG_ITEMS, count),
        np.minimum(rng.pareto(1.2, count) * 50, 2_000).astype(int),
    )
    actions = rng.choice(len(ACTIONS), count, p=SHARES)
    return [
        Event(event_id=f"e{start + n}", action=ACTIONS[actions[n]], at_ms=now_ms, person_id=f"p{people[n]}", item_id=f"i{items[n]}")
        for n in range(count)
    ]  # fmt: skip


class ByHand:
    """The same definitions with a dict of times and a loop, as one writes them first; no sessions, which costs it less."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._counts: dict[tuple[Any, ...], tuple[float, int]] = defaultdict(lambda: (0.0, -1))
        self._features = [each for each in FEATURES if each.kind is not Kind.SESSION]
        self._codes = [
            frozenset(ACTION_CODES[action] for action in each.tally.actions) for each in self._features
        ]

    def add(self, events: Arrivals) -> None:
        for person, item, action, at_ms in zip(
            events.persons.tolist(),
            events.items.tolist(),
            events.actions.tolist(),
            events.at_ms.tolist(),
            strict=True,
        ):
            for place, feature in enumerate(self._features):
                if action in self._codes[place]:
                    key = (place, *self._key(feature.tally.owner, person, item))
                    value, newest_ms = self._counts[key]
                    span = feature.half_life_ms or DAY_MS
                    if at_ms >= newest_ms:
                        self._counts[key] = (value * 0.5 ** ((at_ms - newest_ms) / span) + 1, at_ms)
                    else:
                        self._counts[key] = (value + 0.5 ** ((newest_ms - at_ms) / span), newest_ms)

    def read(self, person: int, items: np.ndarray, t_ms: int) -> list[list[float]]:
        rows = []
        for item in items.tolist():
            row = []
            for place, feature in enumerate(self._features):
                value, newest_ms = self._counts.get(
                    (place, *self._key(feature.tally.owner, person, item)), (0.0, -1)
                )
                if feature.kind is Kind.SINCE:
                    row.append((t_ms - newest_ms) / 1_000 if newest_ms >= 0 else NEVER)
                else:
                    row.append(value * 0.5 ** ((t_ms - newest_ms) / feature.half_life_ms) if value else 0.0)
            rows.append(row)
        return rows

    def _key(self, owner: Owner, person: int, item: int) -> tuple[int, ...]:
        if owner is Owner.PERSON:
            return (person,)
        if owner is Owner.ITEM:
            return (item,)
        if owner is Owner.PERSON_ITEM:
            return (person, item)
        of = self._sides.categories if owner is Owner.PERSON_CATEGORY else self._sides.owners
        return (person, int(of[item]))


def timed_s(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def processor_s(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


if __name__ == "__main__":
    sys.exit(main())
