import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bowerbird.cli.main import main
from bowerbird.core.errors import ConflictError, LakeError
from bowerbird.lake.copying import copying
from bowerbird.lake.copying.backups import back_up, list_backups
from bowerbird.lake.copying.copying import copy_lake
from bowerbird.lake.copying.restoring import restore
from bowerbird.lake.copying.types import CopyProgress
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import Address, place_of
from bowerbird.lake.tags import make_tag
from bowerbird.lake.types import Event, ItemFields
from bowerbird.lake.verifying import verify

Where: TypeAlias = Callable[[str], tuple[Address, Path | None]]


def quiet(_: CopyProgress) -> None:
    """Says nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with pictures, vectors, a board, an event, a deleted item and a tag."""
    import io

    from PIL import Image

    root = tmp_path_factory.mktemp("made")
    (root / "pictures").mkdir()
    for colour in ("red", "green", "blue", "gold"):
        picture = io.BytesIO()
        Image.effect_noise((300, 300), 90).convert("RGB").save(picture, "PNG")
        (root / "pictures" / f"{colour} vase.png").write_bytes(picture.getvalue())
    with Lake.open(root / "lake", create=True) as lake:
        import_source(lake, str(root / "pictures"), ImportOptions(workers=1))
        lake.blobs.maintain()
        make_tag(lake.place, "train-1", lake.clock)
        ids = sorted(lake.items.read(["id"])["id"].to_pylist())
        delete_items(lake, ids[:1])
        board = lake.records.boards.create(lake.records.people.create("person_one").id, "Vases")
        lake.records.saves.save(board.id, ids[1])
        lake.events.append(
            [Event(event_id="e1", person_id="person_one", action="save", item_id=ids[1], at_ms=5)]
        )
    (root / "lake" / "secret.key").write_bytes(b"k" * 32)
    return root / "lake"


@pytest.fixture
def source(made: Path, tmp_path: Path) -> Iterator[Lake]:
    shutil.copytree(made, tmp_path / "source")
    with Lake.open(tmp_path / "source") as lake:
        yield lake


