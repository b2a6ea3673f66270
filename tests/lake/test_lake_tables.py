import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lance
import pyarrow as pa
import pytest

from bowerbird.core.errors import LakeError, NotFoundError, TableDamagedError
from bowerbird.core.filters import Eq
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.schemas import BLOB, ITEM, TableSpec
from bowerbird.lake.tables import Table
from bowerbird.lake.upkeep import rows_per_fragment

SMALL = TableSpec(
    name="small",
    schema=pa.schema(
        [
            pa.field(
                "id", pa.string(), nullable=False, metadata={"lance-schema:unenforced-primary-key": "true"}
            ),
            pa.field("number", pa.int64()),
        ]
    ),
)


def small(ids: list[str], first: int = 0) -> pa.Table:
    return pa.table({"id": ids, "number": range(first, first + len(ids))})


def items(ids: list[str], words: str, first: int = 0) -> pa.Table:
    count = len(ids)
    columns = {field.name: pa.nulls(count, field.type) for field in ITEM.schema}
    columns |= {
        "id": pa.array(ids),
        "number": pa.array(range(first, first + count)),
        "words": pa.array([words] * count),
        "created_ms": pa.array([1] * count),
        "updated_ms": pa.array([1] * count),
    }
    return pa.table(columns, schema=ITEM.schema)


def ids_in(table: Table) -> list[str]:
    return [id_ for batch in table.scan(["id"]) for id_ in batch["id"].to_pylist()]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "small.lance", SMALL)


@contextmanager
def in_process(code: str, *args: str) -> "Iterator[subprocess.Popen[str]]":
    words = [sys.executable, "-c", textwrap.dedent(code), *args]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_upsert_of_new_and_known_keys_adds_and_replaces(table: Table) -> None:
    table.upsert(small(["a", "b"]))

    table.upsert(small(["b", "c"], first=10))

    assert table.take(["a", "b", "c"], ["number"])["number"].to_pylist() == [0, 10, 11]
    assert table.count() == 3


def test_upsert_with_one_key_twice_keeps_the_last(table: Table) -> None:
    table.upsert(small(["a", "a"]))

    assert table.take(["a"], ["number"])["number"].to_pylist() == [1]


def test_upsert_of_nothing_changes_no_version(table: Table) -> None:
    before = table.version

    assert table.upsert(small([])) == before


def test_take_gives_the_order_of_the_keys_and_leaves_absent_ones_out(table: Table) -> None:
    table.upsert(small(["a", "b", "c"]))

    assert table.take(["c", "zz", "a", "c"], ["id"])["id"].to_pylist() == ["c", "a", "c"]
    assert table.take([], ["id"]).num_rows == 0


def test_take_of_key_with_quotes_finds_it(table: Table) -> None:
    awkward = ["o'brien", "'; DROP", 'say "x"', "back\\slash", "ünï"]
    table.upsert(small(awkward))

    assert table.take(awkward, ["id"])["id"].to_pylist() == awkward
    table.delete(["o'brien"])
    assert sorted(ids_in(table)) == sorted(awkward[1:])


def test_version_as_of_before_a_delete_still_has_the_row(table: Table) -> None:
    before = table.upsert(small(["a", "b"]))

    table.delete(["a"])

    assert ids_in(table) == ["b"]
    assert table.count(version=before) == 2
    assert table.take(["a"], ["number"], version=before)["number"].to_pylist() == [0]


def test_version_at_a_time_is_the_newest_before_it(table: Table) -> None:
    first = table.upsert(small(["a"]))
    between = datetime.now(UTC)
    table.upsert(small(["b"]))

    assert table.version_at(between) == first
    assert table.version_at(datetime.now(UTC)) == table.version
    with pytest.raises(NotFoundError, match="oldest kept"):
        table.version_at(between - timedelta(days=1))


def test_version_that_never_was_is_not_found(table: Table) -> None:
    with pytest.raises(NotFoundError, match="is not kept"):
        table.count(version=999)


def test_version_sees_commits_of_another_table_object(table: Table) -> None:
    other = Table(table.path, SMALL)
    before = table.version

    other.upsert(small(["a"]))

    assert table.version > before
    assert ids_in(table) == ["a"]


