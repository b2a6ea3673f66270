"""The whole way with the real encoders: pictures in, indexes over them, searches answered."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bowerbird.cli.retrieve import add_commands, index_lake
from bowerbird.core.errors import InputError, StageUnavailableError
from bowerbird.encode import EncodeConfig, Encoders, load_encoders
from bowerbird.encode.job import encode_missing, fit_space
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.answers import answer_picture, answer_words
from bowerbird.retrieve.ready import Ready, ready_indexes

COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("circle", "square", "triangle")


def draw(folder: Path, colour: str, shape: str, size: int = 90) -> Path:
    picture = Image.new("RGB", (160, 160), "white")
    pen = ImageDraw.Draw(picture)
    low, high = 80 - size // 2, 80 + size // 2
    if shape == "circle":
        pen.ellipse((low, low, high, high), fill=colour)
    elif shape == "square":
        pen.rectangle((low, low, high, high), fill=colour)
    else:
        pen.polygon(((80, low), (low, high), (high, high)), fill=colour)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{colour} {shape} {size}.png"
    picture.save(file)
    return file


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return load_encoders(EncodeConfig())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoders: Encoders) -> Path:
    """A lake of drawn shapes, encoded and fitted."""
    folder = tmp_path_factory.mktemp("shapes")
    for colour in COLOURS:
        for shape in SHAPES:
            draw(folder / "pictures", colour, shape)
            draw(folder / "pictures", colour, shape, 130)
    with Lake.open(folder / "lake", create=True) as lake:
        import_source(lake, folder / "pictures")
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
    return folder


@pytest.fixture
def lake(built: Path) -> Iterator[Lake]:
    with Lake.open(built / "lake") as opened:
        yield opened


def titles(ready: Ready, numbers: np.ndarray) -> list[str]:
    return [ready.catalogue.title(number).lower() for number in numbers.tolist()]


def test_picture_finds_itself_first(lake: Lake, built: Path, encoders: Encoders) -> None:
    ready = ready_indexes(lake, encoders)
    pixels = np.asarray(Image.open(built / "pictures" / "red circle 90.png"))

    answer = answer_picture(ready.indexes, encoders, ready.space, pixels, 3)

    assert titles(ready, answer.candidates.numbers)[0].startswith("red circle")
    assert answer.ending.verdict == "found"


def test_words_find_items_that_are_called_so(lake: Lake, encoders: Encoders) -> None:
    ready = ready_indexes(lake, encoders)

    answer = answer_words(ready.indexes, encoders, ready.space, "green triangle", 2)

    assert all(title.startswith("green triangle") for title in titles(ready, answer.candidates.numbers))
    assert answer.ending.verdict == "found"


def test_search_for_what_is_not_there_says_so(lake: Lake, encoders: Encoders) -> None:
    ready = ready_indexes(lake, encoders)

    answer = answer_words(ready.indexes, encoders, ready.space, "income tax declaration", 9)

    assert answer.ending.verdict != "found"


def test_new_picture_is_encoded_found_and_gone_again(lake: Lake, built: Path, encoders: Encoders) -> None:
    ready = ready_indexes(lake, encoders)
    before = len(ready.indexes.look)
    pixels = np.asarray(Image.open(draw(built / "new", "purple", "circle", 110)))

    import_source(lake, built / "new")
    report = ready.indexes.sync()
    found = answer_picture(ready.indexes, encoders, ready.space, pixels, 1).candidates.numbers

    assert report.upserted == 1
    assert len(ready.indexes.look) == before + 1
    assert titles(ready, found)[0].startswith("purple circle")

    delete_items(lake, ready.catalogue.ids_of(found))
    ready.indexes.sync()
    again = answer_picture(ready.indexes, encoders, ready.space, pixels, 1).candidates.numbers
    assert not titles(ready, again)[0].startswith("purple")


def test_lake_without_a_space_is_refused_with_what_to_run(tmp_path: Path, encoders: Encoders) -> None:
    with (
        Lake.open(tmp_path / "lake", create=True) as empty,
        pytest.raises(StageUnavailableError, match="encode fit"),
    ):
        ready_indexes(empty, encoders)


def said(capsys: pytest.CaptureFixture[str], lake: Path, *words: str) -> str:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    args = parser.parse_args(["retrieve", words[0], "--lake", str(lake), *words[1:]])
    assert args.run(args) == 0
    return capsys.readouterr().out.strip()


def test_build_index_and_status_say_what_there_is(capsys: pytest.CaptureFixture[str], built: Path) -> None:
    facts = json.loads(said(capsys, built / "lake", "build-index", "--json"))
    status = json.loads(said(capsys, built / "lake", "status", "--json"))

    assert facts["words"]["items"] == status["words"]["items"] == status["items"] == 24
    assert status["look"]["versions_behind"] == 0
    assert said(capsys, built / "lake", "build-index").startswith("indexed 24 items in ")
    assert "24 items, " in said(capsys, built / "lake", "status")


def test_status_without_an_index_says_how_to_get_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Lake.open(tmp_path / "lake", create=True).close()

    assert "bowerbird retrieve build-index" in said(capsys, tmp_path / "lake", "status")


def test_search_commands_print_hits_and_the_verdict(capsys: pytest.CaptureFixture[str], built: Path) -> None:
    words = json.loads(said(capsys, built / "lake", "search-words", "blue square", "--limit", "2", "--json"))
    lines = said(
        capsys,
        built / "lake",
        "search-picture",
        str(built / "pictures" / "blue square 90.png"),
        "--limit",
        "3",
    ).splitlines()

    assert words["verdict"] == "found"
    assert {hit["title"].rsplit(" ", 1)[0] for hit in words["hits"]} == {"Blue square"}
    assert lines[0] == "found: 3 hits"
    assert "Blue square" in lines[1]


def test_search_by_a_file_that_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], built: Path
) -> None:
    with pytest.raises(InputError, match="check the path"):
        said(capsys, built / "lake", "search-picture", "nowhere.png")


def test_index_lake_says_how_many_items_can_be_found(lake: Lake, encoders: Encoders) -> None:
    assert index_lake(lake, encoders).startswith("indexed 24 items in ")