@pytest.fixture(params=["disk", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Places with homes for them, all on a disk or all in a bucket."""

    def place(name: str) -> tuple[Address, Path | None]:
        if request.param == "disk":
            return tmp_path / name, None
        return f"{request.getfixturevalue('s3_bucket')}/{name}", tmp_path / f"home-{name}"

    if request.param == "s3":
        request.getfixturevalue("s3_bucket")
    return place


def contents(lake: Lake) -> dict[str, Any]:
    """Everything that must be the same in a copy."""
    (board,) = lake.records.boards.of_owner("person_one")
    ids = [id_ for batch in lake.items.scan(["id"], with_tombstones=True) for id_ in batch["id"].to_pylist()]
    return {
        "items": sorted(lake.items.read(["id", "number", "title"]).to_pylist(), key=str),
        "numbers": dict(zip(sorted(ids), lake.records.numbers.find(sorted(ids)).tolist(), strict=True)),
        "blobs": {key: lake.blobs.blob(key) for key in lake.blobs.read(["id"])["id"].to_pylist()},
        "found": sorted(lake.items.search_words("vase", 9)["number"].to_pylist()),
        "then": lake.at("train-1").count(),
        "board": (board.id, board.count),
        "events": lake.events.count(),
        "key": (lake.path / "secret.key").read_bytes(),
        "changes": sorted(r["id"] for b in lake.items.changes(1, ["id"]) for r in b.to_pylist()),
    }


def damage_in(lake: Lake) -> list[str]:
    return [finding.what for finding in verify(lake, is_full=True) if finding.is_damage]


def test_copy_holds_all_that_is_not_derived_and_goes_a_way_of_its_own(source: Lake, where: Where) -> None:
    target, home = where("copy")

    report = copy_lake(source, target, quiet, home=home)

    with Lake.open(target, home=home) as copied:
        assert contents(copied) == contents(source)
        assert copied.items.version == source.items.version
        assert damage_in(copied) == []
        assert place_of(target).read("lake.json") != source.place.read("lake.json")
        put_items(copied, [StoredItem(ItemFields(id="new", title="New vase"))])
        assert copied.items.count() == source.items.count() + 1
    assert report.bytes_written == report.bytes_all
    assert source.items.tags() == {"train-1": source.at("train-1").version}


def test_copy_of_a_copy_back_to_a_disk_is_the_same(source: Lake, where: Where, tmp_path: Path) -> None:
    target, home = where("there")
    copy_lake(source, target, quiet, home=home)

    with Lake.open(target, home=home) as there:
        copy_lake(there, tmp_path / "back", quiet)

    with Lake.open(tmp_path / "back") as back:
        assert contents(back) == contents(source)
        assert damage_in(back) == []


def test_copy_that_is_cut_off_is_no_lake_and_goes_on_where_it_was(
    source: Lake, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, home = where("copy")
    real, calls = copying._copy_file, []

    def breaking(*args: Any) -> Any:
        calls.append(args)
        if len(calls) > 10:
            raise OSError("the network went")
        return real(*args)

    monkeypatch.setattr(copying, "_copy_file", breaking)
    with pytest.raises(OSError, match="the network went"):
        copy_lake(source, target, quiet, home=home)
    monkeypatch.setattr(copying, "_copy_file", real)
    with pytest.raises(LakeError, match="was cut off"):
        Lake.open(target, home=home, create=True)
    put_items(source, [StoredItem(ItemFields(id="late", title="Late vase"))])
    source.items.maintain()

    report = copy_lake(source, target, quiet, home=home)

    assert 0 < report.bytes_written < report.bytes_all
    with Lake.open(target, home=home) as copied:
        assert contents(copied) == contents(source)
        assert damage_in(copied) == []


def test_copy_to_where_something_is_is_refused(source: Lake, where: Where) -> None:
    target, home = where("copy")
    copy_lake(source, target, quiet, home=home)

    with pytest.raises(ConflictError, match="holds a lake already"):
        copy_lake(source, target, quiet, home=home)


WRITER = """
    import sys
    from pathlib import Path
    from bowerbird.lake.items import StoredItem, put_items
    from bowerbird.lake.lake import Lake
    from bowerbird.lake.types import ItemFields
    with Lake.open(Path(sys.argv[1])) as lake:
        board = lake.records.boards.of_owner("person_one")[0].id
        for n in range(10_000):
            put_items(lake, [StoredItem(ItemFields(id=f"w{n}", title="Written"))])
            lake.records.saves.save(board, f"w{n}")
            if n % 7 == 0:
                lake.items.maintain()
            print(n, flush=True)
"""


def test_copy_while_others_write_is_consistent(source: Lake, tmp_path: Path) -> None:
    words = [sys.executable, "-c", textwrap.dedent(WRITER), str(source.path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            for _ in range(3):
                writer.stdout.readline()
            copy_lake(source, tmp_path / "copy", quiet)
            before = int(writer.stdout.readline())
        finally:
            writer.kill()

    with Lake.open(tmp_path / "copy") as copied:
        assert damage_in(copied) == []
        ids = {id_ for id_ in copied.items.read(["id"])["id"].to_pylist() if id_.startswith("w")}
        assert ids == {f"w{n}" for n in range(len(ids))}
        assert 2 <= len(ids) <= before + 50
        number = int(copied.records.numbers.find(["w0"])[0])
        assert copied.items.take(["w0"], ["number"])["number"].to_pylist() == [number]


# Backups.


def test_backup_and_restore_bring_everything_back(source: Lake, where: Where) -> None:
    kept, (target, home) = place_of(where("backups")[0]), where("restored")
    before = contents(source)
    first = back_up(source, kept, quiet, keep=3)
    ids = source.items.read(["id"])["id"].to_pylist()
    delete_items(source, ids)

    restore(kept, target, quiet, home=home)

    with Lake.open(target, home=home) as restored:
        assert contents(restored) == before
        assert damage_in(restored) == []
    assert first.bytes_written > 0


def test_second_backup_writes_what_is_new_and_each_can_be_restored(
    source: Lake, where: Where, tmp_path: Path
) -> None:
    kept = place_of(where("backups")[0])
    before = contents(source)
    first = back_up(source, kept, quiet, keep=3)
    put_items(source, [StoredItem(ItemFields(id="late", title="Late vase"))])
    after = contents(source)

    second = back_up(source, kept, quiet, keep=3)

    big = sum(len(content) for content in after["blobs"].values())
    assert second.bytes_written < big / 2 < first.bytes_written
    for name, expected in ((first.name, before), (second.name, after)):
        restore(kept, tmp_path / name, quiet, name=name)
        with Lake.open(tmp_path / name) as restored:
            assert contents(restored) == expected


def test_only_so_many_backups_are_kept_and_their_pieces_only(
    source: Lake, where: Where, tmp_path: Path
) -> None:
    kept = place_of(where("backups")[0])
    names = []
    for n in range(4):
        put_items(source, [StoredItem(ItemFields(id=f"late{n}", title="Late vase"))])
        names.append(back_up(source, kept, quiet, keep=2).name)

    backups = list_backups(kept)
    assert names == sorted(set(names))  # also of backups made within one second
    assert [backup.name for backup in backups] == names[-2:]
    pieces = {file.path.rpartition("/")[2] for file in kept.files("pieces")}
    assert pieces == {sha for backup in backups for file in backup.files for sha in file.pieces}
    restore(kept, tmp_path / "oldest", quiet, name=names[-2])
    with Lake.open(tmp_path / "oldest") as restored:
        assert damage_in(restored) == []
        assert restored.items.take(["late2", "late3"], ["id"])["id"].to_pylist() == ["late2"]


def test_backup_that_is_cut_off_is_none_and_the_next_goes_on(
    source: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bowerbird.lake.copying import backups

    kept = place_of(tmp_path / "backups")

    def break_off(*_: Any) -> bytes:
        raise OSError("the power went")

    real = backups._sealed
    monkeypatch.setattr(backups, "_sealed", break_off)
    with pytest.raises(OSError, match="the power went"):
        back_up(source, kept, quiet, keep=3)
    monkeypatch.setattr(backups, "_sealed", real)
    assert list_backups(kept) == []

    report = back_up(source, kept, quiet, keep=3)

    assert report.bytes_written < report.bytes_all / 2
    assert len(list_backups(kept)) == 1


def test_damaged_piece_is_found_by_check_and_by_restore(
    source: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = place_of(tmp_path / "backups")
    back_up(source, kept, quiet, keep=3)
    assert main(["lake", "backups", str(tmp_path / "backups"), "--check"]) == 0
    largest = max(kept.files("pieces"), key=lambda file: file.size_bytes)
    kept.write(largest.path, b"x" * largest.size_bytes)

    assert main(["lake", "backups", str(tmp_path / "backups"), "--check", "--json"]) == 1
    assert "data/" in json.loads(capsys.readouterr().out.splitlines()[-1])["backups"][0]["damaged"][0]
    with pytest.raises(LakeError, match="is not what was stored"):
        restore(kept, tmp_path / "restored", quiet)
    with pytest.raises(LakeError, match="was cut off"):
        Lake.open(tmp_path / "restored")


def test_backup_into_a_lake_is_refused(source: Lake) -> None:
    with pytest.raises(ConflictError, match="is a lake"):
        back_up(source, source.place, quiet, keep=3)


def test_damaged_manifest_is_refused(source: Lake, tmp_path: Path) -> None:
    kept = place_of(tmp_path / "backups")
    name = back_up(source, kept, quiet, keep=3).name
    content = kept.read(f"backups/{name}.json")
    kept.write(f"backups/{name}.json", content.replace(b'"made_ms"', b'"made_m5"'))

    with pytest.raises(LakeError, match="is damaged"):
        list_backups(kept)


def test_commands_copy_back_up_list_restore_and_verify(
    source: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, names = (
        ["--lake", str(source.path)],
        {name: str(tmp_path / name) for name in ("copy", "kept", "back")},
    )

    assert main(["lake", "copy", names["copy"], *lake]) == 0
    assert "verified, 3 items" in capsys.readouterr().out
    assert main(["lake", "backup", names["kept"], *lake, "--json"]) == 0
    name = json.loads(capsys.readouterr().out)["name"]
    assert main(["lake", "backups", names["kept"]]) == 0
    assert name in capsys.readouterr().out
    assert main(["lake", "restore", names["kept"], names["back"], "--as-of", name]) == 0
    assert "verified, 3 items" in capsys.readouterr().out
    assert main(["lake", "verify", "--full", "--lake", names["back"]]) == 0
    assert "3 items: whole" in capsys.readouterr().out
    assert main(["lake", "restore", names["kept"], str(tmp_path / "x"), "--as-of", "19990101T000000Z"]) == 1
    assert f"backups are: {name}" in capsys.readouterr().err