def test_changes_after_a_version_are_inserted_and_updated_rows_also_after_compaction(table: Table) -> None:
    table.upsert(small([f"old-{row}" for row in range(50)]))
    since = table.upsert(small(["a"]))
    table.upsert(small(["old-3", "new"], first=100))

    table.maintain()

    changed = [id_ for batch in table.changes(since, ["id"]) for id_ in batch["id"].to_pylist()]
    assert sorted(changed) == ["new", "old-3"]
    assert list(table.changes(table.version, ["id"])) == []


# Rule 1: declare the primary key.

UPSERTER = f"""
    import sys
    from pathlib import Path
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from test_lake_tables import SMALL, small
    from bowerbird.lake.tables import Table
    table = Table(Path(sys.argv[1]), SMALL)
    print("ready", flush=True)
    sys.stdin.readline()
    for start in range(0, 60, 20):
        table.upsert(small([f"k{{n}}" for n in range(start, start + 20)]))
"""


def test_four_processes_upserting_the_same_new_keys_make_no_duplicate(table: Table) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(in_process(UPSERTER, str(table.path))) for _ in range(4)]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writer.wait(timeout=120) for writer in writers] == [0] * 4

    found = ids_in(table)
    assert len(found) == 60
    assert set(found) == {f"k{n}" for n in range(60)}


def test_keys_are_declared_in_every_table_of_the_lake() -> None:
    from bowerbird.lake.schemas import MEDIA, embedding_spec

    for spec in (ITEM, MEDIA, BLOB, embedding_spec("words", "s.1.2", 4)):
        key = spec.schema.field(spec.key)
        assert not key.nullable
        assert key.metadata == {b"lance-schema:unenforced-primary-key": b"true"}


# Rule 2: sync what Lance does not, and mend what a power cut broke.


def test_upsert_syncs_data_then_manifest_then_folders(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    table.upsert(small(["a"]))
    synced: list[str] = []
    real = os.fsync

    def recording(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink().relative_to(table.path)))
        real(handle)

    monkeypatch.setattr(os, "fsync", recording)
    table.upsert(small(["b"]))

    kinds = ["folder" if (table.path / s).is_dir() else s.split("/")[0] for s in synced]
    newest = min((table.path / "_versions").glob("*.manifest"))
    assert kinds.index("data") < kinds.index("_versions") < kinds.index("folder")
    assert "data" not in kinds[kinds.index("_versions") :]
    assert str(newest.relative_to(table.path)) in synced
    assert {"data", "_versions", "."} <= {
        s for s, kind in zip(synced, kinds, strict=True) if kind == "folder"
    }


def test_upsert_syncs_only_what_is_new(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        table.upsert(small([name]))
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle))[1])

    table.upsert(small(["d"]))

    assert 4 <= len(synced) <= 10


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def half_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [empty_file, half_file])
def test_damaged_head_manifest_is_quarantined_and_the_version_before_opens(
    table: Table, damage: Callable[[Path], None]
) -> None:
    table.upsert(small(["a"]))
    version = table.upsert(small(["b"]))
    damage(min((table.path / "_versions").glob("*.manifest")))
    with pytest.raises((OSError, ValueError)):
        lance.dataset(str(table.path)).to_table()

    reopened = Table(table.path, SMALL)

    assert reopened.version == version - 1
    assert ids_in(reopened) == ["a"]
    assert len(list((table.path / "_quarantine").iterdir())) == 1
    reopened.upsert(small(["c"]))
    assert ids_in(Table(table.path, SMALL)) == ["a", "c"]


def test_head_with_an_empty_data_file_is_quarantined(table: Table) -> None:
    table.upsert(small(["a"]))
    before = set((table.path / "data").iterdir())
    table.upsert(small(["b"]))
    (fresh,) = set((table.path / "data").iterdir()) - before
    empty_file(fresh)

    assert ids_in(Table(table.path, SMALL)) == ["a"]


def test_table_without_any_readable_version_says_so(table: Table) -> None:
    for manifest in (table.path / "_versions").glob("*.manifest"):
        empty_file(manifest)

    with pytest.raises(TableDamagedError, match="no readable version"):
        Table(table.path, SMALL)


WRITER = f"""
    import sys
    from pathlib import Path
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from test_lake_tables import SMALL, small
    from bowerbird.lake.tables import Table
    table = Table(Path(sys.argv[1]), SMALL)
    for n in range(100_000):
        table.upsert(small([f"k{{n}}"], first=n))
        print(n, flush=True)
"""


