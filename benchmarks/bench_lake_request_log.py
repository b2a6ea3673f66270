"""What does the request log cost a page, and how small are the tables that rankers learn from?

Cost on the request path: building a record of 400 candidates, with nine features and six heads, and handing it over, beside the page itself as P4
measures it. The writer: records made durable a second, where as many are offered as it takes. Size: bytes a
request in the spool and in files of days. Tables: what is true of the person (id, time, history of 100 actions,
models) once a request, beside the same columns in Parquet with one row an impression, as they come and in the
shuffled order that training needs; both zstd. Quality: nothing dropped, nothing lost, the same rows read back.

Run: python benchmarks/bench_lake_request_log.py [--requests N] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import record

from bowerbird.blend import Placement, Reason
from bowerbird.core.actions import Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.request import FeedRequest
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.lake import Lake
from bowerbird.lake.request_log import RequestLog, RequestRecord
from bowerbird.lake.types import Event
from bowerbird.learn.requests import RequestTable, RequestTableConfig, make_request_table
from bowerbird.rank import FEATURES, Ranked
from bowerbird.rank.ranker import HEADS
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed.drawing import Policy
from bowerbird.surfaces.feed.recorded import feed_record
from bowerbird.surfaces.feed.sources import SOURCE_NAMES

ITEMS, PEOPLE, CANDIDATES, SHOWN, ACTIONS = 100_000, 500, 400, 25, 100
DAY_MS = 86_400_000
MODELS = {
    "look": "lite0-int8.9f3a.5be0.a1b2",
    "words": "minilm.77aa.12cd",
    "ranker": "linear-1",
    "diversity": "ssd",
}
MATRICES = {"features": FEATURES, "heads": HEADS}
REASON = Reason("saved", "Because you saved a red vase")
PERSON = (
    "request_id", "person_id", "at_ms", "surface", "policy_id", "feature_set", "models", "candidates", "seed",
    "features_hash", "about", "source_names", "head_names", "reason_names", "feature_names", "history_numbers",
    "history_actions", "history_at_ms",
)  # fmt: skip


def main() -> int:
    """Writes one line a question."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    made = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record.write(lines(Path(folder), made.requests), made.out)
    return 0


def lines(folder: Path, requests: int) -> Iterator[dict[str, Any]]:
    """Of the request path, the writer, the sizes and the tables."""
    clock = HeldClock()
    config = LakeConfig(request_queue=requests, keep_requests_days=10_000)
    with Lake.open(folder / "lake", create=True, clock=clock, config=config) as lake:
        yield _handed_over(folder)
        yield from _written(lake, requests)
        lake.records.numbers.allocate([f"item-{n}" for n in range(ITEMS)])
        _acted(lake)
        yield from _tables(lake, folder)


def _request(rng: np.random.Generator, n: int) -> tuple[Any, ...]:
    """Arguments of `feed_record` as the feed has them: candidates by value, 25 of the best shown."""
    numbers = np.unique((ITEMS * rng.random(CANDIDATES + 60) ** 2).astype(np.int64))[:CANDIDATES]
    rng.shuffle(numbers)
    count = len(numbers)
    values = np.sort(rng.random(count, dtype=np.float32))[::-1]
    sources = rng.integers(0, len(SOURCE_NAMES), count)
    found = Candidates(
        numbers, rng.random(count, dtype=np.float32), sources, SOURCE_NAMES, np.full(count, -1, np.int64)
    )
    rows = np.sort(rng.permutation(min(3 * SHOWN, count))[:SHOWN])
    placements = tuple(
        Placement(int(numbers[row]), slot, "organic", "interests", 0.5, 0.5, REASON)
        for slot, row in enumerate(rows)
    )
    at_ms = HeldClock().now_ms() - 4 * DAY_MS + n * 60_000 % (2 * DAY_MS)
    request = FeedRequest(f"person_{n % PEOPLE:026d}", SHOWN, at_ms, request_id=f"req_{n:026d}")
    features = rng.random((count, len(FEATURES)), dtype=np.float32)
    return (
        request,
        Ranked(numbers, values, found),
        features,
        rng.random((count, len(HEADS)), dtype=np.float32),
        rows,
        placements,
        Policy("linear-1/ssd"),
        MODELS,
        n,
    )


