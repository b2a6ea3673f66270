"""The newest files of a lake cut short, emptied or gone although they were synced: a disk that lied."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from crash_checks import check, check_items
from crash_rounds import Known, first_seed, rounds
from crash_work import put
from serve_lake import draw_folder

from bowerbird.cli.main import main
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing, fit_space, load_space
from bowerbird.encode.registry import load_encoders
from bowerbird.lake import online_file
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.indexes import Indexes

pytestmark = pytest.mark.slow


def emptied(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def cut(path: Path, rng: random.Random) -> None:
    os.truncate(path, rng.randrange(max(path.stat().st_size, 1)))


def zero_tailed(path: Path, rng: random.Random) -> None:
    size = path.stat().st_size
    kept = rng.randrange(max(size, 1))
    path.write_bytes(path.read_bytes()[:kept] + bytes(size - kept))


def removed(path: Path, rng: random.Random) -> None:
    path.unlink()


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (emptied, cut, zero_tailed, removed)


def newest_files(folder: Path, count: int) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(files, key=lambda path: path.stat().st_mtime_ns)[-count:]


def write_for_a_while(lake: Lake, rng: random.Random, known: Known) -> None:
    """Some puts, deletes and upkeep, all of them acknowledged."""
    for turn in range(rng.randint(2, 6)):
        ids = [f"item-{number}" for number in rng.sample(range(30), rng.randint(1, 5))]
        if rng.random() < 0.7:
            titles: dict[str, str | None] = {id_: f"{id_} w{rng.getrandbits(40):010x}" for id_ in ids}
            put(lake, rng, {id_: str(title) for id_, title in titles.items()})
        else:
            titles = dict.fromkeys(ids)
            delete_items(lake, ids)
        known.titles |= titles
        if rng.random() < 0.1 and turn:
            lake.maintain()


def test_rows_are_there_once_after_the_newest_files_of_tables_were_damaged(tmp_path: Path) -> None:
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    rng = random.Random(seed)
    path, known = tmp_path / "lake", Known()
    Lake.open(path, create=True).close()

    for _ in range(rounds(12)):
        with Lake.open(path) as lake:
            write_for_a_while(lake, rng, known)
        for file in newest_files(path / "tables", rng.randint(1, 12)):
            rng.choice(DAMAGES)(file, rng)

        with Lake.open(path) as lake:
            check(lake, known)


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoded")
    with Lake.open(folder / "lake", create=True) as lake:
        import_source(lake, draw_folder(folder / "pictures"), ImportOptions(workers=1))
        encoders = load_encoders(EncodeConfig())
        encode_missing(lake, encoders)
        space = fit_space(lake, encoders)
        Indexes.open(lake, Catalogue.open(lake), encoders, space).maintain()
    return folder / "lake"


def test_derived_files_that_are_damaged_are_made_again(
    encoded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    rng = random.Random(seed)
    encoders = load_encoders(EncodeConfig())

    for turn in range(rounds(3)):
        monkeypatch.setattr(online_file, "boot_id", lambda turn=turn: f"start {turn}")
        for folder in ("index", "models", "display", "imports", "generations"):
            if (encoded / folder).is_dir():
                for file in newest_files(encoded / folder, rng.randint(1, 4)):
                    rng.choice(DAMAGES)(file, rng)
        for file in encoded.glob("online.sqlite*"):
            rng.choice(DAMAGES)(file, rng)

        with Lake.open(encoded) as lake:
            catalogue = Catalogue.open(lake)
            space = load_space(lake, encoders) or fit_space(lake, encoders)
            indexes = Indexes.open(lake, catalogue, encoders, space)
            indexes.sync()
            indexes.maintain()
            assert {report.items for report in indexes.report().values()} == {catalogue.count()}
            lake.online.push("someone", [0, 1], [0, 0], 5)
            assert lake.online.seen("someone").tolist() == [0, 1]
            known = Known(
                titles={row["id"]: row["title"] for row in lake.items.read(["id", "title"]).to_pylist()}
            )
            check_items(lake, known)


def test_doctor_tells_what_was_healed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, rng = tmp_path / "lake", random.Random(5)
    with Lake.open(path, create=True) as lake:
        put(lake, rng, {"a": "a w1"})
        put(lake, rng, {"b": "b w2"})
    emptied(min((path / "tables" / "item.lance" / "_versions").glob("*.manifest")), rng)
    Lake.open(path).close()

    main(["doctor", "--lake", str(path)])

    said = capsys.readouterr().out
    assert "healed" in said
    assert "item" in said
