"""One suite for every place: what the lake relies on, whether files lie on a disk or in a bucket."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.core.errors import NotFoundError, PlaceError
from bowerbird.lake.places import Place, as_address, is_remote, place_of

MEBIBYTE = 2**20


@pytest.fixture(params=["disk", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "disk":
        return str(tmp_path / "place")
    return f"{request.getfixturevalue('s3_bucket')}/some/prefix"


@pytest.fixture
def place(address: str) -> Place:
    return place_of(address)


def in_pieces(content: bytes, piece_bytes: int = 1_000_003) -> Iterator[bytes]:
    for start in range(0, len(content), piece_bytes):
        yield content[start : start + piece_bytes]


@pytest.mark.parametrize("size", [0, 1, 5 * MEBIBYTE - 1, 5 * MEBIBYTE, 5 * MEBIBYTE + 1, 20 * MEBIBYTE])
@pytest.mark.parametrize("way", ["whole", "pieces"])
def test_file_of_any_size_comes_back_as_it_was_written(place: Place, size: int, way: str) -> None:
    content = os.urandom(size)

    place.write("a/file.bin", content if way == "whole" else in_pieces(content))

    seen = place.stat("a/file.bin")
    assert seen is not None
    assert seen.size_bytes == size
    assert place.read("a/file.bin") == content
    assert b"".join(place.stream("a/file.bin")) == content
    middle = size // 2
    assert place.read_range("a/file.bin", middle, 7) == content[middle : middle + 7]


def test_files_lists_everything_below_a_folder_with_sizes(place: Place) -> None:
    for path, content in {"a.txt": b"1", "b/c.txt": b"22", "b/d/e.txt": b"333", "bc/f.txt": b""}.items():
        place.write(path, content)

    listed = {file.path: file.size_bytes for file in place.files()}
    assert listed == {"a.txt": 1, "b/c.txt": 2, "b/d/e.txt": 3, "bc/f.txt": 0}
    assert {file.path for file in place.files("b")} == {"b/c.txt", "b/d/e.txt"}
    assert list(place.files("nothing")) == []
    assert place.folders() == ["b", "bc"]
    assert place.folders("b") == ["d"]
    assert place.folders("nothing") == []


def test_names_with_spaces_and_other_letters_are_kept(place: Place) -> None:
    name = "we ird/ü %20#?+&.txt"

    place.write(name, b"x")

    assert [file.path for file in place.files()] == [name]
    assert place.read(name) == b"x"


def test_within_a_folder_names_are_relative_to_it(place: Place) -> None:
    place.write("outer/inner/a.txt", b"x")

    inner = place.within("outer").within("inner")

    assert [file.path for file in inner.files()] == ["a.txt"]
    inner.write("b.txt", b"y")
    assert place.read("outer/inner/b.txt") == b"y"
    assert inner.address == f"{place.address}/outer/inner"


def test_absent_files_are_told_apart_from_empty_ones(place: Place) -> None:
    place.write("empty", b"")

    assert place.stat("absent") is None
    with pytest.raises(NotFoundError, match="absent"):
        place.read("absent")
    with pytest.raises(NotFoundError, match="absent"):
        list(place.stream("absent"))
    assert place.read("empty") == b""
    assert place.read_range("empty", 0, 10) == b""
    assert place.read_range("empty", 5, 10) == b""


def test_delete_takes_a_file_away_and_minds_no_absent_one(place: Place) -> None:
    place.write("a", b"x")

    place.delete("a")
    place.delete("a")

    assert place.stat("a") is None


def test_write_replaces_and_the_mark_changes(place: Place) -> None:
    place.write("a", b"old")
    before = place.stat("a")

    place.write("a", b"new")

    after = place.stat("a")
    assert place.read("a") == b"new"
    assert before is not None
    assert after is not None
    assert before.mark != after.mark


def test_write_if_absent_makes_a_file_once(place: Place) -> None:
    assert place.write_if_absent("a", b"first")

    assert not place.write_if_absent("a", b"second")

    assert place.read("a") == b"first"


def test_replace_if_refuses_when_another_was_first(place: Place) -> None:
    place.write("a", b"1")
    seen = place.stat("a")
    assert seen is not None

    assert place.replace_if("a", b"2", seen.mark)
    assert not place.replace_if("a", b"3", seen.mark)
    assert not place.replace_if("absent", b"3", seen.mark)

    assert place.read("a") == b"2"


COUNTER = """
    import sys
    from bowerbird.lake.places import place_of
    place = place_of(sys.argv[1])
    for _ in range(5):
        while True:
            seen = place.stat("count")
            count = int(place.read("count"))
            # What was read may be newer than the mark: then the mark does not fit and nothing is lost.
            if place.replace_if("count", str(count + 1).encode(), seen.mark):
                break
"""


def test_counting_with_replace_if_from_four_processes_loses_nothing(place: Place, address: str) -> None:
    place.write("count", b"0")
    words = [sys.executable, "-c", textwrap.dedent(COUNTER), address]
    counters = [subprocess.Popen(words) for _ in range(4)]

    assert [counter.wait(timeout=120) for counter in counters] == [0] * 4

    assert place.read("count") == b"20"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../out", "a/../../out", "a//b", "a\\b", "a\nb", "./a"])
def test_names_that_lead_outside_are_refused(place: Place, name: str) -> None:
    for act in (place.read, place.stat, place.delete, lambda path: place.write(path, b"x")):
        with pytest.raises(PlaceError, match="relative"):
            act(name)


def test_failed_write_leaves_the_old_file_and_no_other(place: Place) -> None:
    place.write("a/b", b"old")

    def breaking() -> Iterator[bytes]:
        yield os.urandom(9 * MEBIBYTE)
        raise RuntimeError("the source broke off")

    with pytest.raises(Exception, match="broke off"):
        place.write("a/b", breaking())

    assert place.read("a/b") == b"old"
    assert [file.path for file in place.files()] == ["a/b"]


# One kind only.


def test_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "place" / "way").symlink_to(tmp_path)

    assert list(place_of(tmp_path / "place").files()) == []


@pytest.mark.parametrize("given", ["s3://bucket/a/b/", "s3://bucket/a/b", Path("s3://bucket/a/b")])
def test_address_of_a_bucket_survives_being_taken_for_a_folder(given: Path | str) -> None:
    assert as_address(given) == "s3://bucket/a/b"
    assert is_remote(given)


def test_address_of_a_folder_stays_a_folder() -> None:
    assert as_address("some/folder") == Path("some/folder")
    assert not is_remote("C:/windows")


def test_unknown_scheme_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(PlaceError, match="s3://"):
        place_of("ftp://somewhere/else")


def test_missing_bucket_is_told_plainly(s3_bucket: str) -> None:
    with pytest.raises(PlaceError, match="no bucket 'never-made'; needed is one that exists"):
        place_of("s3://never-made/prefix")
    with pytest.raises(PlaceError, match="name the bucket"):
        place_of("s3://")


def test_missing_keys_are_told_plainly(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    # What a machine without a role answers when it is asked for keys.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(PlaceError, match="AWS_ACCESS_KEY_ID"):
        place_of(s3_bucket)


def test_server_that_is_not_there_is_told_plainly(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(PlaceError, match=r"does not answer .*AWS_ENDPOINT_URL"):
        place_of(s3_bucket)
