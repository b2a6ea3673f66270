from pathlib import Path

import pytest

from bowerbird.cli.main import main
from bowerbird.cli.up import default_lake


def test_lake_of_source_is_the_same_each_time_and_another_for_another_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    first, again, other = (default_lake(str(tmp_path / name)) for name in ("My Pictures", "My Pictures", "b"))

    assert first == again != other
    assert first.parent == tmp_path / "bowerbird"
    assert first.name.startswith("my-pictures-")


def test_up_without_pictures_or_lake_says_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up"]) == 1

    assert "bowerbird up FOLDER" in capsys.readouterr().err


def test_up_with_a_folder_that_is_not_there_makes_no_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", str(tmp_path / "none"), "--lake", str(tmp_path / "lake")]) == 1

    assert "there is nothing at" in capsys.readouterr().err