def test_rows_acknowledged_before_kill_nine_are_there_once(table: Table) -> None:
    with in_process(WRITER, str(table.path)) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(25)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    found = ids_in(Table(table.path, SMALL))
    assert len(found) == len(set(found))
    assert {f"k{n}" for n in acknowledged} <= set(found)
    assert len(found) <= len(acknowledged) + 1


# Rule 3: bounded compaction.


def test_compaction_merges_small_files_up_to_the_bound_of_bytes(tmp_path: Path) -> None:
    blobs = Table(tmp_path / "blob.lance", BLOB, LakeConfig(fragment_bytes=1_000_000))
    for start in range(0, 16, 2):
        content = [os.urandom(250_000) for _ in range(2)]
        ids = [f"b{n}" for n in range(start, start + 2)]
        blobs.upsert(pa.table({"id": ids, "content": pa.array(content, pa.large_binary())}))

    debt = blobs.maintain()

    assert rows_per_fragment(lance.dataset(str(blobs.path)), blobs.files.sizes(), 1_000_000) in (3, 4)
    assert 4 <= debt.fragments <= 6
    assert debt.rows == 16


def test_upsert_larger_than_the_memory_pool_of_lance_goes_in(tmp_path: Path) -> None:
    blobs = Table(tmp_path / "blob.lance", BLOB)
    content = pa.array([bytes([n]) * 20_000_000 for n in range(20)], pa.large_binary())

    blobs.upsert(pa.table({"id": [f"b{n}" for n in range(20)], "content": content}))

    assert blobs.count() == 20
    assert blobs.blob("b7") == b"\x07" * 20_000_000


def test_writer_tidies_up_after_many_small_writes(tmp_path: Path) -> None:
    table = Table(tmp_path / "small.lance", SMALL, LakeConfig(upkeep_writes=10))

    for n in range(45):
        table.upsert(small([f"k{n}"]))

    assert table.debt().fragments <= 8
    assert len(ids_in(table)) == 45


