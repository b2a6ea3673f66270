import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from PIL import Image

from bowerbird.cli.main import main
from bowerbird.core.errors import TableDamagedError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.records.tables import item_number
from bowerbird.lake.tags import make_tag
from bowerbird.lake.types import ItemFields
from bowerbird.lake.verifying import Finding, verify

UNJOURNALED = LakeConfig(journal_entries=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four noisy pictures, large enough for their content to lie beside the rows, in two fragments."""
    root = tmp_path_factory.mktemp("made")
    for part in ("first", "second"):
        (root / part).mkdir()
        for n in range(2):
            Image.effect_noise((400, 400), 90).save(root / part / f"{part} {n}.png")
    with Lake.open(root / "lake", create=True, config=UNJOURNALED) as lake:
        for part in ("first", "second"):
            import_source(lake, str(root / part), ImportOptions(workers=1))
    return root / "lake"


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake"))


def found_in(path: Path, *, sample: int = 100, is_full: bool = False) -> list[Finding]:
    with Lake.open(path, config=UNJOURNALED) as lake:
        return list(verify(lake, sample=sample, is_full=is_full))


def only(findings: list[Finding], check: str, *, is_damage: bool) -> str:
    """What the one kind of finding says; there is no other kind of damage."""
    assert {finding.check for finding in findings if finding.is_damage} <= {check}, findings
    (text,) = [finding.what for finding in findings if finding.check == check]
    assert [finding.is_damage for finding in findings if finding.check == check] == [is_damage]
    return text


def test_whole_lake_has_no_findings_and_is_not_changed(path: Path) -> None:
    before = {file: file.read_bytes() for file in (path / "tables").rglob("*") if file.is_file()}

    assert found_in(path, is_full=True) == []

    assert {file: file.read_bytes() for file in (path / "tables").rglob("*") if file.is_file()} == before


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flip_a_byte, cut, Path.unlink])
def test_damaged_content_is_found_when_it_is_read(path: Path, damage: Callable[[Path], None]) -> None:
    damage(min((path / "tables" / "blob.lance" / "data").rglob("*.blob")))

    findings = found_in(path, is_full=True)

    assert any(finding.is_damage and finding.check == "contents" for finding in findings)


def test_content_that_is_cut_off_is_found_without_reading_it(path: Path) -> None:
    oldest = min(
        (path / "tables" / "blob.lance" / "data").rglob("*.blob"), key=lambda file: file.stat().st_mtime
    )
    cut(oldest)

    assert "table blob lacks data/" in only(found_in(path, sample=0), "files", is_damage=True)


def test_missing_index_file_is_found(path: Path) -> None:
    with Lake.open(path, config=UNJOURNALED) as lake:  # opening would make the index again
        head = lance.dataset(str(lake.items.path))
        rows = head.tracked_files(min_version=head.version).read_all().to_pylist()
        index = next(row["path"] for row in rows if row["type"] == "index file")
        (lake.items.path / index).unlink()
        findings = list(verify(lake))

    assert "table item lacks _indices/" in only(findings, "files", is_damage=True)


def test_missing_file_of_an_older_version_is_a_note(path: Path) -> None:
    table = path / "tables" / "media.lance"
    with Lake.open(path, config=UNJOURNALED) as lake:
        lake.media.maintain()
    kept = {row["path"] for row in lance.dataset(str(table)).tracked_files(
        min_version=lance.dataset(str(table)).version).read_all().to_pylist()}  # fmt: skip
    next(file for file in (table / "data").iterdir() if f"data/{file.name}" not in kept).unlink()

    assert "older versions of table media lack data/" in only(found_in(path), "files", is_damage=False)


def test_table_that_is_gone_is_found_by_what_refers_to_it(path: Path) -> None:
    shutil.rmtree(path / "tables" / "media.lance")

    assert "items show pictures without a row" in only(found_in(path), "references", is_damage=True)


def test_pictures_without_content_and_without_items_are_told_apart(path: Path) -> None:
    with Lake.open(path, config=UNJOURNALED) as lake:
        shas = lake.media.read(["id"])["id"].to_pylist()
        lake.blobs.delete(shas[:1])
    assert f"pictures without their content: {shas[0]}" in only(found_in(path), "references", is_damage=True)

    with Lake.open(path, config=UNJOURNALED) as lake:
        lake.items.delete(lake.items.read(["id"])["id"].to_pylist()[:0])
        shown = lake.items.read(["id", "media_ids"]).to_pylist()
        lake.items.delete([row["id"] for row in shown if shas[0] in row["media_ids"]])
        lake.media.delete(shas[:1])
        other = next(row for row in shown if shas[0] not in row["media_ids"])
        lake.items.delete([other["id"]])
    assert "1 pictures that no item shows" in only(found_in(path), "references", is_damage=False)


def test_content_of_another_size_than_noted_is_found(path: Path) -> None:
    with Lake.open(path, config=UNJOURNALED) as lake:
        rows = lake.media.take(lake.media.read(["id"])["id"].to_pylist()[:1], lake.media.spec.schema.names)
        place = rows.schema.get_field_index("size_bytes")
        lake.media.upsert(rows.set_column(place, "size_bytes", pa.array([7])))

    assert "another size" in only(found_in(path), "contents", is_damage=True)


def test_numbers_given_twice_or_otherwise_in_the_records_are_found(path: Path) -> None:
    with Lake.open(path, config=UNJOURNALED) as lake, lake.records.engine.begin() as connection:
        connection.execute(sa.update(item_number).values(number=item_number.c.number + 100))
    assert "the records have no number, or another one" in only(found_in(path), "numbers", is_damage=True)
    assert main(["lake", "adopt", "--lake", str(path)]) == 0
    assert found_in(path) == []

    with Lake.open(path, config=UNJOURNALED) as lake:
        rows = lake.items.take(lake.items.read(["id"])["id"].to_pylist()[:2], lake.items.spec.schema.names)
        place = rows.schema.get_field_index("number")
        lake.items.upsert(rows.set_column(place, "number", pa.array([1, 1])))
    findings = found_in(path)
    assert any("more than once" in finding.what for finding in findings if finding.is_damage)


def test_damaged_database_is_found(path: Path) -> None:
    with sqlite3.connect(path / "events.sqlite") as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = opened.execute("PRAGMA page_size").fetchone()[0]
        (root,) = opened.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table' LIMIT 1").fetchone()
    content = bytearray((path / "events.sqlite").read_bytes())
    content[(root - 1) * page : (root - 1) * page + 60] = b"\xff" * 60
    with Lake.open(path, config=UNJOURNALED) as lake:
        (path / "events.sqlite").write_bytes(content)
        findings = list(verify(lake))

    assert "events.sqlite is damaged" in only(findings, "databases", is_damage=True)


def test_strays_that_wait_for_nothing_are_notes(path: Path) -> None:
    (path / "index" / "look").mkdir(parents=True)
    (path / "index" / "look" / "manifest.json").write_text(json.dumps({"lake_version": 10_000}))
    with Lake.open(path, config=UNJOURNALED) as lake:
        board = lake.records.boards.create(lake.records.people.create("p").id, "Board")
        lake.records.saves.save(board.id, "never-there")
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(4, np.float16)), 4)
        texts = {name: ["x"] for name in ("key", "encoder", "version", "preprocessing_hash")}
        lake.embeddings("words", "test.1.0", 4).upsert(
            pa.table({**texts, "number": [999], "vector": vectors})
        )

    findings = found_in(path)

    assert {finding.check for finding in findings} == {"derived", "boards", "embeddings"}
    assert not any(finding.is_damage for finding in findings)


def test_tag_whose_version_is_gone_is_found(path: Path) -> None:
    with Lake.open(path, config=UNJOURNALED) as lake:
        make_tag(lake.place, "train-1", lake.clock)
        put_items(lake, [StoredItem(ItemFields(id="new"))])
    tagged = json.loads((path / "tags" / "train-1.json").read_text())["tables"]["item"]
    (path / "tables" / "item.lance" / "_versions" / f"{2**64 - 1 - tagged}.manifest").unlink()

    texts = [finding.what for finding in found_in(path) if finding.is_damage]
    assert any("tag train-1 names versions of item" in text for text in texts)


def test_command_says_what_is_damaged_and_fails(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lake", "verify", "--lake", str(path)]) == 0
    assert "4 items: whole" in capsys.readouterr().out
    flip_a_byte(min((path / "tables" / "blob.lance" / "data").rglob("*.blob")))

    assert main(["lake", "verify", "--full", "--json", "--lake", str(path)]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["damage"] == 1
    assert "restore the lake from a backup" in facts["findings"][0]["advice"]


def test_table_without_any_whole_version_is_told_by_verify(path: Path) -> None:
    for manifest in (path / "tables" / "media.lance" / "_versions").glob("*.manifest"):
        manifest.write_bytes(b"")

    with pytest.raises(TableDamagedError):
        found_in(path)
    assert main(["lake", "verify", "--lake", str(path)]) == 1
