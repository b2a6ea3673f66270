"""This file is about what an hour of mixed load says of a server: failures, losses, latency, growth of memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import record
from hour_plot import Minute
from lasting import Row, percentiles
from mixed import SHARES
from moments import Memory, Moment

SHARE_OF_CAPACITY, P99_MS, ITEM_P99_MS = 0.7, 500.0, 5_000.0
SHED = ("503", "degraded")
WARM_S, LEAST_MINUTES = 60.0, 5
WHAT = f"mixed load at {SHARE_OF_CAPACITY:.0%} of what is carried"


@dataclass(frozen=True, slots=True)
class Tried:
    """One rate for a few seconds."""

    per_second: float
    rows: list[Row]

    @property
    def is_carried(self) -> bool:
        """All was answered in full; p99 is within the bound, that of new items within its own."""
        items = percentiles([row for row in self.rows if row.kind == "item"])
        others = percentiles(_but_items(self.rows))
        return (
            all(row.is_good for row in self.rows)
            and others.get("p99_ms", 0.0) <= P99_MS
            and items.get("p99_ms", 0.0) <= ITEM_P99_MS
        )

    def facts(self) -> dict[str, Any]:
        """For a result line."""
        return {"per_second": self.per_second, **percentiles(self.rows), "is_carried": self.is_carried}


@dataclass(frozen=True, slots=True)
class Hour:
    """What the load saw, and what happened meanwhile; times by `time.perf_counter`."""

    items: int
    ladder: list[Tried]
    carried: float
    began_s: float
    rows: list[Row]
    moments: list[Moment]
    left_out: list[str]
    memory: Memory
    rankers: dict[str, float]

    def facts(self) -> dict[str, Any]:
        """For every result line."""
        seconds = max(row.end_s for row in self.rows) - self.began_s
        rate = self.carried * SHARE_OF_CAPACITY
        return {"items": self.items, "minutes": round(seconds / 60, 1), "per_second": round(rate, 1)}

    def told(self) -> list[dict[str, Any]]:
        """The moments, in seconds from the beginning."""
        return [
            {
                "name": each.name,
                "at_s": round(each.from_s - self.began_s, 1),
                "seconds": round(each.to_s - each.from_s, 1),
                "told": each.told,
            }
            for each in self.moments
        ]


def lines(hour: Hour, promised: dict[str, int]) -> Iterator[dict[str, Any]]:
    """What was carried, what failed, what was lost, how long answers took, how memory grew."""
    failed = [row for row in hour.rows if not row.is_good]
    excused = [row for row in failed if _meets(row, [each for each in hour.moments if each.is_gap])]
    wrong = _counted(failed) - _counted(excused)
    shed = sum(count for what, count in wrong.items() if what.split()[1] in SHED)
    unexcused = wrong.total() - shed
    quality = {
        "answers": len(hour.rows), "failed outside of a restart": unexcused, "shed (503, cheaper page)": shed, **promised,
    }  # fmt: skip
    yield record.line(
        "S-mixed", f"mixed requests a second, many clients, p99 ≤ {P99_MS:.0f} ms (new items ≤ {ITEM_P99_MS:.0f})",
        hour.carried, "per s", quality={"failed": 0}, shares=SHARES, ladder=[each.facts() for each in hour.ladder],
        items=hour.items,
    )  # fmt: skip
    yield record.line(
        "S-mixed", f"{WHAT}: failures outside of a server's restart", unexcused, "answers", target=0, quality=quality,
        failures=wrong, failures_in_a_restart=_counted(excused), moments=hour.told(),
        left_out=hour.left_out, rankers={name: round(at_s - hour.began_s, 1) for name, at_s in hour.rankers.items()},
        **hour.facts(),
    )  # fmt: skip
    lost = sum(count for name, count in promised.items() if name.endswith("lost"))
    yield record.line(
        "S-mixed", f"{WHAT}: answered as stored, and missing afterwards", lost, "events, saves, items", target=0,
        quality=promised, **hour.facts(),
    )  # fmt: skip
    yield from _latency_lines(hour, quality)
    yield from _memory_line(hour)


def _latency_lines(hour: Hour, quality: dict[str, Any]) -> Iterator[dict[str, Any]]:
    outside = [row for row in hour.rows if not _meets(row, hour.moments)]
    inside = [row for row in hour.rows if _meets(row, hour.moments)]
    calm = percentiles(_but_items(outside))
    for where, rows in (("outside", outside), ("inside", inside)):
        found = percentiles(_but_items(rows))
        by_kind = {kind: percentiles([row for row in rows if row.kind == kind]) for kind in SHARES}
        for name in found if calm else ():
            yield record.line(
                "S-mixed", f"{WHAT}: all but new items, {where} of moments, {name.removesuffix('_ms')}", found[name], "ms",
                baseline="outside of moments", ratio=found[name] / calm[name], quality=quality, by_kind=by_kind,
                **hour.facts(),
            )  # fmt: skip


def _memory_line(hour: Hour) -> Iterator[dict[str, Any]]:
    memory = hour.memory
    at_s, mb, life = np.array(memory.at_s), np.array(memory.server_mb), np.array(memory.life)
    starts = np.array([at_s[life == each].min() for each in life])
    is_warm = at_s - starts >= WARM_S
    if len(np.unique(at_s[is_warm] // 60)) < LEAST_MINUTES:
        return  # a line through less says nothing
    grown, low, high = growth(at_s[is_warm], mb[is_warm], life[is_warm])
    most = {"MB at most": mb.max(), "MB at most, with its children": max(memory.all_mb)}
    ends = {"MB when warm": mb[is_warm][0], "MB at last": mb[-1], **most}
    yield record.line(
        "S-mixed", f"{WHAT}: the server's memory grows by", grown, "MB an hour",
        interval={"95 %": [round(low, 1), round(high, 1)]}, lives=int(life.max()) + 1,
        quality={name: round(float(value), 1) for name, value in ends.items()}, **hour.facts(),
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
    """Each minute with p50 and p99 of what was due in it, but for new items, and how much of it failed."""
    of: dict[int, list[Row]] = {}
    for row in hour.rows:
        of.setdefault(int((row.due_s - hour.began_s) // 60), []).append(row)
    made = []
    for minute, rows in sorted(of.items()):
        found = percentiles(_but_items(rows))
        failed = sum(not row.is_good for row in rows)
        made.append(Minute(minute, found.get("p50_ms", np.nan), found.get("p99_ms", np.nan), failed))
    return made


def _but_items(rows: list[Row]) -> list[Row]:
    """A new item is encoded and stored in several tables: it takes far longer than all else."""
    return [row for row in rows if row.kind != "item"]


def _meets(row: Row, moments: list[Moment]) -> bool:
    return any(moment.holds(row.due_s, row.end_s) for moment in moments)


def _counted(rows: list[Row]) -> "Counter[str]":
    return Counter(f"{row.kind} {row.outcome}" for row in rows)
