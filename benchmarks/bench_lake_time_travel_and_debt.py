"""What does compaction debt cost a word search and a read, and what does reading as of an earlier version cost?

One lake, the same items: as it is after maintenance, and as it is after so many small writes by a writer that
nobody tidies up after. Searches and reads are made of both in turn, so that the machine's load falls on both.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import record

from bowerbird.lake.config import LakeConfig
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.tags import make_tag
from bowerbird.lake.types import ItemFields

THINGS = ("vase", "lamp", "chair", "rug", "bowl", "clock", "shelf", "basket", "tray", "jug")
NEVER = LakeConfig(upkeep_writes=1_000_000, upkeep_rows=100_000_000, index_rows=100_000_000)


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--writes", type=int, default=150)
    parser.add_argument("--rows-a-write", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record.write(lines(Path(folder), args.items, args.writes, args.rows_a_write, args.rounds), args.out)


def lines(folder: Path, items: int, writes: int, rows: int, rounds: int) -> Iterator[dict[str, object]]:
    """Search and read with and without debt, and as of a tag."""
    with (
        Lake.open(folder / "tidy", create=True, config=NEVER) as tidy,
        Lake.open(folder / "debt", create=True, config=NEVER) as debt,
    ):
        for lake in (tidy, debt):
            for start in range(0, items, 5_000):
                put_items(lake, some(start, min(5_000, items - start)))
            lake.maintain()
            make_tag(lake.place, "before", lake.clock)
            for n in range(writes):
                put_items(lake, some(items + n * rows, rows))
        tidy.maintain()
        left = debt.items.debt()
        ids = [f"i{n}" for n in range(0, items, max(items // 25, 1))][:25]
        facts = {
            "items": items + writes * rows,
            "fragments": left.fragments,
            "unindexed_rows": left.unindexed_rows,
        }
        acts: dict[str, Callable[[Lake], object]] = {
            "word search, top 20": lambda lake: lake.items.search_words("blue lamp", 20),
            "take 25 items by id": lambda lake: lake.items.take(ids, ["id", "title"]),
            "read one column of all items": lambda lake: lake.items.read(["number"]),
        }
        for name, act in acts.items():
            with_debt, without = in_turn(lambda: act(debt), lambda: act(tidy), rounds)  # noqa: B023
            for what, quantile in (("p50", 0.5), ("p99", 0.99)):
                yield record.line(
                    "debt", f"{name}, with compaction debt, {what}", at(with_debt, quantile), "ms",
                    baseline="after maintenance", ratio=at(with_debt, quantile) / at(without, quantile),
                    without_ms=round(at(without, quantile), 2), **facts,
                )  # fmt: skip
        then = tidy.at("before")
        yield from as_of(tidy, then.take, ids, rounds, facts)


def as_of(
    lake: Lake,
    take: Callable[[list[str], list[str]], object],
    ids: list[str],
    rounds: int,
    facts: dict[str, int],
) -> Iterator[dict[str, object]]:
    """The same read of now and of the tag, and opening the view."""
    earlier, now = in_turn(
        lambda: take(ids, ["id", "title"]), lambda: lake.items.take(ids, ["id", "title"]), rounds
    )
    yield record.line(
        "as-of", "take 25 items by id as of a tag, p50", at(earlier, 0.5), "ms", baseline="the same of now",
        ratio=at(earlier, 0.5) / at(now, 0.5), now_ms=round(at(now, 0.5), 2), **facts,
    )  # fmt: skip
    opening, _ = in_turn(lambda: lake.at("before"), lambda: None, min(rounds, 20))
    yield record.line(
        "as-of", "find what a tag stands for, p50", at(opening, 0.5), "ms", baseline="taking 25 items by id",
        ratio=at(opening, 0.5) / at(now, 0.5), **facts,
    )  # fmt: skip


def in_turn(
    one: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of each round, sorted; the first round of each is not counted."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for act, into in zip((one, other), took, strict=True):
            started = time.perf_counter()
            act()
            into.append((time.perf_counter() - started) * 1000)
    return sorted(took[0][1:]), sorted(took[1][1:])


def at(sorted_ms: list[float], quantile: float) -> float:
    """The value at a quantile; with few rounds p99 is the largest."""
    return statistics.quantiles(sorted_ms, n=100, method="inclusive")[round(quantile * 100) - 1]


def some(first: int, count: int) -> list[StoredItem]:
    """Items whose words repeat."""
    colours = ("red", "blue", "green", "black", "white")
    return [
        StoredItem(ItemFields(id=f"i{n}", title=f"{colours[n % 5]} {THINGS[n % 10]} {n}"))
        for n in range(first, first + count)
    ]


if __name__ == "__main__":
    main()
