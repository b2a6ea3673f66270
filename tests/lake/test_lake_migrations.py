import json
import shutil
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import lance
import pyarrow as pa
import pytest

from bowerbird.cli.main import main
from bowerbird.core.clock import SystemClock
from bowerbird.core.errors import LakeError, LakeFormatError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.format import LakeFormat, read_format
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.local_place import LocalPlace
from bowerbird.lake.migrations import STEPS, LakeLayout, Step, migrate, prepare
from bowerbird.lake.types import ItemFields

FIXTURES = Path(__file__).parent / "fixtures"
CLOCK = SystemClock()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A lake as the first released layout had it: no `lake.json`, made by the code of that time."""
    with tarfile.open(FIXTURES / "lake_format_0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "lake"


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_lake_of_the_first_layout_is_brought_up_when_opened_and_is_used(old: Path) -> None:
    with Lake.open(old) as lake:
        ids = sorted(lake.items.read(["id"])["id"].to_pylist())
        assert [id_.partition("-")[0] for id_ in ids] == ["blue", "green", "red"]
        assert Catalogue.open(lake).count() == 3
        assert lake.items.search_words("blue", 5).num_rows == 1
        sha = lake.items.take([ids[0]], ["media_ids"])["media_ids"][0].as_py()[0]
        assert lake.blobs.blob(sha)[:4] == b"\x89PNG"
        assert lake.tables()["embedding/words/test.1.0"].count() == 2
        (board,) = lake.records.boards.of_owner("person_one")
        assert board.count == 1
        assert lake.events.count() == 1
        put_items(lake, [StoredItem(ItemFields(id="new", title="New"))])
        assert lake.items.count() == 4
    said = read_format(LocalPlace(old))
    assert said is not None
    assert said.format == len(STEPS)


def test_migration_and_the_way_back_leave_what_the_version_before_wrote(old: Path) -> None:
    before = contents(old)

    migrate(LocalPlace(old), old, CLOCK)
    migrate(LocalPlace(old), old, CLOCK, to=0)

    after = contents(old)
    assert read_format(LocalPlace(old)) is None
    assert {name: after.get(name) for name in before} == before
    assert {name for name in after if name not in before} <= {"leases/migration.json", ".writing-lock"}


def test_new_lake_says_which_layout_it_has_and_keeps_its_id(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True):
        first = read_format(LocalPlace(tmp_path / "lake"))
    with Lake.open(tmp_path / "lake"):
        again = read_format(LocalPlace(tmp_path / "lake"))

    assert first is not None
    assert first.format == len(STEPS)
    assert again == first


def test_folder_without_a_lake_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake"):
        Lake.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_layout_that_is_not_known_yet_is_refused_plainly(old: Path) -> None:
    with Lake.open(old):
        pass
    said = json.loads((old / "lake.json").read_text())
    (old / "lake.json").write_text(json.dumps(said | {"format": len(STEPS) + 1}))

    with pytest.raises(LakeFormatError, match=f"layout {len(STEPS) + 1}; this version of Bowerbird knows"):
        Lake.open(old)
    with pytest.raises(LakeFormatError, match="use a newer one"):
        migrate(LocalPlace(old), old, CLOCK, to=0)


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": -1}', b"\xff\xfe", b'{"format": 1, "hm": 2}'])
def test_lake_json_that_cannot_be_read_is_refused_plainly(old: Path, content: bytes) -> None:
    (old / "lake.json").write_bytes(content)

    with pytest.raises(LakeFormatError, match=r"lake\.json of .* cannot be read"):
        Lake.open(old)


# Steps that change tables.

NOTE = pa.field("note", pa.string())


def add_note(lake: LakeLayout) -> None:
    lake.add_columns("item", [NOTE])


def drop_note(lake: LakeLayout) -> None:
    lake.drop_columns("item", ["note"])


WITH_NOTE = (*STEPS, Step("items have a note", True, True, add_note, drop_note))
SLOW_NOTE = (*STEPS, Step("items have a note", True, False, add_note, drop_note))


@pytest.fixture(params=["disk", "s3"])
def place_of_lake(request: pytest.FixtureRequest, old: Path, tmp_path: Path) -> LocalPlace:
    from bowerbird.lake.places import place_of

    if request.param == "disk":
        return LocalPlace(old)
    place = place_of(f"{request.getfixturevalue('s3_bucket')}/lake")
    for file in LocalPlace(old).files("tables"):
        place.write(file.path, LocalPlace(old).stream(file.path))
    return place


def dataset(place: LocalPlace, table: str, **how: object) -> lance.LanceDataset:
    options = place.table_options
    return lance.dataset(f"{place.address}/tables/{table}.lance", storage_options=options, **how)


def test_step_that_adds_a_column_keeps_every_row_and_is_undone(
    place_of_lake: LocalPlace, tmp_path: Path
) -> None:
    place = place_of_lake
    before = dataset(place, "item").to_table().sort_by("id")

    report = migrate(place, tmp_path, CLOCK, steps=WITH_NOTE)

    assert (report.before, report.after, len(report.steps)) == (0, len(STEPS) + 1, len(STEPS) + 1)
    grown = dataset(place, "item").to_table().sort_by("id")
    assert grown["note"].null_count == len(before)
    assert grown.drop_columns(["note"]) == before
    tag = f"before-layout-{len(STEPS) + 1}"
    assert dataset(place, "item", version=tag).to_table().sort_by("id") == before
    assert tag in dataset(place, "media").tags.list()

    migrate(place, tmp_path, CLOCK, to=len(STEPS), steps=WITH_NOTE)

    assert dataset(place, "item").to_table().sort_by("id") == before
    said = read_format(place)
    assert said is not None
    assert said.format == len(STEPS)


def test_cheap_steps_happen_on_open_and_slow_ones_are_asked_for(old: Path) -> None:
    place = LocalPlace(old)

    with pytest.raises(LakeFormatError, match="takes a while; run `bowerbird lake migrate --lake"):
        prepare(place, old, CLOCK, create=False, steps=SLOW_NOTE)
    assert "note" not in dataset(place, "item").schema.names

    assert prepare(place, old, CLOCK, create=False, steps=WITH_NOTE).format == len(STEPS) + 1
    assert "note" in dataset(place, "item").schema.names


def test_step_that_broke_off_is_done_again(old: Path) -> None:
    def break_off(lake: LakeLayout) -> None:
        add_note(lake)
        raise OSError("the power went")

    broken = (*STEPS, Step("items have a note", True, True, break_off, drop_note))
    with pytest.raises(OSError, match="the power went"):
        migrate(LocalPlace(old), old, CLOCK, steps=broken)
    assert read_format(LocalPlace(old)) is not None

    report = migrate(LocalPlace(old), old, CLOCK, steps=WITH_NOTE)

    assert report.steps == ("items have a note",)
    assert dataset(LocalPlace(old), "item").to_table()["note"].null_count == 4


OPENER = """
    import sys
    from pathlib import Path
    from bowerbird.lake.lake import Lake
    print("ready", flush=True)
    sys.stdin.readline()
    with Lake.open(Path(sys.argv[1])) as lake:
        print(lake.items.count())