def _handed_over(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    (folder / "path").mkdir()
    log = RequestLog(folder / "path", LakeConfig(request_queue=5_000), HeldClock())
    pages = [_request(rng, n) for n in range(3_000)]
    took = np.empty(len(pages))
    for n, page in enumerate(pages):
        started = time.perf_counter()
        log(feed_record(*page))
        took[n] = time.perf_counter() - started
        if n % 10 == 0:
            time.sleep(0.02)  # 500 pages a second at most: more than two cores make
    log.close()
    return record.line(
        "request-log-path", "log a page of 400 candidates, on the request path", float(np.median(took)) * 1e6,
        "µs", quality={"dropped": log.counted.dropped, "stored": log.counted.stored},
        metrics={"p99 µs": round(float(np.quantile(took, 0.99)) * 1e6, 1)},
    )  # fmt: skip


def _written(lake: Lake, requests: int) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(2)
    records: list[RequestRecord] = [feed_record(*_request(rng, n)) for n in range(requests)]
    started = time.perf_counter()
    for each in records:
        lake.requests(each)
    lake.requests.flush()
    seconds = time.perf_counter() - started
    counted = lake.requests.counted
    yield record.line(
        "request-log-writer", "records made durable by one thread", requests / seconds, "records/s",
        better="higher", quality={"dropped": counted.dropped, "failed": counted.failed},
    )  # fmt: skip
    spool = (lake.path / "requests.sqlite").stat().st_size
    started = time.perf_counter()
    lake.requests.move()
    moved_s = time.perf_counter() - started
    files = sum(path.stat().st_size for path in (lake.path / "requests").rglob("*.parquet"))
    kept = records[0]
    raw = sum(getattr(kept, name).nbytes for name in ("numbers", "scores", "values", "features")) / len(
        kept.numbers
    )
    raw *= SHOWN + lake.config.keep_unshown
    yield record.line(
        "request-log-bytes", f"a request in files of days: {SHOWN} shown and {lake.config.keep_unshown} others",
        files / requests, "bytes", baseline="the same in the spool", ratio=files / spool,
        quality={"read back": lake.requests.count()},
        metrics={"moved requests/s": round(requests / moved_s), "of them ids, scores, values, features, raw": round(raw)},
    )  # fmt: skip


def _acted(lake: Lake) -> None:
    """150 saves and clicks of each person before, and actions on what was shown."""
    rng = np.random.default_rng(3)
    begin = lake.clock.now_ms() - 30 * DAY_MS
    events = []
    for person in range(PEOPLE):
        for n, number in enumerate((ITEMS * rng.random(150) ** 2).astype(int)):
            events.append(
                _event(
                    f"b{person}-{n}",
                    person,
                    "save" if n % 3 else "click",
                    int(number),
                    begin + n * DAY_MS // 6,
                )
            )
    lake.events.append(events)
    events = []
    for n, each in enumerate(lake.requests.records()):
        for row in each.shown[rng.random(SHOWN) < 0.04]:
            events.append(
                _event(
                    f"a{n}-{row}",
                    int(each.person_id[-26:]),
                    "save",
                    int(each.numbers[row]),
                    each.at_ms + 60_000,
                    each.request_id,
                )
            )
    lake.events.append(events)


def _event(id_: str, person: int, action: str, number: int, at_ms: int, request_id: str = "") -> Event:
    return Event(
        event_id=id_, action=Action(action), at_ms=at_ms, received_ms=at_ms + 1, person_id=f"person_{person:026d}",
        item_id=f"item-{number}", request_id=request_id,
    )  # fmt: skip


def _tables(lake: Lake, folder: Path) -> Iterator[dict[str, Any]]:
    started = time.perf_counter()
    card = make_request_table(
        lake, folder / "table", RequestTableConfig(is_shown_only=True, history_actions=ACTIONS)
    )
    made_s = time.perf_counter() - started
    paths = [folder / "table" / name for name in card.files]
    yield record.line(
        "request-table-made", f"join {card.counts['requests']:,} requests with what followed",
        card.counts["requests"] / made_s, "requests/s", better="higher",
        quality={"labelled": card.counts["labelled"], "named": card.counts["named"]},
    )  # fmt: skip
    by_request, by_row, shuffled = _sizes(paths), *_flat(paths, folder)
    for name, other in (("as they come", by_row), ("shuffled", shuffled)):
        yield record.line(
            "request-table-person", f"columns of the person, beside one row an impression, {name}",
            by_request["person"] / card.counts["requests"], "bytes/request",
            baseline="flat Parquet, zstd", ratio=by_request["person"] / other["person"],
            quality={"times smaller": round(other["person"] / by_request["person"], 1)},
            metrics={"whole table, times smaller": round(other["all"] / by_request["all"], 2)},
        )  # fmt: skip
    read_s, flat_s = _read_s(paths), _read_s([folder / "shuffled.parquet"])
    started = time.perf_counter()
    rows = sum(len(batch.labels) for batch in RequestTable.open(folder / "table").batches())
    batches_s = time.perf_counter() - started
    yield record.line(
        "request-table-read", "read the whole table into memory", read_s, "s", baseline="flat Parquet, shuffled",
        ratio=read_s / flat_s, quality={"impressions": rows, "of": card.counts["shown"]},
        metrics={"as batches of columns s": round(batches_s, 3)},
    )  # fmt: skip


def _flat(paths: list[Path], folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The same with one row an impression: sizes as the rows come, and shuffled."""
    table = pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()
    lengths = np.array([len(each) for each in table["numbers"].to_pylist()])
    rows = pa.array(np.repeat(np.arange(table.num_rows), lengths))
    flat = table.select(list(PERSON)).take(rows)
    for name in table.schema.names:
        if name in PERSON:
            continue
        values = table[name].combine_chunks().flatten()
        if name in MATRICES:  # feature by feature in each request: back to one column each
            names = MATRICES[name]
            parts = [
                np.asarray(each, np.float32).reshape(len(names), -1).T for each in table[name].to_pylist()
            ]
            column = np.concatenate(parts)
            for at, feature in enumerate(names):
                flat = flat.append_column(feature, pa.array(column[:, at]))
        else:
            flat = flat.append_column(name, values)
    found = []
    for name, order in (("flat", None), ("shuffled", np.random.default_rng(0).permutation(len(flat)))):
        path = folder / f"{name}.parquet"
        pq.write_table(
            flat if order is None else flat.take(pa.array(order)),
            path,
            compression="zstd",
            row_group_size=50_000,
        )
        found.append(_sizes([path]))
    return found[0], found[1]


def _sizes(paths: list[Path]) -> dict[str, int]:
    """Compressed bytes of the person's columns, and of all."""
    sizes = {"person": 0, "all": 0}
    for path in paths:
        said = pq.ParquetFile(path).metadata
        for group in range(said.num_row_groups):
            for column in range(said.num_columns):
                chunk = said.row_group(group).column(column)
                sizes["all"] += chunk.total_compressed_size
                if chunk.path_in_schema.split(".")[0] in PERSON:
                    sizes["person"] += chunk.total_compressed_size
    return sizes


def _read_s(paths: list[Path]) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for path in paths:
            pq.read_table(path, use_threads=False)
        best = min(best, time.perf_counter() - started)
    return best


if __name__ == "__main__":
    sys.exit(main())
