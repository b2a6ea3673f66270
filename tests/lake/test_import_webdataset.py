"""WebDataset tars are read once, sample by sample, and no tar can do more than be read."""

import contextlib
import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_import_job import counts, picture, refusals

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.importing.tars import members_of
from bowerbird.lake.importing.types import RowError
from bowerbird.lake.importing.webdataset import WebDatasetSource
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake

ONE = ImportOptions(workers=1)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def packed(members: list[tuple[str, bytes]], format_: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def samples(count: int, start: int = 0) -> list[tuple[str, bytes]]:
    return [
        member
        for at in range(start, start + count)
        for member in ((f"{at:06d}.jpg", picture(at)), (f"{at:06d}.txt", f"Picture {at}".encode()))
    ]


def titles(lake: Lake) -> list[str]:
    return sorted(title for part in lake.items.scan(["title"]) for title in part.column(0).to_pylist())


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("is_gzip", [False, True])
def test_samples_become_items_with_their_words(
    lake: Lake, tmp_path: Path, format_: int, is_gzip: bool
) -> None:
    about = {"caption": "From JSON", "price": "3 EUR", "url": "https://a.example/1"}
    tar = packed(
        [
            ("a/0.jpg", picture(0)), ("a/0.txt", b"A red vase"), ("a/0.cls", b"vase"),
            ("a/0.seg.png", picture(9, "PNG")),
            ("b/0.json", json.dumps(about).encode()), ("b/0.webp", picture(1, "WEBP")),
            ("c.png", picture(2, "PNG")), ("c.cls", b"7"), ("c.npy", b"\x93NUMPY"), ("d.txt", b"no picture"),
        ],
        format_,
    )  # fmt: skip
    path = tmp_path / ("set.tar.gz" if is_gzip else "set.tar")
    path.write_bytes(gzip.compress(tar) if is_gzip else tar)

    report = import_source(lake, path, ONE)

    assert counts(report) == (4, 3, 1, 0)
    assert report.by_code == {"no-picture": 1, "passed-over-other-file": 1}
    assert titles(lake) == ["", "A red vase", "From JSON"]
    (vase,) = [row for part in lake.items.scan(["id", "category", "title"]) for row in part.to_pylist()
               if row["title"] == "A red vase"]  # fmt: skip
    assert vase["category"] == ["vase"]
    assert len(item(lake, vase["id"]).media_ids) == 2
    assert lake.blobs.blob(item(lake, vase["id"]).media_ids[0]) == picture(0)
    assert counts(import_source(lake, path, ONE)) == (4, 0, 1, 3)


def test_shards_are_one_catalogue(lake: Lake, tmp_path: Path) -> None:
    for shard in range(3):
        (tmp_path / f"data-{shard:04d}.tar").write_bytes(packed(samples(2)))

    report = import_source(lake, str(tmp_path / "data-{0000..0002}.tar"), ONE)

    # Samples of two shards have the same keys, and none is lost.
    assert counts(report) == (6, 6, 0, 0)
    assert lake.media.count() == 2
    again = import_source(lake, tmp_path, ImportOptions(workers=1, name="data"))
    assert counts(again) == (6, 0, 0, 6)


@pytest.mark.parametrize("pattern", ["data-{0000..0001}.tar", "none-*.tar", "data-{0..999999999}.tar"])
def test_pattern_that_names_what_is_not_there_is_refused(lake: Lake, tmp_path: Path, pattern: str) -> None:
    (tmp_path / "data-0000.tar").write_bytes(packed(samples(1)))

    with pytest.raises(InputError):
        import_source(lake, str(tmp_path / pattern), ONE)


def test_links_devices_and_names_that_climb_are_harmless(lake: Lake, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, target in [
            ("l.jpg", tarfile.SYMTYPE, "/etc/passwd"), ("h.jpg", tarfile.LNKTYPE, "../../x.jpg"),
            ("d.jpg", tarfile.CHRTYPE, ""), ("f.jpg", tarfile.FIFOTYPE, ""), ("dir.jpg", tarfile.DIRTYPE, ""),
        ]:  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            tar.addfile(info)
        for name in ("../../climbs.jpg", "/absolute.jpg", "a/../../b.jpg"):
            info = tarfile.TarInfo(name)
            info.size = len(picture(1))
            tar.addfile(info, io.BytesIO(picture(1)))
    (tmp_path / "set.tar").write_bytes(out.getvalue())

    report = import_source(lake, tmp_path / "set.tar", ONE)

    assert counts(report) == (3, 3, 0, 0)
    assert not list(tmp_path.parent.glob("*.jpg"))
    assert not Path("/absolute.jpg").exists()


def lying(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header that claims a size, without what it claims."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "bad",
    [
        lying("x", 2**33, tarfile.XHDTYPE), lying("x", 2**33, tarfile.GNUTYPE_LONGNAME),
        lying("x", 2**33, tarfile.XGLTYPE), lying("x.jpg", 10**9), lying("x.jpg", 2**62)[:300],
        b"rubbish" * 100,
    ],
)  # fmt: skip
def test_lying_header_ends_the_tar_and_keeps_what_came_before(lake: Lake, tmp_path: Path, bad: bytes) -> None:
    whole = packed(samples(2))
    (tmp_path / "set.tar").write_bytes(whole[: whole.rindex(b"Picture 1") + 512] + bad)

    tracemalloc.start()
    report = import_source(lake, tmp_path / "set.tar", ONE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert titles(lake) == ["Picture 0", "Picture 1"]
    assert report.by_code["broken-file"] == 1
    assert peak < 60 * 2**20


def test_member_that_is_too_long_is_refused_unread(lake: Lake, tmp_path: Path) -> None:
    huge = packed([("big.jpg", b"\xff" * (65 * 2**20)), *samples(1)])
    (tmp_path / "set.tar.gz").write_bytes(gzip.compress(huge, 1))

    report = import_source(lake, tmp_path / "set.tar.gz", ONE)

    assert counts(report) == (2, 1, 1, 0)
    assert list(refusals(report).values()) == ["too-many-bytes"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_tar_cut_anywhere_gives_what_was_whole_and_says_so(tmp_path: Path, data: st.DataObject) -> None:
    whole = packed(samples(4))
    at = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path / "set.tar"
    path.write_bytes(whole[:at])

    rows = list(WebDatasetSource([path], "set").rows())

    said_all = at >= whole.rindex(b"Picture 3") + 512 + 512
    assert (rows[-1].error is None) == said_all
    assert sum(row.error is None for row in rows) >= (at // 512 - 4) // 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_tar_raises_nothing_but_its_own_error(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(packed(samples(3)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "set.tar"
    path.write_bytes(bytes(whole))

    with contextlib.suppress(RowError):
        for member in members_of(path, 2**20):
            assert member.content is None or len(member.content) == member.size


def test_memory_of_a_tar_does_not_grow_with_it(tmp_path: Path) -> None:
    def peak_of(count: int) -> int:
        path = tmp_path / f"{count}.tar"
        path.write_bytes(packed([(f"{at}.txt", b"words") for at in range(count)]))
        tracemalloc.start()
        assert sum(1 for _ in WebDatasetSource([path], "set").rows()) == count
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    # A kept header alone is 512 bytes; caches of the interpreter grow by a few.
    assert peak_of(6_000) - peak_of(600) < 5_400 * 32
