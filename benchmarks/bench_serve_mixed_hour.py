"""Does a server hold for an hour under mixed load, while rankers are swapped, tables compacted and processes killed?

First it is measured what the machine carries: the mixed load (`mixed.py`) at rising rates, by the clock. Then 70 % of that
goes on for `--minutes`, and at stated times (`moments.py`) a ranker is trained in another process and swapped in, the
indexes are built anew, the tables are compacted, and the training, the maintenance process, the decoding process and
the server are killed with SIGKILL and begun again. Told are: failures by kind, within the server's restart and outside
of it; p50 and p99 of each minute, outside and inside of the moments; how many of the events, saves and items that were
answered as stored are missing afterwards; how the server's memory grows, by a line fitted to all of its lives with a level
for each (interval: bootstrap over blocks of a minute). The baseline of latency is the same load outside of the moments.

Run: python benchmarks/bench_serve_mixed_hour.py [--minutes M] [--items N] [--plot FILE] [--out FILE]
"""

import asyncio
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hour_plot
import numpy as np
import record
from hour_plot import Minute
from lasting import Line, Row, by_the_clock, percentiles
from mixed import SHARES, Mixed
from moments import Memory, Moment, Standing
from served import stopped
from synthetic_lake import ids_of, lake_apart

RATES = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150)
SHARE_OF_CAPACITY, P99_MS = 0.7, 500.0
PEOPLE, WARM_S, MEMORY_EVERY_S, LEAST_MINUTES = 60, 60.0, 2.0, 5
SETTINGS: dict[str, object] = {"queue_limit": 256}


@dataclass(frozen=True, slots=True)
class Hour:
    """What the load saw, and what happened meanwhile."""

    began_s: float
    rows: list[Row]
    moments: list[Moment]
    left_out: list[str]
    memory: Memory
    rankers: dict[str, float]


def main() -> int:
    """Writes the lines; 1 if anything promised is missing, or a moment failed."""
    parser = record.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--lakes", type=Path, default=Path(tempfile.gettempdir()) / "bowerbird-lakes")
    parser.add_argument(
        "--lake", type=Path, help="a lake of your own, which is copied, in place of a synthetic one"
    )
    parser.add_argument(
        "--rates", type=float, nargs="+", default=RATES, help="requests a second, for the capacity"
    )
    parser.add_argument("--seconds-a-rate", type=float, default=10.0)
    parser.add_argument("--moments", default="", help="only those with this word in their names")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--epochs", type=int, default=3, help="most epochs of a training")
    parser.add_argument("--plot", type=Path, help="draw p99 and memory over the minutes into this SVG")
    args = parser.parse_args()
    with lake_apart(args.lakes, args.items, args.lake) as path:
        items = ids_of(path)
        standing = Standing(path, args.epochs, args.moments, SETTINGS)
        try:
            mixed = Mixed(standing.served, items, args.people)
            ladder = list(capacity(mixed, standing.served.port, args.rates, args.seconds_a_rate))
            carried = max((rate for rate, _, is_carried in ladder if is_carried), default=args.rates[0])
            hour = asyncio.run(_hour(mixed, standing, carried * SHARE_OF_CAPACITY, args.minutes * 60))
        finally:
            standing.end()
            stopped(standing.process)
        promised = mixed.promised.broken(path)
    record.write(lines(hour, ladder, carried, promised, len(items)), args.out)
    if args.plot:
        hour_plot.draw(minutes(hour), hour.moments, hour.memory, hour.began_s, args.plot)
    is_broken = any(count for what, count in promised.items() if what.endswith("lost"))
    return int(is_broken or not all(moment.is_good for moment in hour.moments))


def capacity(
    mixed: Mixed, port: int, rates: Sequence[float], seconds: float
) -> Iterator[tuple[float, dict[str, float], bool]]:
    """Each rate with its percentiles and whether it is carried: all answered in full, p99 ≤ the bound."""
    for rate in rates:
        rows = asyncio.run(_load(mixed, port, rate, seconds))
        found = percentiles(rows)
        is_carried = all(row.is_good for row in rows) and found["p99_ms"] <= P99_MS
        print(
            f"{rate:g}/s: {found}, {'carried' if is_carried else 'not carried'}", file=sys.stderr, flush=True
        )
        yield rate, found, is_carried
        if not is_carried:
            return


async def _load(mixed: Mixed, port: int, rate: float, seconds: float) -> list[Row]:
    line = Line(port)

    async def send(_: int, due_s: float) -> None:
        await mixed.send(line, due_s)

    await by_the_clock(max(int(rate * seconds), 1), rate, send)
    line.close()
    return line.rows


async def _hour(mixed: Mixed, standing: Standing, rate: float, seconds: float) -> Hour:
    beside = [
        threading.Thread(target=standing.happen, args=(seconds,), daemon=True),
        threading.Thread(target=standing.watch, args=(MEMORY_EVERY_S,), daemon=True),
    ]
    began_s = time.perf_counter()
    for thread in beside:
        thread.start()
    rows = await _load(mixed, standing.served.port, rate, seconds)
    standing.end()
    for thread in beside:
        await asyncio.to_thread(thread.join)
    rankers = {name: at_s - began_s for name, at_s in mixed.rankers.items()}
    return Hour(began_s, rows, standing.moments, standing.left_out, standing.memory, rankers)


