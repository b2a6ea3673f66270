"""An import takes in what it can, says what it could not, and goes on where it was stopped."""

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bowerbird.core.errors import ConfigError, InputError, TooLargeError
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import delete_items, item
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ImportReport

ONE = ImportOptions(workers=1)


def picture(seed: int, kind: str = "JPEG", **options: object) -> bytes:
    """A small picture that is another one for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((50, 40), Image.Resampling.BICUBIC).save(out, kind, **options)
    return out.getvalue()


def catalogue(folder: Path, rows: list[dict[str, object]], pictures: int | None = None) -> Path:
    """`items.csv` with pictures `0.jpg`, `1.jpg`, … beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(len(rows) if pictures is None else pictures):
        (folder / f"{seed}.jpg").write_bytes(picture(seed))
    with (folder / "items.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "items.csv"


def plain_rows(count: int) -> list[dict[str, object]]:
    return [{"id": f"item-{at}", "file": f"{at}.jpg", "title": f"Thing {at}"} for at in range(count)]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows_in == report.accepted + report.rejected + report.unchanged
    return report.rows_in, report.accepted, report.rejected, report.unchanged


def refusals(report: ImportReport) -> dict[str, str]:
    """Where → code of the rejects file."""
    lines = Path(str(report.rejects_path)).read_text().splitlines()
    return {line["where"]: line["code"] for line in map(json.loads, lines)}


def contents(lake: Lake) -> dict[str, list[dict[str, object]]]:
    """All that an import wrote, without the times."""
    columns = {
        "items": ["id", "title", "description", "media_ids", "category", "keywords", "source", "row_hash"],
        "media": ["id", "format", "width_px", "thumb", "thumbhash", "signature"],
        "blobs": ["id", "content"],
    }
    return {
        name: sorted(
            (row for part in getattr(lake, name).scan(wanted) for row in part.to_pylist()),
            key=lambda row: row["id"],
        )
        for name, wanted in columns.items()
    }


@pytest.fixture
def lake(tmp_path: Path):
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def test_rows_of_a_table_become_items_media_and_blobs(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(3))

    report = import_source(lake, path, ONE)

    assert counts(report) == (3, 3, 0, 0)
    assert report.rejects_path is None
    stored = item(lake, "item-1")
    assert (stored.fields.title, stored.source) == ("Thing 1", "items")
    assert lake.blobs.blob(stored.media_ids[0]) == picture(1)
    (media,) = lake.media.take([stored.media_ids[0]], ["width_px", "kind", "format", "frames"]).to_pylist()
    assert media == {"width_px": 50, "kind": "picture", "format": "jpeg", "frames": 1}


def test_second_run_changes_nothing_and_opens_no_picture(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(3))
    first = import_source(lake, path, ONE)

    again = import_source(lake, path, ONE)

    assert counts(again) == (3, 0, 0, 3)
    assert again.version == first.version


def test_changed_row_and_changed_picture_are_taken_again(lake: Lake, tmp_path: Path) -> None:
    rows = plain_rows(4)
    import_source(lake, catalogue(tmp_path / "in", rows), ONE)
    number = lake.items.take(["item-2"], ["number"]).to_pylist()

    rows[2]["title"] = "Another name"
    path = catalogue(tmp_path / "in", rows, pictures=0)
    (tmp_path / "in" / "3.jpg").write_bytes(picture(33))
    report = import_source(lake, path, ONE)

    assert counts(report) == (4, 2, 0, 2)
    assert item(lake, "item-2").fields.title == "Another name"
    assert lake.blobs.blob(item(lake, "item-3").media_ids[0]) == picture(33)
    assert lake.items.take(["item-2"], ["number"]).to_pylist() == number


def test_item_that_was_deleted_comes_back_with_its_source(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(2))
    import_source(lake, path, ONE)
    delete_items(lake, ["item-1"])

    assert counts(import_source(lake, path, ONE)) == (2, 1, 0, 1)
    assert item(lake, "item-1").fields.title == "Thing 1"


def test_every_refused_row_is_in_the_rejects_file_with_its_reason(lake: Lake, tmp_path: Path) -> None:
    rows = plain_rows(8)
    rows[1]["file"] = "ftp://elsewhere.example/1.jpg"
    rows[2]["file"] = "../secret.jpg"
    rows[3]["file"] = "gone.jpg"
    rows[4]["file"] = ""
    rows[5]["id"] = "item-0"
    rows[6]["price"] = "cheap"
    path = catalogue(tmp_path / "in", rows)
    (tmp_path / "secret.jpg").write_bytes(picture(9))
    (tmp_path / "in" / "7.jpg").write_bytes(picture(7)[:300])

    report = import_source(lake, path, ONE)

    assert counts(report) == (8, 1, 7, 0)
    assert refusals(report) == {
        "items.csv, line 3": "bad-address", "items.csv, line 4": "outside-folder",
        "items.csv, line 5": "missing-file", "items.csv, line 6": "no-picture",
        "items.csv, line 7": "duplicate-id",
        "items.csv, line 8": "bad-price", "items.csv, line 9": "truncated",
    }  # fmt: skip
    first = json.loads(Path(str(report.rejects_path)).read_text().splitlines()[0])
    assert set(first) == {"row", "where", "field", "code", "hint", "received"}
    assert report.by_code["truncated"] == 1


def test_picture_that_two_rows_name_is_stored_once(lake: Lake, tmp_path: Path) -> None:
    rows = plain_rows(3)
    rows[2]["file"] = "0.jpg"

    import_source(lake, catalogue(tmp_path / "in", rows), ONE)

    assert lake.media.count() == lake.blobs.count() == 2
    assert item(lake, "item-0").media_ids == item(lake, "item-2").media_ids


def test_further_pictures_of_a_row_follow_the_main_one(lake: Lake, tmp_path: Path) -> None:
    rows = plain_rows(3)
    rows[0]["additional_image_link"] = "1.jpg, 2.jpg, gone.jpg"

    report = import_source(lake, catalogue(tmp_path / "in", rows), ONE)

    assert counts(report) == (3, 3, 0, 0)
    mains = [item(lake, f"item-{at}").media_ids[0] for at in range(3)]
    assert item(lake, "item-0").media_ids == tuple(mains)
    assert report.by_code == {"extra-picture-left-out": 1}


def test_pictures_come_from_another_folder_or_a_zip(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(3), pictures=0)
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as packed:
        for seed in range(3):
            packed.writestr(f"deep/{seed}.jpg", picture(seed))

    report = import_source(lake, path, ImportOptions(images=tmp_path / "images.zip", workers=1))

    assert counts(report) == (3, 3, 0, 0)


def test_json_lines_keep_lists_and_odd_lines_are_refused_one_by_one(lake: Lake, tmp_path: Path) -> None:
    for seed in range(2):
        (tmp_path / f"{seed}.jpg").write_bytes(picture(seed))
    lines = [
        json.dumps({"id": "a", "image": "0.jpg", "tags": ["warm", "red"], "price": 0.1, "currency": "EUR"}),
        "{not json", "[1]", "", json.dumps({"id": "b", "picture": "1.jpg", "name": "B", "size": {"cm": 4}}),
    ]  # fmt: skip
    path = tmp_path / "feed.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))

    report = import_source(lake, path, ONE)

    assert counts(report) == (4, 2, 2, 0)
    assert item(lake, "a").fields.keywords == ("warm", "red")
    assert item(lake, "a").fields.price_micros == 100_000
    assert item(lake, "b").fields.attributes == {"size": '{"cm": 4}'}


def test_parquet_may_carry_the_pictures_themselves(lake: Lake, tmp_path: Path) -> None:
    rows = pa.table(
        {
            "id": ["a", "b"],
            "text": ["A", "B"],
            "image": [{"bytes": picture(0), "path": "x.jpg"}, {"bytes": b"no picture", "path": None}],
        }
    )
    pq.write_table(rows, tmp_path / "set.parquet")

    report = import_source(lake, tmp_path / "set.parquet", ONE)

    assert counts(report) == (2, 1, 1, 0)
    assert lake.blobs.blob(item(lake, "a").media_ids[0]) == picture(0)
    assert counts(import_source(lake, tmp_path / "set.parquet", ONE)) == (2, 0, 1, 1)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("a.tsv", "utf-8", "\t"), ("a.csv", "utf-8-sig", ";"), ("a.csv", "cp1252", ","),
        ("a.csv", "utf-16", ","),
    ],
)  # fmt: skip
def test_tables_of_other_programs_are_read(
    lake: Lake, tmp_path: Path, name: str, encoding: str, delimiter: str
) -> None:
    (tmp_path / "0.jpg").write_bytes(picture(0))
    text = f'id{delimiter}file{delimiter}title\n1{delimiter}0.jpg{delimiter}"Größe ""L"""\n'
    (tmp_path / name).write_bytes(text.encode(encoding))

    assert counts(import_source(lake, tmp_path / name, ONE)) == (1, 1, 0, 0)
    assert item(lake, "1").fields.title == 'Größe "L"'


