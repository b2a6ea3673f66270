"""`bowerbird lake import` says in one sentence what became of every row."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from bowerbird.cli.main import main


@pytest.fixture
def wardrobe(tmp_path: Path) -> Path:
    folder = tmp_path / "wardrobe"
    folder.mkdir()
    for name in ("hat", "boots"):
        out = io.BytesIO()
        Image.new("RGB", (40, 40), "red" if name == "hat" else "blue").save(out, "PNG")
        (folder / f"{name}.png").write_bytes(out.getvalue())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return folder


def test_import_prints_a_sentence_and_where_the_refused_rows_are(
    wardrobe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["lake", "import", str(wardrobe), "--lake", str(tmp_path / "lake"), "--workers", "1"])

    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("3 rows: 2 in, 0 unchanged, 1 refused, in ")
    assert "refused rows: " in said


def test_import_as_json_is_one_report(
    wardrobe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["lake", "import", str(wardrobe), "--lake", str(tmp_path / "lake"), "--workers", "1", "--json"]
    main(words)
    capsys.readouterr()

    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)

    assert (report["rows_in"], report["accepted"], report["unchanged"], report["rejected"]) == (3, 0, 2, 1)


@pytest.mark.parametrize("mapping", ["title", "=a", "title="])
def test_mapping_that_is_none_fails_with_one_line(
    wardrobe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mapping: str
) -> None:
    code = main(["lake", "import", str(wardrobe), "--lake", str(tmp_path / "lake"), "--map", mapping])

    assert code == 1
    assert "FIELD=COLUMN" in capsys.readouterr().err


def test_source_that_is_not_there_fails_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["lake", "import", str(tmp_path / "gone"), "--lake", str(tmp_path / "lake")])

    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1