LOCK_HOLDER = """
    import fcntl, sys
    lock = open(sys.argv[1], "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_maintain_leaves_the_work_to_the_process_that_is_at_it(table: Table) -> None:
    for name in "abc":
        table.upsert(small([name]))
    with in_process(LOCK_HOLDER, str(table.path / ".maintaining")) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert table.maintain().fragments == 3
    assert table.maintain().fragments == 1


def test_maintain_lets_go_of_versions_older_than_kept(tmp_path: Path) -> None:
    table = Table(tmp_path / "small.lance", SMALL, LakeConfig(keep_versions_hours=0))
    first = table.upsert(small(["a"]))
    table.upsert(small(["b"]))

    assert table.maintain().versions == 1

    assert sorted(ids_in(table)) == ["a", "b"]
    with pytest.raises(NotFoundError):
        table.count(version=first)
    table.upsert(small(["c"]))
    assert table.count() == 3


# Rule 4: rows are addressed by row id.


def test_rows_taken_by_row_id_after_deletions_and_compaction_are_the_same(table: Table) -> None:
    table.upsert(small([f"k{n}" for n in range(1_000)]))
    batches = list(table.scan(["id"], with_row_id=True))
    row_id = {
        id_: row
        for batch in batches
        for id_, row in zip(batch["id"].to_pylist(), batch["_rowid"].to_pylist(), strict=True)
    }
    table.delete([f"k{n}" for n in range(0, 1_000, 2)])
    table.upsert(small(["k501"], first=-7))
    table.maintain()

    taken = table.take_row_ids([row_id["k999"], row_id["k501"], row_id["k1"]], ["id", "number"])

    assert taken.to_pylist() == [
        {"id": "k999", "number": 999},
        {"id": "k501", "number": -7},
        {"id": "k1", "number": 1},
    ]


# Rule 5: batches, not rows.


def test_upsert_of_many_rows_is_one_commit(table: Table) -> None:
    before = table.version

    table.upsert(small([f"k{n}" for n in range(20_000)]))

    assert table.version == before + 1


# Words.


def test_word_search_finds_new_and_changed_rows_at_once_and_old_words_no_more(tmp_path: Path) -> None:
    table = Table(tmp_path / "item.lance", ITEM)
    table.upsert(items(["a"], "red fox"))
    table.maintain()
    assert table.search_words("fox", 5)["number"].to_pylist() == [0]

    table.upsert(items(["b"], "small foxes", first=1))
    table.upsert(items(["a"], "blue vase"))

    assert table.search_words("fox", 5)["number"].to_pylist() == [1]
    assert table.search_words("vase", 5)["number"].to_pylist() == [0]
    assert table.debt().unindexed_rows > 0
    assert table.maintain().unindexed_rows == 0
    assert table.search_words("vase", 5)["number"].to_pylist() == [0]


def test_rows_whose_keys_are_in_no_index_are_a_debt_until_they_are(table: Table) -> None:
    for start in range(0, 30, 10):
        table.upsert(small([f"k{n}" for n in range(start, start + 10)], first=start))
    assert table.debt().unkeyed_rows == 30

    assert table.upkeep.index()

    assert table.debt().unkeyed_rows == 0
    table.upsert(small(["k5", "new"], first=100))
    assert sorted(ids_in(table)) == sorted([f"k{n}" for n in range(30)] + ["new"])


def test_words_of_many_new_rows_get_indexes_that_maintenance_merges(tmp_path: Path) -> None:
    table = Table(tmp_path / "item.lance", ITEM, LakeConfig(index_rows=100))

    for start in range(0, 350, 50):
        table.upsert(items([f"k{n}" for n in range(start, start + 50)], "red fox", first=start))

    assert table.debt().unindexed_rows == 50
    assert table.search_words("fox", 400).num_rows == 350
    table.maintain()
    described = lance.dataset(str(table.path)).describe_indices()
    assert [len(index.segments) for index in described] == [1, 1]
    assert table.debt().unindexed_rows == 0
    assert sorted(table.search_words("foxes", 400)["number"].to_pylist()) == list(range(350))


def test_word_search_leaves_out_tombstones_and_what_the_condition_refuses(tmp_path: Path) -> None:
    from bowerbird.lake.filters_sql import to_sql

    table = Table(tmp_path / "item.lance", ITEM)
    rows = items(["a", "b", "c"], "red fox")
    table.upsert(rows)
    stone = rows.slice(0, 1).set_column(
        rows.schema.get_field_index("deleted_ms"), "deleted_ms", pa.array([5])
    )
    table.upsert(stone)

    assert sorted(table.search_words("fox", 5)["number"].to_pylist()) == [1, 2]
    assert table.search_words("fox", 5, to_sql(Eq("id", "c")))["number"].to_pylist() == [2]
    assert table.search_words("fox", 1).num_rows == 1


@pytest.mark.parametrize(
    "text", ["", "   ", "'", '"', "fox AND (", "+fox -red", "*", "fox~2", "\\", "🦊", "a" * 500]
)
def test_word_search_for_odd_text_answers(tmp_path: Path, text: str) -> None:
    table = Table(tmp_path / "item.lance", ITEM)
    table.upsert(items(["a"], "red fox"))

    assert table.search_words(text, 5).num_rows in (0, 1)


def test_word_search_in_table_without_words_is_refused(table: Table) -> None:
    with pytest.raises(LakeError, match="no column of words"):
        table.search_words("fox", 5)


# Blobs.


def test_blob_comes_back_as_it_went_in_and_never_changes(tmp_path: Path) -> None:
    blobs = Table(tmp_path / "blob.lance", BLOB)
    content = {"empty": b"", "small": b"\x00\xff" * 5, "large": os.urandom(5_000_000)}
    table = pa.table({"id": list(content), "content": pa.array(content.values(), pa.large_binary())})
    blobs.upsert(table)

    blobs.upsert(pa.table({"id": ["small"], "content": pa.array([b"other"], pa.large_binary())}))

    assert {key: blobs.blob(key) for key in content} == content
    assert blobs.blob("unknown") is None
    assert blobs.take(["large"], ["content"])["content"].to_pylist() == [content["large"]]


def test_what_a_table_keeps_in_memory_does_not_grow_with_its_writes(tmp_path: Path) -> None:
    free = Table(tmp_path / "free.lance", ITEM)
    bounded = Table(tmp_path / "bounded.lance", ITEM, LakeConfig(metadata_cache_mb=1, index_cache_mb=1))

    for number in range(40):
        free.upsert(items([f"i{number}"], "Red vase", number))
        bounded.upsert(items([f"i{number}"], "Red vase", number))

    assert free.cached_bytes > 3_000_000
    assert bounded.cached_bytes < 2_100_000
    assert sorted(ids_in(bounded)) == sorted(ids_in(free))
