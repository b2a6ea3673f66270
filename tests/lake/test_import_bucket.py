"""A catalogue may lie in a bucket: pictures under a prefix, a table with its pictures, a feed, shards."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feed_files import rss, tsv
from test_import_feeds import product
from test_import_job import counts, picture
from test_import_webdataset import packed, samples

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.sourcing import bring_in
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake
from bowerbird.lake.places import Place, place_of
from bowerbird.lake.types import ImportReport

ONE = ImportOptions(workers=1)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


@pytest.fixture
def bucket(s3_bucket: str) -> Place:
    return place_of(s3_bucket)


def brought(lake: Lake, address: str, options: ImportOptions = ONE) -> ImportReport:
    return bring_in(lake, address, options, keep_unchanged=True).report


def titles(lake: Lake) -> list[str]:
    return sorted(title for part in lake.items.scan(["title"]) for title in part.column(0).to_pylist())


def test_pictures_under_a_prefix_are_a_catalogue(lake: Lake, bucket: Place, s3_bucket: str) -> None:
    for at in range(3):
        bucket.write(f"shop/vases/red_vase_{at}x.jpg", picture(at))
    bucket.write("shop/vases/red_vase_1x.txt", b"A named vase\nOf clay.")
    bucket.write("shop/notes.txt", b"notes")
    bucket.write("shop/.hidden.jpg", picture(8))
    bucket.write("elsewhere/a.jpg", picture(9))

    report = brought(lake, f"{s3_bucket}/shop/")
    bucket.write("shop/vases/red_vase_2x.jpg", picture(7))
    again = brought(lake, f"{s3_bucket}/shop")

    assert (counts(report), report.by_code) == ((3, 3, 0, 0), {"passed-over-other-file": 1})
    assert titles(lake) == ["A named vase", "Red vase 0x", "Red vase 2x"]
    assert counts(again) == (3, 1, 0, 2)


@pytest.mark.parametrize("form", ["tsv", "xml"])
def test_table_in_a_bucket_names_the_pictures_beside_it(
    lake: Lake, bucket: Place, s3_bucket: str, form: str
) -> None:
    for at in range(2):
        bucket.write(f"shop/pictures/{at}.jpg", picture(at))
    names = ["pictures/0.jpg", "pictures/1.jpg", "../secret.jpg", "/etc/hosts", "pictures/none.jpg"]
    rows = [product(str(at), image_link=name) for at, name in enumerate(names)]
    bucket.write(f"shop/feed.{form}", tsv(rows) if form == "tsv" else rss(rows))
    bucket.write("secret.jpg", picture(5))

    report = brought(lake, f"{s3_bucket}/shop/feed.{form}")

    assert counts(report) == (5, 2, 3, 0)
    assert report.by_code == {"outside-folder": 2, "missing-file": 1}
    assert (item(lake, "1").source, lake.blobs.blob(item(lake, "1").media_ids[0])) == ("feed", picture(1))
    assert not [path for path in (lake.path / "imports").rglob("*") if path.suffix == f".{form}"]


def test_shards_in_a_bucket_are_one_catalogue(
    lake: Lake, bucket: Place, s3_bucket: str, tmp_path: Path
) -> None:
    for shard in range(2):
        bucket.write(f"web/data-{shard:04d}.tar", packed(samples(2, 2 * shard)))
        image = {"bytes": picture(4 + shard), "path": "x.jpg"}
        pq.write_table(pa.table({"image": [image], "text": [f"T{shard}"]}), tmp_path / "x.parquet")
        bucket.write(f"hf/data/train-{shard:05d}-of-00002.parquet", (tmp_path / "x.parquet").read_bytes())

    tars, parquets = brought(lake, f"{s3_bucket}/web"), brought(lake, f"{s3_bucket}/hf/")

    assert (counts(tars), counts(parquets)) == ((4, 4, 0, 0), (2, 2, 0, 0))
    assert titles(lake) == ["Picture 0", "Picture 1", "Picture 2", "Picture 3", "T0", "T1"]


def test_file_in_a_bucket_that_has_not_changed_is_not_read(lake: Lake, bucket: Place, s3_bucket: str) -> None:
    bucket.write("web.tar", packed(samples(2)))
    first, again = brought(lake, f"{s3_bucket}/web.tar"), brought(lake, f"{s3_bucket}/web.tar")
    bucket.write("web.tar", packed(samples(3)))

    assert (first.accepted, again.is_unread) == (2, True)
    assert counts(brought(lake, f"{s3_bucket}/web.tar")) == (3, 1, 0, 2)


def test_prefix_with_nothing_is_refused(lake: Lake, s3_bucket: str) -> None:
    with pytest.raises(InputError, match="nothing at"):
        brought(lake, f"{s3_bucket}/nowhere/")
