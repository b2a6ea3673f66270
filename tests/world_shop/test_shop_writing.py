import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.cli.main import main
from bowerbird.core.errors import InputError
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.lake import Lake
from bowerbird.world.shop import ShopConfig, write_shop
from bowerbird.world.shop.catalogue import recipe_of
from bowerbird.world.shop.studio import item_picture
from bowerbird.world.shop.writing import save_picture

CONFIG = ShopConfig(items=26, rooms=1, seed=4)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, CONFIG, jobs=2)
    return folder


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_shop_is_rows_pictures_and_truth_apart(shop: Path) -> None:
    items, rooms, truths = (lines(shop / f"{name}.jsonl") for name in ("items", "rooms", "truth"))

    assert [row["id"] for row in items] == [f"shop-{index:07d}" for index in range(26)]
    assert len(rooms) == 1
    assert len(truths) == 27
    for row in [*items, *rooms]:
        picture = shop / str(row["picture"])
        assert row["kind_of_picture"] == "rendered"
        assert 3_000 < picture.stat().st_size < 120_000
        Image.open(picture).verify()
        assert not {"variant_of", "changed", "group", "recipe", "seen", "goes_together"} & set(row)
    assert not (shop / "unfinished").exists()


def test_an_item_drawn_alone_is_the_item_of_a_run(shop: Path, tmp_path: Path) -> None:
    for index in (0, 25):
        save_picture(item_picture(recipe_of(CONFIG.seed, index)), tmp_path / "one.jpg")

        in_run = shop / "pictures" / "0000" / f"shop-{index:07d}.jpg"
        assert (tmp_path / "one.jpg").read_bytes() == in_run.read_bytes()


def test_boxes_are_shares_of_the_picture_and_name_items_of_the_shop(shop: Path) -> None:
    (room,) = [row for row in lines(shop / "truth.jsonl") if "room" in row]
    ids = {row["id"] for row in lines(shop / "items.jsonl")}

    for seen in room["seen"]:  # type: ignore[attr-defined]
        left, top, right, bottom = seen["box"]
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert seen["item_id"] in ids
    assert set(room["goes_together"]) | set(room["completes_the_look"]) <= ids  # type: ignore[call-overload]


def test_a_second_run_draws_nothing(shop: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*") if path.is_file()}

    report = write_shop(shop, CONFIG)

    assert (report.drawn, report.known) == (0, 27)
    assert before == {path: path.stat().st_mtime_ns for path in shop.rglob("*") if path.is_file()}


def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_shop(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if 0 < done < total:
            raise StoppedError

    monkeypatch.setattr("bowerbird.world.shop.writing.ITEMS_AT_ONCE", 2)
    config = ShopConfig(items=5, rooms=0, seed=CONFIG.seed)
    with pytest.raises(StoppedError):
        write_shop(tmp_path, config, tell=stop)
    assert not (tmp_path / "items.jsonl").exists()
    report = write_shop(tmp_path, config)

    assert (report.drawn, report.known) == (3, 2)
    for name, count in (("items.jsonl", 5), ("truth.jsonl", 5)):
        assert lines(tmp_path / name) == lines(shop / name)[:count]
    for row in lines(tmp_path / "items.jsonl"):
        assert (tmp_path / str(row["picture"])).read_bytes() == (shop / str(row["picture"])).read_bytes()


def test_a_lake_takes_every_row_of_a_shop(shop: Path, tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        reports = [import_source(lake, shop / f"{name}.jsonl") for name in ("items", "rooms")]

    assert [(each.accepted, each.rejected) for each in reports] == [(26, 0), (1, 0)]


def test_another_shop_in_the_same_folder_is_refused(shop: Path) -> None:
    with pytest.raises(InputError, match="holds a shop of 26 items and 1 rooms, seed 4; asked for were 27"):
        write_shop(shop, ShopConfig(items=27, rooms=1, seed=4))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--items", "0"], "--items 0 was received"),
        (["--items", "10000000"], "--items 10000000"),
        (["--rooms", "-1"], "--rooms -1"),
        (["--seed", "-1"], "--seed -1"),
        (["--jobs", "0"], "--jobs 0"),
        (["--items", "5", "--rooms", "1"], "a shop of 5 items was asked for rooms"),
    ],
)
def test_bad_words_are_one_line(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["world", "shop", str(tmp_path / "out"), *words]) == 1

    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["not json", '{"items": 26, "rooms": 1, "seed": 4, "generator": 999}'])
def test_a_damaged_or_older_shop_is_refused(damage: str, tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(damage)

    with pytest.raises(InputError, match="another generator or damaged"):
        write_shop(tmp_path, CONFIG)


def test_a_folder_with_somebody_else_s_catalogue_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("{}\n")

    with pytest.raises(InputError, match="something else"):
        write_shop(tmp_path, CONFIG)
    assert (tmp_path / "items.jsonl").read_text() == "{}\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="could not be written"):
        write_shop(tmp_path / "file", CONFIG)


def test_the_command_tells_what_it_drew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["world", "shop", str(tmp_path / "out"), "--items", "2", "--rooms", "0", "--jobs", "1"]

    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["drawn"] == 2
    assert main(words) == 0
    assert "2 items and 0 rooms, rendered, are in" in capsys.readouterr().out
    assert np.asarray(Image.open(tmp_path / "out" / "pictures" / "0000" / "shop-0000001.jpg")).shape == (
        512,
        512,
        3,
    )


def test_a_run_that_was_killed_goes_on(shop: Path, tmp_path: Path) -> None:
    words = [
        "-m",
        "bowerbird.cli.main",
        "world",
        "shop",
        str(tmp_path),
        "--items",
        "26",
        "--rooms",
        "1",
        "--seed",
        "4",
    ]
    running = subprocess.Popen([sys.executable, *words, "--jobs", "1"], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.rglob("*.jpg"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "items.jsonl").exists()

    report = write_shop(tmp_path, CONFIG, jobs=2)

    assert report.drawn + report.known == 27
    for name in ("items.jsonl", "rooms.jsonl", "truth.jsonl"):
        assert (tmp_path / name).read_bytes() == (shop / name).read_bytes()
    pictures = [path.relative_to(shop) for path in shop.rglob("*.jpg")]
    assert all((tmp_path / each).read_bytes() == (shop / each).read_bytes() for each in pictures)
    assert not list(tmp_path.rglob("*.part"))
