"""How long from an event to a page that has changed by it, while thousands of events a second come in (P9)?

A real server in its own process. Batches of events leave by the clock at rising rates, spread over many people; what the
machine carries is the highest rate at which every batch is answered with 202 within a second (p99). Meanwhile probes,
each somebody new, send one event and ask for the feed again and again: a save has changed the page when a reason on it names
the saved item as its evidence; a hide when the item that headed two pages in a row is gone. The times told are those at
the goal's rate (or below it, where that is not carried); the baseline is the same probes without any load. At the end every event that was answered with 202 is looked for in the log.

Last, how many events a second the log takes in without HTTP, beside the same rows put into bare SQLite with the same
promise (WAL, synchronous FULL, as many rows a commit).

Run: python benchmarks/bench_serve_event_to_page.py [--items N] [--seconds S] [--rates R …] [--out FILE]
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import record
from lasting import Line, Row, by_the_clock, percentiles
from load import Ask
from served import Served, serving
from synthetic_lake import ids_of, lake_apart

from bowerbird.core.actions import Action
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event

BATCH, PEOPLE, PROBES_PER_SECOND, PAGES_A_PROBE = 50, 500, 4.0, 20
RATES = (1_000, 2_500, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000)
GOAL_PER_SECOND, INGEST_GOAL_PER_SECOND = 5_000, 50_000
P99_OF_BATCHES_MS = 1_000.0
ACTIONS, SHARES = ("impression", "closeup", "save"), (0.8, 0.15, 0.05)
PAGE = "/v1/feed?limit=25"


@dataclass(frozen=True, slots=True)
class Changed:
    """How long one probe took, in ms; `nan` where no page of it changed."""

    sent_to_page_ms: float
    answer_to_page_ms: float


@dataclass(frozen=True, slots=True)
class Stage:
    """What came of one rate."""

    per_second: float
    batches: list[Row]
    seconds: float
    saves: list[Changed]
    hides: list[Changed]

    @property
    def is_carried(self) -> bool:
        """Every batch was stored, and soon."""
        return all(row.is_good for row in self.batches) and self.p99_ms <= P99_OF_BATCHES_MS

    @property
    def p99_ms(self) -> float:
        """Of the batches, from when each was due to its answer."""
        return percentiles(self.batches).get("p99_ms", float("inf"))


def main() -> int:
    """Writes the lines; 1 if an answered event is not in the log."""
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--lakes", type=Path, default=Path(tempfile.gettempdir()) / "bowerbird-lakes")
    parser.add_argument("--seconds", type=float, default=30.0, help="at each rate")
    parser.add_argument(
        "--lake", type=Path, help="a lake of your own, which is copied, in place of a synthetic one"
    )
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="events a second")
    parser.add_argument("--people", type=int, default=PEOPLE, help="who the events are of")
    parser.add_argument("--ingest-events", type=int, default=200_000)
    args = parser.parse_args()
    with lake_apart(args.lakes, args.items, args.lake) as path:
        run = Run(path)
        with serving(path, queue_limit=256, queue_wait_ms=10_000) as served:
            run.measure(served, args.people, args.rates, args.seconds)
        lost = len(run.lost())
        record.write(run.lines(lost), args.out)
    record.write(ingest_lines(args.ingest_events), args.out)
    return int(lost > 0)


class Run:
    """One server, rate after rate."""

    def __init__(self, path: Path) -> None:
        self._path, self._items = path, ids_of(path)
        self._rng = np.random.default_rng(0)
        self._answered: set[str] = set()
        self._idle = Stage(0, [], 0, [], [])
        self._stages: list[Stage] = []

    def measure(self, served: Served, people: int, rates: Sequence[int], seconds: float) -> None:
        """All rates in order, until one is not carried."""
        tokens = [str(served.get("/v1/me")["token"]) for _ in range(people)]
        self._idle = asyncio.run(self._stage(served, tokens, 0, seconds))
        for rate in rates:
            self._stages.append(asyncio.run(self._stage(served, tokens, rate, seconds)))
            tell(f"{rate:,} events/s: batches p99 {self._stages[-1].p99_ms:.0f} ms")
            if not self._stages[-1].is_carried:
                return

    async def _stage(self, served: Served, people: list[str], rate: float, seconds: float) -> Stage:
        newcomers = [
            str(served.get("/v1/me")["token"]) for _ in range(max(int(seconds * PROBES_PER_SECOND), 1))
        ]
        batches = [self._batch() for _ in range(int(rate * seconds / BATCH))]
        line, probing = Line(served.port), Line(served.port)
        saves: list[Changed] = []
        hides: list[Changed] = []

        async def post(place: int, due_s: float) -> None:
            ids, body = batches[place]
            row, _ = await line.ask(
                "events", Ask.json("/v1/events", people[place % len(people)], body), due_s
            )
            if row.is_good:
                self._answered.update(ids)

        async def probe(place: int, _: float) -> None:
            await self._probe(probing, newcomers[place], saves, hides)

        began = time.perf_counter()
        probes = by_the_clock(len(newcomers), PROBES_PER_SECOND, probe)
        await asyncio.gather(by_the_clock(len(batches), max(rate / BATCH, 1), post), probes)
        seconds = time.perf_counter() - began
        line.close()
        probing.close()
        return Stage(rate, line.rows, seconds, saves, hides)

    def _batch(self) -> tuple[list[str], bytes]:
        actions = self._rng.choice(ACTIONS, BATCH, p=SHARES)
        events = [self._event(str(action), self._any_item()) for action in actions]
        return [str(event["event_id"]) for event in events], orjson.dumps({"events": events})

    def _any_item(self) -> str:
        return self._items[int(self._rng.integers(len(self._items)))]

    def _event(self, action: str, item: str) -> dict[str, object]:
        name = f"e{int(self._rng.integers(2**62)):x}"
        return {"event_id": name, "action": action, "at_ms": int(time.time() * 1000), "item_id": item}

    async def _probe(self, line: Line, person: str, saves: list[Changed], hides: list[Changed]) -> None:
        """Saves, waits until a page says so; then hides what heads it, and waits until it is gone."""
        saved = self._any_item()
        evidence = f'"{saved}"]'.encode()
        change, page = await self._until_changed(line, person, "save", saved, lambda body: evidence in body)
        saves.append(change)
        _, again = await line.ask("feed", Ask.get(PAGE, person))
        both = [item for item in _ids(page) if item in _ids(again)]
        if both:
            change, _ = await self._until_changed(
                line, person, "hide", both[0], lambda body: bool(_ids(body)) and both[0] not in _ids(body)
            )
            hides.append(change)

    async def _until_changed(
        self, line: Line, person: str, action: str, item: str, has_changed: Any
    ) -> tuple[Changed, bytes]:
        event = self._event(action, item)
        sent_s = time.perf_counter()
        row, _ = await line.ask(
            "event", Ask.json("/v1/events", person, orjson.dumps({"events": [event]})), sent_s
        )
        if row.is_good:
            self._answered.add(str(event["event_id"]))
            for _ in range(PAGES_A_PROBE):
                shown, body = await line.ask("feed", Ask.get(PAGE, person))
                if has_changed(body):
                    times = ((shown.end_s - sent_s) * 1000, (shown.end_s - row.end_s) * 1000)
                    return Changed(*times), body
        return Changed(float("nan"), float("nan")), b""

    def lost(self) -> set[str]:
        """Events that were answered with 202 and are not in the log."""
        with Lake.open(self._path) as lake:
            return self._answered - {event.event_id for _, event in lake.events.replay()}

    def lines(self, lost: int) -> Iterator[dict[str, Any]]:
        """What the machine carries, and how soon pages follow."""
        carried = [stage for stage in self._stages if stage.is_carried]
        best = carried[-1] if carried else self._idle
        told = ([self._idle] + [stage for stage in carried if stage.per_second <= GOAL_PER_SECOND])[-1]
        ladder = {f"{stage.per_second:g}": round(stage.p99_ms, 1) for stage in self._stages}
        truth = {"events answered": len(self._answered), "of them lost": lost}
        yield record.line(
            "P9", f"events a second over HTTP in batches of {BATCH}, durable and applied, p99 ≤ 1 s",
            best.per_second, "per s", target=GOAL_PER_SECOND, better="higher", quality=truth, items=len(self._items),
            p99_ms_by_rate=ladder, **percentiles(best.batches),
        )  # fmt: skip
        for name, of in (("save", "saves"), ("hide", "hides")):
            idle = getattr(self._idle, of)
            yield from self._page_lines(name, getattr(told, of), idle, told.per_second, truth)

    def _page_lines(
        self, action: str, found: list[Changed], idle: list[Changed], rate: float, truth: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        sent = np.array([each.sent_to_page_ms for each in found])
        answered = np.array([each.answer_to_page_ms for each in found])
        alone = np.array([each.sent_to_page_ms for each in idle])
        if np.isnan(sent).all() or np.isnan(alone).all():
            tell(f"{action}: no page changed")
            return
        quality = {**truth, "probes": len(sent), "pages never changed": int(np.isnan(sent).sum())}
        for name, percent, target in (("p50", 50, 100.0), ("p99", 99, 1_000.0)):
            value, base = np.nanpercentile(sent, percent), np.nanpercentile(alone, percent)
            yield record.line(
                "P9", f"from a {action} that is sent to a page changed by it, at {rate:,.0f} events/s: {name}", value, "ms",
                target=target, baseline="without load", ratio=value / base, quality=quality, items=len(self._items),
                events_per_second=rate, from_the_answer_ms=round(float(np.nanpercentile(answered, percent)), 2),
            )  # fmt: skip


def ingest_lines(count: int) -> Iterator[dict[str, Any]]:
    """The log alone: appends of 500 events, several under way, until all are durable."""
    events = [
        Event(
            event_id=f"e{number}",
            action=Action.CLOSEUP,
            at_ms=number,
            person_id=f"p{number % 1000}",
            item_id="i",
        )
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        with Lake.open(Path(folder) / "lake", create=True) as lake:
            began = time.perf_counter()
            waiting = [lake.events.append_soon(events[at : at + 500]) for at in range(0, count, 500)]
            accepted = sum(each.result().accepted for each in waiting)
            seconds = time.perf_counter() - began
            commits, there = lake.events.group_commits(), lake.events.count()
        bare = _bare_seconds(Path(folder) / "bare.db", events, rows_a_commit=max(count // max(commits, 1), 1))
    yield record.line(
        "P9", "events a second into the log, without HTTP, durable", accepted / seconds, "per s",
        target=INGEST_GOAL_PER_SECOND, better="higher", baseline="the same rows into bare SQLite", ratio=bare / seconds,
        quality={"appended": count, "in the log": there, "commits": commits},
    )  # fmt: skip


def _bare_seconds(path: Path, events: Sequence[Event], *, rows_a_commit: int) -> float:
    rows = [
        (event.event_id, event.person_id, event.model_dump_json(exclude_defaults=True)) for event in events
    ]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE e (o INTEGER PRIMARY KEY AUTOINCREMENT, i TEXT NOT NULL UNIQUE, p TEXT, b BLOB)"
    )
    began = time.perf_counter()
    for at in range(0, len(rows), rows_a_commit):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO e (i, p, b) VALUES (?, ?, ?)", rows[at : at + rows_a_commit]
        )
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _ids(body: bytes) -> list[str]:
    shown = orjson.loads(body).get("items", []) if body else []
    return [each["item"]["id"] for each in shown]


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