def test_folder_is_a_catalogue_by_its_names(lake: Lake, tmp_path: Path) -> None:
    root = tmp_path / "wardrobe"
    (root / "shoes" / "winter_boots").mkdir(parents=True)
    (root / "shoes" / "winter_boots" / "warm-brown_boots (1).jpg").write_bytes(picture(0))
    (root / "shoes" / "IMG_1234.jpg").write_bytes(picture(1))
    (root / "shoes" / "IMG_1234.txt").write_text("Red sandals\nFor the beach.\n")
    (root / "shoes" / "named.png").write_bytes(picture(2, "PNG"))
    (root / "shoes" / "named.json").write_text('{"name": "Clogs", "price": "30 EUR", "sku": "clog-1"}')
    exif = Image.Exif()
    exif[270] = "A hat in the wind"
    (root / "DSC00017.jpg").write_bytes(picture(3, exif=exif))
    (root / "no-ending").write_bytes(picture(4))

    report = import_source(lake, root, ONE)

    assert counts(report) == (5, 5, 0, 0)
    found = {
        row["title"]: row
        for part in lake.items.scan(["id", "title", "description", "category"])
        for row in part.to_pylist()
    }
    assert found["Warm brown boots"]["category"] == ["Shoes", "Winter boots"]
    assert found["Red sandals"]["description"] == "For the beach."
    assert found["Clogs"]["id"] == "clog-1"
    assert "No ending" in found
    assert any(row["description"] == "A hat in the wind" for row in found.values())