def lines(
    hour: Hour,
    ladder: list[tuple[float, dict[str, float], bool]],
    carried: float,
    promised: dict[str, int],
    items: int,
) -> Iterator[dict[str, Any]]:
    """What came of it."""
    seconds = max(row.end_s for row in hour.rows) - hour.began_s
    inside = [row for row in hour.rows if any(moment.holds(row.due_s, row.end_s) for moment in hour.moments)]
    outside = [
        row for row in hour.rows if not any(moment.holds(row.due_s, row.end_s) for moment in hour.moments)
    ]
    failed = [row for row in hour.rows if not row.is_good]
    gaps = [moment for moment in hour.moments if moment.is_gap]
    unexcused = [row for row in failed if not any(gap.holds(row.due_s, row.end_s) for gap in gaps)]
    what = f"mixed load at {SHARE_OF_CAPACITY:.0%} of what is carried"
    facts = {
        "items": items,
        "minutes": round(seconds / 60, 1),
        "per_second": round(carried * SHARE_OF_CAPACITY, 1),
    }
    quality = {"answers": len(hour.rows), "failed outside of a restart": len(unexcused), **promised}
    yield record.line(
        "S-mixed", f"mixed requests a second, many clients, p99 ≤ {P99_MS:.0f} ms", carried, "per s",
        quality={"failed": 0}, shares=SHARES, items=items,
        ladder={f"{rate:g}": {**found, "carried": is_carried} for rate, found, is_carried in ladder},
    )  # fmt: skip
    yield record.line(
        "S-mixed", f"{what}: failures outside of a server's restart", len(unexcused), "of all answers", target=0,
        quality=quality, failures=_counted(unexcused), failures_in_a_restart=_counted([r for r in failed if r not in unexcused]),
        moments=[
            {"name": m.name, "at_s": round(m.from_s - hour.began_s, 1), "seconds": round(m.to_s - m.from_s, 1), "told": m.told}
            for m in hour.moments
        ], left_out=hour.left_out, rankers={name: round(at_s, 1) for name, at_s in hour.rankers.items()}, **facts,
    )  # fmt: skip
    lost = sum(count for name, count in promised.items() if name.endswith("lost"))
    answered = sum(count for name, count in promised.items() if name.endswith("answered"))
    yield record.line(
        "S-mixed", f"{what}: answered as stored, and missing afterwards", lost, f"of {answered:,}", target=0, quality=promised,
        **facts,
    )  # fmt: skip
    calm, busy = percentiles(outside), percentiles(inside)
    for name in ("p50_ms", "p99_ms"):
        for where, found, base in (("outside of", calm, calm), ("inside of", busy, calm)):
            if found and base:
                yield record.line(
                    "S-mixed", f"{what}: {where} moments, {name.removesuffix('_ms')}", found[name], "ms",
                    baseline="outside of moments", ratio=found[name] / base[name], quality=quality,
                    by_kind={kind: percentiles([r for r in (outside if where.startswith("out") else inside) if r.kind == kind]) for kind in SHARES},
                    **facts,
                )  # fmt: skip
    yield from _memory_line(hour.memory, what, facts)


def _memory_line(memory: Memory, what: str, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at_s, mb, life = np.array(memory.at_s), np.array(memory.server_mb), np.array(memory.life)
    starts = np.array([at_s[life == each].min() for each in life])
    is_warm = at_s - starts >= WARM_S
    if len(np.unique(at_s[is_warm] // 60)) < LEAST_MINUTES:
        return  # a line through less says nothing
    grown, low, high = growth(at_s[is_warm], mb[is_warm], life[is_warm])
    yield record.line(
        "S-mixed", f"{what}: the server's memory grows by", grown, "MB an hour", interval={"95 %": [round(low, 1), round(high, 1)]},
        quality={"MB at first": round(float(mb[is_warm][0]), 1), "MB at last": round(float(mb[-1]), 1), "MB at most": round(float(mb.max()), 1),
                 "MB at most, with its children": round(float(max(memory.all_mb)), 1)}, lives=int(life.max()) + 1, **facts,
    )  # fmt: skip


def growth(at_s: np.ndarray, mb: np.ndarray, life: np.ndarray) -> tuple[float, float, float]:
    """MB an hour, common to all lives, each with a level of its own; with an interval over blocks of a minute."""
    levels = (life[:, None] == np.unique(life)[None, :]).astype(float)  # [T, lives]
    known = np.column_stack([(at_s - at_s[0]) / 3600, levels])

    def slope(rows: np.ndarray) -> float:
        return float(np.linalg.lstsq(known[rows], mb[rows], rcond=None)[0][0])

    # What lasts for seconds is not counted as so many looks: whole minutes are drawn.
    rng, minute = np.random.default_rng(0), (at_s // 60).astype(int)
    blocks = [np.flatnonzero(minute == each) for each in np.unique(minute)]
    drawn = [
        slope(np.concatenate([blocks[each] for each in rng.integers(0, len(blocks), len(blocks))]))
        for _ in range(1_000)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return slope(np.arange(len(mb))), float(low), float(high)


def minutes(hour: Hour) -> list[Minute]:
    """Each minute with p50 and p99 of what was due in it, and how much of it failed."""
    of: dict[int, list[Row]] = {}
    for row in hour.rows:
        of.setdefault(int((row.due_s - hour.began_s) // 60), []).append(row)
    made = []
    for minute, rows in sorted(of.items()):
        found = percentiles(rows)
        failed = sum(not row.is_good for row in rows)
        made.append(Minute(minute, found.get("p50_ms", np.nan), found.get("p99_ms", np.nan), failed))
    return made


def _counted(rows: list[Row]) -> dict[str, int]:
    return {
        f"{kind} {outcome}": count
        for (kind, outcome), count in Counter((r.kind, r.outcome) for r in rows).items()
    }


if __name__ == "__main__":
    sys.exit(main())
