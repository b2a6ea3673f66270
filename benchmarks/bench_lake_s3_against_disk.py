"""What does a lake in a bucket cost beside one on a disk: writes, reads, word searches, copies, backups?

The bucket is moto's server on this machine: a Python emulator without a network. It bounds nothing real in
either direction; the ratios say how many requests an operation makes, not how long S3 takes. Point AWS_ENDPOINT_URL and
`--bucket` at a real one to measure that.
"""

import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import record

from bowerbird.lake.copying.backups import back_up
from bowerbird.lake.copying.copying import copy_lake
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import Address, place_of
from bowerbird.lake.types import ItemFields

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from s3_server import environment_of, new_bucket, running_server

BLOB_BYTES = 100_000
BLOBS_AT_ONCE = 20


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--bucket", help="s3://BUCKET/PREFIX of a real server; without it moto's is started")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.bucket:
            record.write(
                compared(Path(folder), args.bucket, args.items, args.rounds, "as configured"), args.out
            )
            return
        with running_server() as address:
            os.environ.update(environment_of(address))
            bucket = f"s3://{new_bucket(address)}/lake"
            record.write(
                compared(Path(folder), bucket, args.items, args.rounds, "moto on loopback"), args.out
            )


def compared(folder: Path, bucket: str, items: int, rounds: int, server: str) -> Iterator[dict[str, object]]:
    """One line an operation: milliseconds in the bucket, and the ratio to the disk in the same run."""
    on_disk = measured(folder / "disk", None, folder, items, rounds)
    in_bucket = measured(bucket, folder / "home", folder, items, rounds)
    for name, disk_ms in on_disk.items():
        yield record.line(
            "s3",
            f"{name}, lake in a bucket ({server})",
            in_bucket[name],
            "ms",
            baseline="the same on this disk",
            ratio=in_bucket[name] / disk_ms,
            disk_ms=round(disk_ms, 2),
            items=items,
        )


def measured(where: Address, home: Path | None, folder: Path, items: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of each operation."""
    target = itertools.count()
    with Lake.open(where, create=True, home=home) as lake:
        put_items(lake, [StoredItem(ItemFields(id=f"i{n}", title=f"Red vase {n}")) for n in range(items)])
        shas = [f"{n:064x}" for n in range(BLOBS_AT_ONCE)]
        contents = pa.array([os.urandom(BLOB_BYTES) for _ in shas], pa.large_binary())
        lake.blobs.upsert(pa.table({"id": shas, "content": contents}))
        lake.maintain()
        ids = [f"i{n}" for n in range(0, items, max(items // 25, 1))][:25]
        fresh = itertools.count(items)

        def some() -> list[StoredItem]:
            return [StoredItem(ItemFields(id=f"i{next(fresh)}", title="Blue lamp")) for _ in range(100)]

        name = "disk" if home is None else "bucket"
        return {
            "put 100 items": median_ms(lambda: put_items(lake, some()), rounds),
            "take 25 items by id": median_ms(lambda: lake.items.take(ids, ["id", "title"]), rounds),
            "word search, top 20": median_ms(lambda: lake.items.search_words("red vase", 20), rounds),
            "read a blob of 100 kB": median_ms(
                lambda: lake.blobs.blob(shas[next(target) % len(shas)]), rounds
            ),
            "compact and clean all tables": median_ms(lake.maintain, 1),
            "copy to a disk": median_ms(lambda: copy_lake(lake, folder / f"copy-of-{name}", _quiet), 1),
            "first backup to a disk": median_ms(
                lambda: back_up(lake, place_of(folder / f"backup-of-{name}"), _quiet, keep=2), 1
            ),
            "second backup": median_ms(
                lambda: back_up(lake, place_of(folder / f"backup-of-{name}"), _quiet, keep=2), 1
            ),
        }


def median_ms(act: Callable[[], object], rounds: int) -> float:
    """Of some rounds; one round is one cold measurement, more are warmed up by one."""
    if rounds > 1:
        act()
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def _quiet(_: object) -> None:
    """Says nothing."""


if __name__ == "__main__":
    main()