def test_folder_passes_over_what_is_hidden_outside_or_no_picture(lake: Lake, tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "a.jpg").write_bytes(picture(0))
    (root / ".hidden.jpg").write_bytes(picture(1))
    (tmp_path / "outside.jpg").write_bytes(picture(2))
    (root / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (root / "round").symlink_to(root)
    (root / "notes.txt").write_text("notes")
    (root / "film.flv").write_bytes(b"FLV\x01\x05\x00\x00\x00\x09" + bytes(100))
    (root / "good.jpg").write_bytes(picture(3))
    (root / "text.jpg").write_text("not a picture")

    report = import_source(lake, root, ONE)

    assert counts(report) == (2, 1, 1, 0)
    assert report.by_code == {"not-a-picture": 1, "passed-over-other-file": 1, "passed-over-video": 1}


def test_zip_of_pictures_is_a_catalogue(lake: Lake, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as packed:
        packed.writestr("beach/blue_sea.jpg", picture(0))
        packed.writestr("beach/blue_sea.txt", "The sea")
        packed.writestr("__MACOSX/._blue_sea.jpg", b"x")
        packed.writestr("../../evil.jpg", picture(1))

    report = import_source(lake, tmp_path / "holiday.zip", ONE)

    assert report.accepted >= 1
    assert not list(tmp_path.parent.glob("evil*"))
    titles = [row for part in lake.items.scan(["title"]) for row in part.column(0).to_pylist()]
    assert "The sea" in titles


def test_removing_what_is_missing_asks_before_it_removes_much(lake: Lake, tmp_path: Path) -> None:
    import_source(lake, catalogue(tmp_path / "in", plain_rows(10)), ONE)
    remove = ImportOptions(workers=1, remove_missing=True)

    few = import_source(lake, catalogue(tmp_path / "in", plain_rows(8)), remove)
    with pytest.raises(TooLargeError, match="--yes"):
        import_source(lake, catalogue(tmp_path / "in", plain_rows(3)), remove)
    kept = lake.items.count()
    agreed = import_source(
        lake,
        catalogue(tmp_path / "in", plain_rows(3)),
        ImportOptions(workers=1, remove_missing=True, is_agreed=True),
    )

    assert (few.removed, kept, agreed.removed, lake.items.count()) == (2, 8, 5, 3)


def test_removing_waits_while_rows_cannot_be_read(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(10))
    import_source(lake, path, ONE)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], lines[3] + ",too,many,cells,here,are,these", *lines[4:]]))

    with pytest.raises(InputError, match="--yes"):
        import_source(lake, path, ImportOptions(workers=1, remove_missing=True))
    kept = lake.items.count()
    agreed = import_source(lake, path, ImportOptions(workers=1, remove_missing=True, is_agreed=True))

    assert (kept, agreed.removed, lake.items.count()) == (10, 1, 9)


