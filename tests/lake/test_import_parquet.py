"""Parquet files come in as Hugging Face and others write them, with pictures inside."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_import_job import counts, picture, refusals

from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.importing.parquet_pages import largest_page_bytes
from bowerbird.lake.lake import Lake

ONE = ImportOptions(workers=1)
IMAGE = {"_type": "Image"}


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def dataset(path: Path, columns: dict[str, list[object]], features: dict[str, object] | None = None) -> Path:
    table = pa.table(columns)
    if features is not None:
        info = {"info": {"features": features}}
        table = table.replace_schema_metadata({b"huggingface": json.dumps(info).encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def image(seed: int, path: str | None = "image.jpg") -> dict[str, object]:
    return {"bytes": picture(seed), "path": path}


def rows_of(lake: Lake, *columns: str) -> list[dict[str, object]]:
    found = [row for part in lake.items.scan(list(columns)) for row in part.to_pylist()]
    return sorted(found, key=str)


def test_classes_are_named_and_captions_become_words(lake: Lake, tmp_path: Path) -> None:
    path = dataset(
        tmp_path / "set.parquet",
        {"image": [image(0), image(1)], "label": [1, 0], "captions": [["A cat", "It sleeps"], ["A dog"]]},
        {"image": IMAGE, "label": {"names": ["dog", "sea_lion"], "_type": "ClassLabel"},
         "captions": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}},
    )  # fmt: skip

    assert counts(import_source(lake, path, ONE)) == (2, 2, 0, 0)
    assert rows_of(lake, "title", "description", "category") == [
        {"title": "A cat", "description": "It sleeps", "category": ["sea lion"]},
        {"title": "A dog", "description": "", "category": ["dog"]},
    ]
    assert counts(import_source(lake, path, ONE)) == (2, 0, 0, 2)


def test_pictures_of_several_columns_and_lists_follow_each_other(lake: Lake, tmp_path: Path) -> None:
    path = dataset(
        tmp_path / "set.parquet",
        {"front": [image(0)], "views": [[image(1), image(2)]], "title": ["Chair"], "depth": [b""]},
        {"front": IMAGE, "views": {"feature": IMAGE, "_type": "List"}},
    )

    assert counts(import_source(lake, path, ONE)) == (1, 1, 0, 0)
    ((row),) = rows_of(lake, "media_ids")
    assert [lake.blobs.blob(sha) for sha in row["media_ids"]] == [picture(seed) for seed in range(3)]  # type: ignore[attr-defined]


def test_folder_of_shards_tells_the_splits_and_loses_no_row_to_equal_names(
    lake: Lake, tmp_path: Path
) -> None:
    for shard, split in enumerate(["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"]):
        seeds = [2 * shard, 2 * shard + 1]
        dataset(tmp_path / "set/data" / f"{split}.parquet", {"image": [image(seed) for seed in seeds]})
    (tmp_path / "set" / "README.md").write_text("A set.")

    report = import_source(lake, tmp_path / "set", ONE)

    assert counts(report) == (6, 6, 0, 0)
    splits = [json.loads(str(row["attributes"]))["split"] for row in rows_of(lake, "attributes")]
    assert sorted(splits) == ["test"] * 2 + ["train"] * 4


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"info": {"features": [1]}}', b'{"info": null}'])
def test_metadata_that_says_nothing_is_passed_over(lake: Lake, tmp_path: Path, text: bytes) -> None:
    table = pa.table({"image": [image(0)], "label": [3]}).replace_schema_metadata({b"huggingface": text})
    pq.write_table(table, tmp_path / "set.parquet")

    assert counts(import_source(lake, tmp_path / "set.parquet", ONE)) == (1, 1, 0, 0)


def test_size_of_pages_is_known_before_they_are_read(tmp_path: Path) -> None:
    small = dataset(tmp_path / "a.parquet", {"image": [image(seed) for seed in range(4)], "n": [1, 2, 3, 4]})
    contents = [np.random.default_rng(seed).bytes(300_000) for seed in range(8)]
    large = dataset(tmp_path / "b.parquet", {"image": [{"bytes": each, "path": ""} for each in contents]})

    with pq.ParquetFile(small) as one, pq.ParquetFile(large) as other:
        assert largest_page_bytes(small, one.metadata, 0) < 20_000
        assert 2_400_000 <= largest_page_bytes(large, other.metadata, 0) < 2_500_000


def test_row_group_that_would_take_too_much_memory_is_refused(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.table({"image": [image(seed) for seed in range(6)], "title": list("abcdef")})
    pq.write_table(table, tmp_path / "set.parquet", row_group_size=2)
    monkeypatch.setattr("bowerbird.lake.importing.parquet.LARGEST_PAGE", 10)

    report = import_source(lake, tmp_path / "set.parquet", ONE)

    assert counts(report) == (3, 0, 3, 0)
    assert report.by_code == {"row-group-too-large": 3}


def test_file_that_breaks_off_inside_keeps_the_row_groups_before(lake: Lake, tmp_path: Path) -> None:
    table = pa.table({"image": [image(seed) for seed in range(6)], "title": list("abcdef")})
    path = tmp_path / "set.parquet"
    pq.write_table(table, path, row_group_size=2, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(bytes(content))

    report = import_source(lake, path, ONE)

    assert counts(report) == (5, 4, 1, 0)
    assert list(refusals(report).values()) == ["broken-file"]


READ = """
import resource, sys
from pathlib import Path
from bowerbird.lake.importing.parquet import ParquetSource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in ParquetSource([Path(sys.argv[1])], "set").rows()) == 300
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_follows_the_page_and_not_the_file(tmp_path: Path) -> None:
    contents = [np.random.default_rng(seed).bytes(500_000) for seed in range(300)]
    table = pa.table({"image": [{"bytes": each, "path": ""} for each in contents]})
    pq.write_table(table, tmp_path / "set.parquet", row_group_size=20)

    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "set.parquet")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 100  # the file has 150 MB
