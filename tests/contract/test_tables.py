"""One suite for tables wherever they lie: what every part relies on, on a disk and in a bucket."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pytest

from bowerbird.core.errors import LakeError, NotFoundError
from bowerbird.core.filters import Range
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.places import Place, place_of
from bowerbird.lake.schemas import BLOB, TableSpec
from bowerbird.lake.tables import Table

KEY = {"lance-schema:unenforced-primary-key": "true"}
SMALL = TableSpec(
    name="small",
    schema=pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=KEY),
            pa.field("number", pa.int64()),
            pa.field("price_micros", pa.int64()),
            pa.field("words", pa.string()),
            pa.field("deleted_ms", pa.int64()),
        ]
    ),
    words="words",
    tombstone="deleted_ms",
)
Make: TypeAlias = Callable[..., Table]


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    where = tmp_path if request.param == "disk" else f"{request.getfixturevalue('s3_bucket')}/lake"
    return place_of(where)


@pytest.fixture
def make(place: Place) -> Make:
    """Opens a table by its description, made where it is not there."""

    def opened(spec: TableSpec = SMALL, config: LakeConfig | None = None) -> Table:
        return Table(place.within(f"{spec.name}.lance"), spec, config)

    return opened


def rows(ids: list[str], first: int = 0, words: str = "red fox", deleted_ms: int | None = None) -> pa.Table:
    count = len(ids)
    columns = {
        "id": ids,
        "number": range(first, first + count),
        "price_micros": [100 * n for n in range(first, first + count)],
        "words": [words] * count,
        "deleted_ms": [deleted_ms] * count,
    }
    return pa.table(columns, schema=SMALL.schema)


def contents(ids: list[str], values: list[bytes]) -> pa.Table:
    return pa.table({"id": ids, "content": pa.array(values, pa.large_binary())})


def ids_in(table: Table, **how: object) -> list[str]:
    return sorted(id_ for batch in table.scan(["id"], **how) for id_ in batch["id"].to_pylist())


def test_rows_put_in_are_scanned_taken_counted_and_replaced(make: Make) -> None:
    table = make()
    table.upsert(rows(["a", "b"]))
    table.upsert(rows(["b", "c"], first=10))

    assert ids_in(table) == ["a", "b", "c"]
    assert ids_in(table, where=Range("price_micros", gte=1_000)) == ["b", "c"]
    assert table.take(["c", "zz", "a"], ["id", "number"]).to_pylist() == [
        {"id": "c", "number": 11},
        {"id": "a", "number": 0},
    ]
    assert table.count() == 3
    assert ids_in(make()) == ["a", "b", "c"]


def test_deleted_rows_are_gone_and_still_in_the_version_before(make: Make) -> None:
    table = make()
    before = table.upsert(rows(["a", "b"]))
    between = datetime.now(UTC)
    time.sleep(0.002)

    table.delete(["a", "never"])

    assert ids_in(table) == ["b"]
    assert ids_in(table, version=before) == ["a", "b"]
    assert table.version_at(between) == before
    assert before in [kept.version for kept in table.versions()]
    with pytest.raises(NotFoundError, match="is not kept"):
        table.count(version=999)


def test_changes_since_a_version_are_what_was_put_in_after_it(make: Make) -> None:
    table = make()
    since = table.upsert(rows(["a", "b", "c"]))

    table.upsert(rows(["b", "d"], first=10))
    table.upsert(rows(["c"], deleted_ms=5))
    table.maintain()

    changed = [row for batch in table.changes(since, ["id", "deleted_ms"]) for row in batch.to_pylist()]
    assert sorted((row["id"], row["deleted_ms"]) for row in changed) == [("b", None), ("c", 5), ("d", None)]
    assert table.tombstones_before(6) == ["c"]
    assert ids_in(table) == ["a", "b", "d"]


def test_row_ids_hold_through_deletions_and_maintenance(make: Make) -> None:
    table = make()
    table.upsert(rows([f"k{n}" for n in range(100)]))
    batches = list(table.scan(["id"], with_row_id=True))
    row_ids = {
        id_: row
        for batch in batches
        for id_, row in zip(batch["id"].to_pylist(), batch["_rowid"].to_pylist(), strict=True)
    }

    table.delete([f"k{n}" for n in range(0, 100, 2)])
    table.maintain()

    taken = table.take_row_ids([row_ids["k99"], row_ids["k1"]], ["id"])
    assert taken["id"].to_pylist() == ["k99", "k1"]


def test_words_find_new_and_changed_rows_at_once(make: Make) -> None:
    table = make()
    table.upsert(rows(["a"], words="red fox"))
    table.maintain()
    table.upsert(rows(["b"], first=1, words="small foxes"))
    table.upsert(rows(["a"], words="blue vase"))

    assert table.search_words("fox", 5)["number"].to_pylist() == [1]
    assert table.search_words("vase", 5)["number"].to_pylist() == [0]
    assert table.debt().unindexed_rows > 0
    assert table.maintain().unindexed_rows == 0
    assert table.search_words("foxes", 5)["number"].to_pylist() == [1]


def test_blobs_of_all_sizes_come_back_whole_and_in_parts(make: Make) -> None:
    blobs = make(BLOB)
    stored = {"empty": b"", "small": b"\x00\xff" * 5, "large": os.urandom(6_000_000)}
    blobs.upsert(contents(list(stored), list(stored.values())))
    huge = os.urandom(9_000_000)
    blobs.add_blob("huge", huge)
    blobs.add_blob("small", b"other")
    blobs.upsert(contents(["small"], [b"other"]))

    assert {key: blobs.blob(key) for key in stored} == stored
    assert blobs.blob("unknown") is None
    assert blobs.count() == 4
    opened = blobs.open_blob("huge")
    assert opened is not None
    with opened:
        opened.seek(8_000_000)
        assert opened.read(10) == huge[8_000_000:8_000_010]


def test_maintenance_compacts_within_the_bound_of_bytes_and_lets_go_of_old_versions(make: Make) -> None:
    config = LakeConfig(fragment_bytes=1_000_000, keep_versions_hours=0)
    blobs = make(BLOB, config)
    stored = {f"b{n}": os.urandom(250_000) for n in range(12)}
    for start in range(0, 12, 3):
        part = list(stored)[start : start + 3]
        blobs.upsert(contents(part, [stored[key] for key in part]))
    assert blobs.debt().fragments == 4

    table = make(config=config)
    for name in "abc":
        table.upsert(rows([name]))
    assert table.maintain().versions == 1
    assert table.debt().fragments == 1

    debt = blobs.maintain()
    assert 3 <= debt.fragments <= 4
    assert {key: blobs.blob(key) for key in stored} == stored


def test_table_with_other_columns_than_needed_is_refused(make: Make) -> None:
    make()
    wider = pa.schema([*SMALL.schema, pa.field("more", pa.int64())])

    with pytest.raises(LakeError, match="has no column more"):
        make(TableSpec(name="small", schema=wider))


WRITER = f"""
    import sys
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from test_tables import SMALL, BLOB, contents, rows
    from bowerbird.lake.places import place_of
    from bowerbird.lake.tables import Table
    place = place_of(sys.argv[1])
    table, blobs = (Table(place.within(f"{{spec.name}}.lance"), spec) for spec in (SMALL, BLOB))
    print("ready", flush=True)
    sys.stdin.readline()
    for start in range(0, 30, 10):
        table.upsert(rows([f"k{{n}}" for n in range(start, start + 10)], first=start))
    blobs.add_blob("same", b"content" * 1000)
"""


def test_four_writers_of_the_same_new_keys_make_no_duplicates(make: Make, place: Place) -> None:
    words = [sys.executable, "-c", textwrap.dedent(WRITER), place.address]
    with ExitStack() as stack:
        pipe = subprocess.PIPE
        writers = [
            stack.enter_context(subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)) for _ in range(4)
        ]
        for writer in writers:
            stack.callback(writer.kill)
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writer.wait(timeout=200) for writer in writers] == [0] * 4

    assert ids_in(make()) == sorted(f"k{n}" for n in range(30))
    assert make(BLOB).count() == 1