def test_removing_leaves_other_sources_and_refused_rows_alone(lake: Lake, tmp_path: Path) -> None:
    import_source(lake, catalogue(tmp_path / "in", plain_rows(4)), ONE)
    other = [{"id": "other", "file": "0.jpg"}]
    import_source(lake, catalogue(tmp_path / "other", other), ImportOptions(name="other", workers=1))
    rows = plain_rows(4)
    rows[1]["price"] = "cheap"

    report = import_source(
        lake, catalogue(tmp_path / "in", rows), ImportOptions(workers=1, remove_missing=True)
    )

    assert (report.rejected, report.removed, lake.items.count()) == (1, 0, 5)


def test_cut_off_source_keeps_what_came_before_and_removes_nothing(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(400), pictures=1)
    import_source(lake, catalogue(tmp_path / "in", [{"id": "old", "file": "0.jpg"}], pictures=1), ONE)
    path = catalogue(tmp_path / "in", [{**row, "file": "0.jpg"} for row in plain_rows(400)], pictures=1)
    packed = gzip.compress(path.read_bytes(), mtime=0)
    (tmp_path / "in" / "items.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])

    report = import_source(
        lake, tmp_path / "in" / "items.csv.gz", ImportOptions(workers=1, remove_missing=True, is_agreed=True)
    )

    assert report.accepted > 50
    assert report.by_code["broken-file"] == 1
    assert item(lake, "old").fields.id == "old"


@pytest.mark.parametrize("name", ["nowhere", "a.xlsx", "empty.csv", "bad.parquet", "bad.zip"])
def test_source_that_cannot_be_read_at_all_is_refused(lake: Lake, tmp_path: Path, name: str) -> None:
    if name != "nowhere":
        (tmp_path / name).write_bytes(b"" if name == "empty.csv" else b"PK rubbish")

    with pytest.raises(InputError):
        import_source(lake, tmp_path / name, ONE)


def test_mapping_to_a_column_that_is_not_there_is_refused(lake: Lake, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "in", plain_rows(1))

    with pytest.raises(ConfigError, match="nowhere"):
        import_source(lake, path, ImportOptions(columns={"title": "nowhere"}, workers=1))


def test_endless_line_is_one_refused_row(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(picture(0))
    with (tmp_path / "a.jsonl").open("w") as file:
        file.write('{"id": "long", "title": "' + "x" * 20_000_000 + '"}\n')
        file.write('{"id": "short", "file": "0.jpg"}\n')

    report = import_source(lake, tmp_path / "a.jsonl", ONE)

    assert counts(report) == (2, 1, 1, 0)


RUN = """
import sys
from pathlib import Path
from bowerbird.lake.importing import job
from bowerbird.lake.lake import Lake
job._BATCH_ROWS = 16  # many small batches, so that a kill meets one of them
with Lake.open(Path(sys.argv[1]), create=True) as lake:
    print("begun", flush=True)
    job.import_source(lake, Path(sys.argv[2]), job.ImportOptions(workers=1))
    print("done", flush=True)
"""


def started(lake_path: Path, source: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(lake_path), str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_import_killed_anywhere_ends_like_an_undisturbed_one(lake: Lake, tmp_path: Path) -> None:
    source = catalogue(tmp_path / "in", plain_rows(160))
    import_source(lake, source, ONE)
    broken = tmp_path / "broken"

    kills = 0
    for pause in (0.3, 0.6, 0.9, 1.2):
        run = started(broken, source)
        assert run.stdout is not None
        run.stdout.readline()
        time.sleep(pause)
        run.send_signal(signal.SIGKILL)
        kills += run.communicate()[0] != "done\n"
    last = started(broken, source)

    # A kill in the middle of a commit is healed by the next one that opens the table, which says so.
    assert set(last.communicate()[1].splitlines()) <= {"table healed"}
    assert kills >= 1
    with Lake.open(broken) as mended:
        assert contents(mended) == contents(lake)


def test_interrupted_import_keeps_its_batches_and_leaves_no_worker(tmp_path: Path) -> None:
    source = catalogue(tmp_path / "in", plain_rows(400))
    run = started(tmp_path / "lake", source)
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(1.5)

    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)

    assert "KeyboardInterrupt" in said or run.returncode == 0
    listed = subprocess.run(["ps", "-eo", "ppid=,args="], capture_output=True, text=True, check=True).stdout
    assert not [
        line for line in listed.splitlines() if "decoding_worker" in line and line.split()[0] == str(run.pid)
    ]
    with Lake.open(tmp_path / "lake") as lake:
        stored = lake.items.count()
        report = import_source(lake, source, ONE)
        assert counts(report) == (400, 400 - stored, 0, stored)
