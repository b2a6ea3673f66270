import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.cli.main import main
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event

COLOURS = {"Red": (200, 30, 30), "Green": (30, 160, 60), "Blue": (40, 60, 200)}
PER_COLOUR = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoded lake with three categories, and a person who saved red things."""
    made = tmp_path_factory.mktemp("interests")
    rng = np.random.default_rng(0)
    lines = ["id,title,category,image"]
    for name, colour in COLOURS.items():
        for n in range(PER_COLOUR):
            noisy = np.clip(np.array(colour) + rng.integers(-25, 25, (96, 96, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(made / f"{name}{n}.png")
            lines.append(f"{name}{n},{name} thing {n},Colours > {name},{made / f'{name}{n}.png'}")
    (made / "items.csv").write_text("\n".join(lines))
    lake = str(made / "lake")
    for words in (f"lake import {made}/items.csv", "encode run", "encode fit", "retrieve build-index"):
        assert main([*words.split(), "--lake", lake]) == 0
    with Lake.open(made / "lake") as opened:
        now_ms = opened.clock.now_ms()
        opened.events.append([
            Event.model_validate({
                "event_id": f"e{n}", "action": "save", "at_ms": now_ms - n * 60_000, "person_id": "ann",
                "item_id": f"Red{n}",
            })
            for n in range(3)
        ])  # fmt: skip
    return made / "lake"


def told(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["taste", *words, "--lake", str(folder), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def shares(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, float]:
    rows = told(folder, capsys, "profile", "ann", *more)["interests"]
    return {row["path"][-1]: row["share"] for row in rows}  # type: ignore[attr-defined, union-attr]


def test_person_sees_why_and_an_edit_changes_the_profile_and_is_taken_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = told(folder, capsys, "interests")["interests"]
    ids = {row["path"][-1]: row["id"] for row in rows}  # type: ignore[attr-defined, union-attr]
    before = shares(folder, capsys)

    assert set(ids) == {"Colours", *COLOURS}
    assert before["Red"] > 0.7 > before["Green"]
    evidence = told(folder, capsys, "profile", "ann")["interests"][0]["evidence"]  # type: ignore[index]
    assert {each["item"] for each in evidence} == {"Red0", "Red1", "Red2"}
    assert told(folder, capsys, "edit", "ann", ids["Red"], "never")["replaced"] is None
    assert shares(folder, capsys)["Red"] == 0
    assert told(folder, capsys, "edit", "ann", ids["Red"], "clear")["replaced"] == "never"
    assert shares(folder, capsys)["Red"] == pytest.approx(before["Red"], abs=0.01)
    assert shares(folder, capsys, "--as-of", "2020-01-01")["Red"] == 0


def test_refresh_keeps_ids_and_unknown_words_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = told(folder, capsys, "interests")["interests"]

    after = told(folder, capsys, "interests", "--refresh")["interests"]

    assert before == after
    assert main(["taste", "edit", "ann", "nothing", "more", "--lake", str(folder)]) == 1
    assert "`bowerbird taste interests` lists them" in capsys.readouterr().err
    assert main(["taste", "edit", "ann", "nothing", "mute", "--days", "0", "--lake", str(folder)]) == 1
    assert "1 or more" in capsys.readouterr().err
