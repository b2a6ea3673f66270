"""A catalogue of hostile files goes through the command: every file is told of, and nothing else happens."""

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from bowerbird.cli.main import main
from bowerbird.core.errors import PictureError
from bowerbird.lake.display import DISPLAY_PX, DisplayStore
from bowerbird.lake.lake import Lake

sys.path.insert(0, str(Path(__file__).parent))
from hostile import hostile_files, noise, saved
from hostile.archives import archives, no_archives
from hostile.file_names import FILE_NAMES, FOLDER_NAMES
from hostile.making import zipped

MEGABYTE = 2**20
ZIPS = dict(archives())
NO_ZIPS = dict(no_archives())
RUN = """
import json, resource, subprocess, sys
from bowerbird.cli.main import main
code = main(sys.argv[1:])
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"code": code, "peak_bytes": kilobytes * 1024}))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "corpus"
    written(folder, hostile_files())
    return folder


def written(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def imported(source: Path, lake: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["lake", "import", str(source), "--lake", str(lake), "--workers", "1", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def imported_apart(source: Path, lake: Path) -> tuple[dict[str, object], int]:
    """The report of an import in a process of its own, and how much memory that took at most."""
    words = ["lake", "import", str(source), "--lake", str(lake), "--workers", "1", "--json"]
    ran = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True, check=True)
    report, end = map(json.loads, ran.stdout.splitlines())
    assert end["code"] == 0
    return report, end["peak_bytes"]


def rejected(report: dict[str, object]) -> list[dict[str, str]]:
    path = report["rejects_path"]
    return [] if path is None else [json.loads(line) for line in Path(str(path)).read_text().splitlines()]


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@dataclass(frozen=True)
class Taken:
    """What an import of the corpus left behind."""

    lake: Path
    report: dict[str, object]
    peak_bytes: int
    around_before: set[str]
    around_after: set[str]


@pytest.fixture(scope="module")
def taken(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    lake, around = tmp_path_factory.mktemp("taken") / "lake", corpus.parent
    before = everything_below(around)
    report, peak_bytes = imported_apart(corpus, lake)
    return Taken(lake, report, peak_bytes, before, everything_below(around))


@pytest.mark.slow
def test_folder_of_hostile_files_is_told_of_file_by_file(taken: Taken) -> None:
    report = taken.report
    codes = Counter(reject["code"] for reject in rejected(report))
    passed_over = {name: count for name, count in report["by_code"].items() if name.startswith("passed-")}

    assert report["rows_in"] == report["accepted"] + report["rejected"] + report["unchanged"]
    assert report["rows_in"] + sum(passed_over.values()) == len(hostile_files())
    assert report["rejected"] == sum(codes.values())
    assert all(reject["hint"] and reject["where"] for reject in rejected(report))
    assert {name: count for name, count in report["by_code"].items() if name in codes} == codes
    assert not {"decoder-crashed", "too-slow", "too-much-memory"} & set(codes)
    assert taken.around_after == taken.around_before


@pytest.mark.slow
def test_hostile_files_cost_an_import_no_more_memory_than_good_ones(taken: Taken, tmp_path: Path) -> None:
    written(tmp_path / "good", {f"{seed}.jpg": saved(noise(seed=seed), "JPEG") for seed in range(1, 30)})

    _, usual_bytes = imported_apart(tmp_path / "good", tmp_path / "lake")

    assert taken.peak_bytes < usual_bytes + 256 * MEGABYTE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_display_sizes_of_what_was_accepted_are_small_and_cost_little(taken: Taken) -> None:
    failed = []

    with Lake.open(taken.lake) as lake:
        shas = lake.media.read(["id"])["id"].to_pylist()
        store = DisplayStore(lake)
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for sha in shas:
            try:
                path = store.path_of(sha, DISPLAY_PX[0], "webp")
            except PictureError as error:
                failed.append(error.code)
                continue
            assert 0 < path.stat().st_size < MEGABYTE
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb

    assert len(shas) > 300
    assert failed == []
    assert grown_kb < 512 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("name", ZIPS)
def test_zip_with_hostile_entries_gives_its_good_picture_and_tells_of_the_rest(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in" / "source.zip"
    source.parent.mkdir()
    source.write_bytes(ZIPS[name])

    report = imported(source, tmp_path / "lake", capsys)

    with Lake.open(tmp_path / "lake") as lake:
        titles = lake.items.read(["title"])["title"].to_pylist()
    assert "Good" in titles
    assert report["rows_in"] == report["accepted"] + report["rejected"]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "lake"}
    assert everything_below(tmp_path / "in") == {"source.zip"}
    assert report["by_code"] == TOLD_OF_ZIPS.get(name, {})


TOLD_OF_ZIPS: dict[str, dict[str, int]] = {
    "links": {"passed-over-link": 3},
    "same-names": {"passed-over-same-name": 2},
    "bombs": {"too-many-bytes": 4},
    "nested": {"passed-over-archive": 2},
    "many": {"passed-over-other-file": 20_000},
    "sidecars": {"bad-sidecar": 1, "sidecar-too-long": 1},
    "encrypted": {"unreadable-file": 1},
    "says-less": {"unreadable-file": 1},
    "says-much": {"too-many-bytes": 1},
    "wrong-check": {"unreadable-file": 1},
    "way-of-packing-99": {"unreadable-file": 1},
    "overlapping": {"unreadable-file": 200},
}


@pytest.mark.parametrize("name", NO_ZIPS)
def test_what_is_no_zip_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source.zip"
    source.write_bytes(NO_ZIPS[name])

    assert main(["lake", "import", str(source), "--lake", str(tmp_path / "lake")]) == 1

    said = capsys.readouterr().err
    assert "needed is a zip that can be read" in said
    assert said.count("\n") == 1


def test_hostile_names_of_files_and_folders_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for seed, name in enumerate(FILE_NAMES, 1):
        (root / os.fsdecode(name)).write_bytes(saved(noise(seed=seed), "JPEG"))
    for name in FOLDER_NAMES:
        folder = root / os.fsdecode(name)
        folder.mkdir()
        (folder / "x.jpg").write_bytes(saved(noise(), "JPEG"))
        (folder / "bad.jpg").write_bytes(b"x")

    first = imported(tmp_path / "in", tmp_path / "lake", capsys)
    again = imported(tmp_path / "in", tmp_path / "lake", capsys)

    assert first["accepted"] == len(FILE_NAMES) + len(FOLDER_NAMES)
    assert first["by_code"] == {"not-a-picture": len(FOLDER_NAMES)}
    assert len(rejected(first)) == len(FOLDER_NAMES)
    assert (again["accepted"], again["unchanged"]) == (0, first["accepted"])
    with Lake.open(tmp_path / "lake") as lake:
        texts = lake.items.read(["title", "category"]).to_pylist()
    assert all(text["title"].isprintable() for text in texts)
    assert all(level.isprintable() and len(level) <= 200 for text in texts for level in text["category"])


@pytest.mark.slow
def test_zip_of_hostile_files_ends_like_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: content for at, (name, content) in enumerate(hostile_files().items()) if at % 8 == 0}
    written(tmp_path / "folder", files)
    (tmp_path / "packed.zip").write_bytes(zipped(files))

    of_folder = imported(tmp_path / "folder", tmp_path / "one", capsys)
    of_zip = imported(tmp_path / "packed.zip", tmp_path / "two", capsys)

    for count in ("rows_in", "accepted", "rejected", "by_code"):
        assert of_zip[count] == of_folder[count], count