"""


def test_old_lake_opened_by_four_processes_at_once_is_brought_up_once(old: Path) -> None:
    words = [sys.executable, "-c", textwrap.dedent(OPENER), str(old)]
    openers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"

    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()

    assert [opener.communicate(timeout=120)[0].strip() for opener in openers] == ["3"] * 4
    assert LakeFormat.model_validate_json((old / "lake.json").read_bytes()).format == len(STEPS)


def test_migrate_command_goes_forward_and_back(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lake", "migrate", "--lake", str(old)]) == 0
    assert f"layout 0 before, {len(STEPS)} now" in capsys.readouterr().out

    assert main(["lake", "migrate", "--lake", str(old), "--to", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == 0
    assert not (old / "lake.json").exists()

    assert main(["lake", "migrate", "--lake", str(old), "--to", "99"]) == 1
    assert "layout 99 was asked for" in capsys.readouterr().err


def test_item_numbers_are_there_again_when_the_records_were_lost(old: Path) -> None:
    with Lake.open(old) as lake:
        before = lake.items.take(ids_with_tombstones(lake), ["id", "number"]).to_pylist()
    for name in ("records.sqlite", "records.sqlite-wal", "records.sqlite-shm"):
        (old / name).unlink(missing_ok=True)

    with Lake.open(old) as lake:
        assert lake.records.numbers.size() == 4
        for row in before:
            assert lake.records.numbers.find([row["id"]]).tolist() == [row["number"]]
        assert lake.records.numbers.allocate(["new"]).numbers.tolist() == [4]


def ids_with_tombstones(lake: Lake) -> list[str]:
    batches = lake.items.scan(["id"], with_tombstones=True)
    return [id_ for batch in batches for id_ in batch["id"].to_pylist()]


def test_lake_moved_to_another_folder_opens(old: Path, tmp_path: Path) -> None:
    with Lake.open(old):
        pass
    shutil.move(old, tmp_path / "moved")

    with Lake.open(tmp_path / "moved") as lake:
        assert lake.items.count() == 3
