"""The redo journal: what a table has acknowledged is there again, whatever became of its newest files."""

import os
from collections.abc import Callable
from pathlib import Path

import lance
import pyarrow as pa
import pytest
from test_lake_tables import SMALL, in_process, items, small

from bowerbird.core.errors import LakeError, TableDamagedError
from bowerbird.lake import healing, journal
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.journal import Journal
from bowerbird.lake.schemas import BLOB, ITEM, TableSpec
from bowerbird.lake.tables import Table

FEW = LakeConfig(journal_entries=3)


def opened(folder: Path, spec: TableSpec = SMALL, config: LakeConfig | None = None) -> Table:
    return Table(folder / f"{spec.name}.lance", spec, config, folder / "journal")


def journal_of(folder: Path, name: str = "small") -> Journal:
    return Journal(folder / "journal" / name, keep_entries=8, keep_bytes=10**9)


def state(table: Table) -> dict[str, int]:
    rows = table.read(["id", "number"]).to_pylist()
    assert len(rows) == len({row["id"] for row in rows}), "a key is there twice"
    return {row["id"]: row["number"] for row in rows}


def newest(table: Table, pattern: str, count: int) -> list[Path]:
    return sorted(table.path.glob(pattern), key=lambda path: path.stat().st_mtime_ns)[-count:]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def removed(path: Path) -> None:
    path.unlink()


DAMAGES = [emptied, halved, zeroed, removed]


def history(table: Table, *, first: int = 0) -> dict[str, int]:
    """Six writes of which several touch one key; what must be there afterwards."""
    table.upsert(small(["a", "b", "c"], first=first))
    table.upsert(small(["b", "d"], first=first + 10))
    table.delete(["a", "d"])
    table.upsert(small(["d", "e"], first=first + 20))
    table.delete(["c"])
    table.upsert(small(["a"], first=first + 30))
    return {"a": first + 30, "b": first + 10, "d": first + 20, "e": first + 21}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("count", [1, 2, 4, 6])
@pytest.mark.parametrize("pattern", ["_versions/*.manifest", "data/*.lance", "_deletions/*"])
def test_rows_acknowledged_are_there_once_after_newest_files_were_damaged(
    tmp_path: Path, pattern: str, count: int, damage: Callable[[Path], None]
) -> None:
    table = opened(tmp_path)
    wanted = history(table)
    for path in newest(table, pattern, count):
        damage(path)

    again = opened(tmp_path)

    assert state(again) == wanted
    assert again.take(["a", "c", "e"], ["number"])["number"].to_pylist() == [wanted["a"], wanted["e"]]
    assert state(opened(tmp_path)) == wanted
    assert history(again, first=100) == state(opened(tmp_path))


def test_every_file_of_a_young_table_damaged_gives_all_rows_back(tmp_path: Path) -> None:
    table = opened(tmp_path)
    wanted = history(table)
    for path in table.path.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")

    assert state(opened(tmp_path)) == wanted


def test_table_moves_past_the_numbers_of_dropped_versions_so_that_readers_of_changes_miss_nothing(
    tmp_path: Path,
) -> None:
    table = opened(tmp_path)
    history(table)
    seen = table.version
    for path in newest(table, "_versions/*.manifest", 2):
        emptied(path)

    again = opened(tmp_path)
    again.upsert(small(["f"], first=40))

    assert again.version > seen
    changed = {id_ for batch in again.changes(seen, ["id"]) for id_ in batch["id"].to_pylist()}
    assert {"a", "f"} <= changed


def test_damage_deeper_than_the_journal_reaches_is_refused_and_nothing_is_moved(tmp_path: Path) -> None:
    table = opened(tmp_path, config=FEW)
    oldest_data = newest_after(table, lambda: table.upsert(small(["old"])))
    history(table)
    halved(oldest_data)
    manifests = sorted(table.path.glob("_versions/*.manifest"))

    with pytest.raises(TableDamagedError, match="restore them from a backup"):
        opened(tmp_path, config=FEW)

    assert sorted(table.path.glob("_versions/*.manifest")) == manifests
    assert not (table.path / "_quarantine").exists()


def newest_after(table: Table, write: Callable[[], object]) -> Path:
    write()
    return newest(table, "data/*.lance", 1)[0]


