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
from collections.abc import Iterator, Sequence
from pathlib import Path

import hour_plot
import record
from hour_lines import SHARE_OF_CAPACITY, Hour, Tried, lines, minutes
from lasting import Line, Row, by_the_clock, percentiles
from mixed import Mixed
from moments import Standing
from served import stopped
from synthetic_lake import ids_of, lake_apart

RATES = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150)
PEOPLE, PAGES, TRIES, MEMORY_EVERY_S = 60, 240, 2, 2.0
SETTINGS: dict[str, object] = {"queue_limit": 256}


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
    parser.add_argument("--pages", type=int, default=PAGES, help="looked at beforehand")
    parser.add_argument("--epochs", type=int, default=3, help="most epochs of a training")
    parser.add_argument("--plot", type=Path, help="draw p99 and memory over the minutes into this SVG")
    args = parser.parse_args()
    with lake_apart(args.lakes, args.items, args.lake) as path:
        items = ids_of(path)
        standing = Standing(path, args.epochs, args.moments, SETTINGS)
        try:
            mixed = Mixed(standing.served, items, args.people)
            asyncio.run(_looked_around(mixed, standing.served.port, args.pages))
            ladder = list(capacity(mixed, standing.served.port, args.rates, args.seconds_a_rate))
            carried = max((each.per_second for each in ladder if each.is_carried), default=args.rates[0])
            hour = asyncio.run(_hour(mixed, standing, ladder, carried, args.minutes * 60))
        finally:
            standing.end()
            stopped(standing.process)
        promised = mixed.promised.broken(path)
    record.write(lines(hour, promised), args.out)
    if args.plot:
        hour_plot.draw(minutes(hour), hour.moments, hour.memory, hour.began_s, args.plot)
    is_broken = any(count for what, count in promised.items() if what.endswith("lost"))
    return int(is_broken or not all(moment.is_good for moment in hour.moments))


def capacity(mixed: Mixed, port: int, rates: Sequence[float], seconds: float) -> Iterator[Tried]:
    """Each rate, until one is not carried twice: what else runs on the machine may have had its moment."""
    for rate in rates:
        for _ in range(TRIES):
            tried = Tried(rate, asyncio.run(_load(mixed, port, rate, seconds)))
            told = "carried" if tried.is_carried else "not carried"
            print(f"{rate:g}/s: {percentiles(tried.rows)}, {told}", file=sys.stderr, flush=True)
            yield tried
            if tried.is_carried:
                break
        else:
            return


async def _looked_around(mixed: Mixed, port: int, pages: int) -> None:
    line = Line(port)
    await mixed.look_around(line, pages)
    line.close()


async def _load(mixed: Mixed, port: int, rate: float, seconds: float) -> list[Row]:
    line = Line(port)

    async def send(_: int, due_s: float) -> None:
        await mixed.send(line, due_s)

    await by_the_clock(max(int(rate * seconds), 1), rate, send)
    line.close()
    return line.rows


async def _hour(
    mixed: Mixed, standing: Standing, ladder: list[Tried], carried: float, seconds: float
) -> Hour:
    beside = [
        threading.Thread(target=standing.happen, args=(seconds,), daemon=True),
        threading.Thread(target=standing.watch, args=(MEMORY_EVERY_S,), daemon=True),
    ]
    began_s = time.perf_counter()
    for thread in beside:
        thread.start()
    rows = await _load(mixed, standing.served.port, carried * SHARE_OF_CAPACITY, seconds)
    standing.end()
    for thread in beside:
        await asyncio.to_thread(thread.join)
    return Hour(
        mixed.items,
        ladder,
        carried,
        began_s,
        rows,
        standing.moments,
        standing.left_out,
        standing.memory,
        mixed.rankers,
    )


if __name__ == "__main__":
    sys.exit(main())
