"""`bowerbird lake duplicates` lists copies; an import has linked them before."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.cli.main import main


def scene(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture
def lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "boots.jpg").write_bytes(saved(scene(1), "JPEG", quality=90))
    (folder / "boots-again.jpg").write_bytes(saved(scene(1), "JPEG", quality=90))
    (folder / "boots-small.webp").write_bytes(saved(scene(1).resize((200, 150)), "WEBP"))
    (folder / "hat.jpg").write_bytes(saved(scene(2), "JPEG"))
    path = str(tmp_path / "lake")
    assert main(["lake", "import", str(folder), "--lake", path, "--workers", "1"]) == 0
    assert "1 of 3 new pictures are copies of others" in capsys.readouterr().out
    return path


def test_groups_are_listed_with_what_became_of_each_item(
    lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lake", "duplicates", "--lake", lake, "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    (group,) = told["groups"]
    assert (told["total_groups"], told["total_items"], told["linked_now"]) == (1, 3, 0)
    assert [copy["how"] for copy in group["copies"]] == ["first", "same file", "near"]
    assert group["group_id"] == group["copies"][0]["media_id"]
    assert {copy["title"] for copy in group["copies"]} == {"Boots", "Boots again", "Boots small"}


def test_copies_of_one_item_are_listed_for_a_person(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["lake", "duplicates", "--lake", lake, "--json"])
    copies = json.loads(capsys.readouterr().out)["groups"][0]["copies"]

    assert main(["lake", "duplicates", copies[2]["item_id"], "--lake", lake]) == 0

    said = capsys.readouterr().out
    assert said.splitlines()[-1] == f"2 copies of {copies[2]['item_id']}"
    assert all(copy["item_id"] in said for copy in copies)


def test_item_that_is_not_there_fails_with_one_line(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lake", "duplicates", "nobody", "--lake", lake]) == 1
    assert capsys.readouterr().err.count("\n") == 1