def test_table_older_than_its_journal_is_refused(tmp_path: Path) -> None:
    table = opened(tmp_path, config=FEW)
    table.upsert(small(["old"]))
    first = max(table.path.glob("_versions/*.manifest"), key=lambda path: path.name)
    history(table)
    for path in table.path.glob("_versions/*.manifest"):
        if path != first:
            path.unlink()

    with pytest.raises(TableDamagedError, match="older table"):
        opened(tmp_path, config=FEW)


def test_blobs_small_and_large_come_back_with_their_content(tmp_path: Path) -> None:
    blobs = opened(tmp_path, BLOB)
    content = {
        "a": b"x" * 10,
        "b": os.urandom(100_000),
        "c": os.urandom(6_000_000),
        "video": os.urandom(9_000_000),
    }
    for key in "abc":
        blobs.upsert(pa.table({"id": [key], "content": pa.array([content[key]], pa.large_binary())}))
    blobs.add_blob("video", content["video"])
    for path in newest(blobs, "data/*/*.blob", 2):
        halved(path)

    again = opened(tmp_path, BLOB)

    assert {key: again.blob(key) for key in content} == content
    assert again.count() == 4


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_indexes_are_built_again_and_words_are_found(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    table = opened(tmp_path, ITEM)
    table.upsert(items(["a", "b"], "red fox"))
    table.maintain()
    for path in table.path.glob("_indices/*/*"):
        damage(path)

    again = opened(tmp_path, ITEM)

    assert again.search_words("fox", 5)["number"].to_pylist() == [0, 1]
    assert again.take(["b"], ["number"])["number"].to_pylist() == [1]
    again.upsert(items(["b"], "blue vase", first=1))
    assert again.search_words("vase", 5).num_rows == 1
    assert again.count() == 2


@pytest.mark.parametrize("damage", [emptied, halved, removed])
def test_damaged_hints_and_transactions_do_not_matter(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    table = opened(tmp_path)
    wanted = history(table)
    for path in [*table.path.glob("_transactions/*"), table.path / "_versions" / "latest_version_hint.json"]:
        damage(path)

    again = opened(tmp_path)
    assert state(again) == wanted
    again.maintain()
    again.upsert(small(["z"]))
    assert state(opened(tmp_path)) == {**wanted, "z": 0}


def test_journal_keeps_the_newest_writes_within_its_bounds(tmp_path: Path) -> None:
    table = opened(tmp_path, config=FEW)
    for place in range(10):
        table.upsert(small([f"k{place}"]))
    assert len(journal_of(tmp_path).entries()) == 3

    tight = opened(tmp_path, config=LakeConfig(journal_bytes=1_000))
    for place in range(10):
        tight.upsert(small([f"m{place}" for _ in range(1)]))
    kept = journal_of(tmp_path).entries()
    assert 1 <= len(kept) <= 3
    assert sum(entry.size_bytes for entry in kept[1:]) <= 1_000


def test_clearing_that_was_cut_off_is_finished_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = opened(tmp_path)
    expected = history(table)
    unlinked: list[Path] = []
    really_unlink = Path.unlink

    def unlink_one(path: Path, missing_ok: bool = False) -> None:
        if unlinked:
            raise KeyboardInterrupt  # the process was killed here
        really_unlink(path)
        unlinked.append(path)

    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", unlink_one)
        with pytest.raises(KeyboardInterrupt):
            table.commits.clear_journal()
    assert len(journal_of(tmp_path).entries()) > 1

    opened(tmp_path).commits.clear_journal()

    (left,) = journal_of(tmp_path).entries()
    assert left.operation == journal.MARK
    assert len(list((tmp_path / "journal" / "small").glob("*.redo"))) == 1
    assert state(opened(tmp_path)) == expected


def test_cleared_journal_holds_no_rows_and_the_table_still_heals_from_lost_upkeep(tmp_path: Path) -> None:
    table = opened(tmp_path)
    table.upsert(small(["canary-in-the-coal-mine"]))
    table.delete(["canary-in-the-coal-mine"])
    table.upsert(small(["b"]))

    table.commits.clear_journal()

    files = list((tmp_path / "journal").rglob("*.redo"))
    assert files
    assert not any(b"canary" in path.read_bytes() for path in files)
    table.maintain()
    emptied(newest(table, "_versions/*.manifest", 1)[0])
    assert state(opened(tmp_path)) == {"b": 0}


def test_damaged_entry_is_passed_over_and_told(tmp_path: Path) -> None:
    table = opened(tmp_path)
    table.upsert(small(["a"]))
    table.upsert(small(["b"]))
    entries = journal_of(tmp_path).entries()
    content = bytearray(entries[-2].path.read_bytes())
    content[-20] ^= 0xFF
    entries[-2].path.write_bytes(content)
    for path in newest(table, "_versions/*.manifest", 1):
        emptied(path)

    assert state(opened(tmp_path)) == {"a": 0, "b": 0}
    assert entries[-2].rows() is None


def test_write_that_fails_leaves_no_entry(tmp_path: Path) -> None:
    table = opened(tmp_path)
    table.upsert(small(["a"]))

    with pytest.raises(Exception, match="number"):
        table.upsert(pa.table({"id": ["b"], "other": [1]}))

    assert not journal_of(tmp_path).entries()[-1].is_pending
    assert state(opened(tmp_path)) == {"a": 0}


def test_write_that_the_journal_cannot_note_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = opened(tmp_path)

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(journal.os, "fsync", refuse)
        with pytest.raises(LakeError, match="No space left"):
            table.upsert(small(["a"]))

    assert state(opened(tmp_path)) == {}
    table.upsert(small(["a"]))
    assert state(table) == {"a": 0}


KILLED_BEFORE_COMMIT = f"""
    import os, sys
    from pathlib import Path
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from test_journal import opened, small
    from bowerbird.lake import tables
    def die(*_):
        os.kill(os.getpid(), 9)
    table = opened(Path(sys.argv[1]))
    tables.merge = die
    table.upsert(small(["late"], first=7))
"""


def test_write_of_a_killed_process_is_finished_by_the_next_writer_before_its_own(tmp_path: Path) -> None:
    table = opened(tmp_path)
    with in_process(KILLED_BEFORE_COMMIT, str(tmp_path)) as writer:
        assert writer.wait(60) == -9
    assert journal_of(tmp_path).entries()[-1].is_pending

    table.upsert(small(["late", "b"], first=50))

    assert state(table) == {"late": 50, "b": 51}
    assert not journal_of(tmp_path).entries()[-1].is_pending


def test_versions_that_were_not_synced_before_the_machine_stopped_are_replaced_from_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = opened(tmp_path)
    wanted = history(table)
    entry = journal_of(tmp_path).entries()[-1]
    journal_of(tmp_path).acknowledge(entry, 0)  # as if the machine had stopped before its files were synced
    committed = table.version
    monkeypatch.setattr(healing, "boot_id", lambda: "another start")

    again = opened(tmp_path)

    assert state(again) == wanted
    assert again.version > committed
    assert len(list((table.path / "_quarantine").iterdir())) == 1


def test_clean_restart_of_the_machine_drops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = opened(tmp_path)
    wanted = history(table)
    table.maintain()
    version = table.version
    monkeypatch.setattr(healing, "boot_id", lambda: "another start")

    again = opened(tmp_path)

    assert (state(again), again.version) == (wanted, version)
    assert not (table.path / "_quarantine").exists()


def test_rows_written_without_a_journal_survive_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path).upsert(small(["a"]))
    Table(tmp_path / "small.lance", SMALL).upsert(small(["b"]))
    monkeypatch.setattr(healing, "boot_id", lambda: "another start")

    assert state(opened(tmp_path)) == {"a": 0, "b": 0}


def test_table_made_before_there_were_journals_gets_one(tmp_path: Path) -> None:
    older = Table(tmp_path / "small.lance", SMALL)
    older.upsert(small(["a"]))

    table = opened(tmp_path)
    table.upsert(small(["b"]))
    emptied(newest(table, "_versions/*.manifest", 1)[0])

    assert state(opened(tmp_path)) == {"a": 0, "b": 0}


def test_table_whose_making_was_interrupted_gets_its_indexes(tmp_path: Path) -> None:
    made = Table(tmp_path / "item.lance", ITEM)
    for path in sorted(made.path.glob("_versions/*.manifest"))[:-1]:
        path.unlink()  # the first version, before the indexes
    assert lance.dataset(str(made.path)).describe_indices() == []

    table = opened(tmp_path, ITEM)

    table.upsert(items(["a"], "red fox"))
    assert table.search_words("fox", 5).num_rows == 1


def test_healing_is_remembered(tmp_path: Path) -> None:
    table = opened(tmp_path)
    history(table)
    emptied(newest(table, "_versions/*.manifest", 1)[0])

    opened(tmp_path)

    told = healing.healings(tmp_path / "journal")
    assert [(each["table"], each["entries_applied"]) for each in told] == [("small", 1)]
