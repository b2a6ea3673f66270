"""An import killed anywhere and begun again ends in the lake of an undisturbed one."""

import random
import time
from pathlib import Path

import pytest
from crash_checks import check
from crash_rounds import Known, first_seed, rounds, start
from serve_lake import draw_folder

from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.lake import Lake

pytestmark = pytest.mark.slow


def contents(lake: Lake) -> dict[str, list[dict[str, object]]]:
    """Everything that does not say when it was written."""
    items = lake.items.read(["id", "title", "media_ids", "category", "words", "row_hash"])
    media = lake.media.read(["id", "kind", "format", "thumb", "colours", "signature"])
    blobs = [row for batch in lake.blobs.scan(["id", "content"]) for row in batch.to_pylist()]
    tables = {"item": items.to_pylist(), "media": media.to_pylist(), "blob": blobs}
    return {name: sorted(rows, key=lambda row: str(row["id"])) for name, rows in tables.items()}


def test_import_killed_at_random_moments_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    seed = first_seed()
    print(f"BOWERBIRD_CRASH_SEED={seed}")
    rng = random.Random(seed)
    draw_folder(tmp_path / "in", variants=4)
    with Lake.open(tmp_path / "whole", create=True) as whole:
        import_source(whole, tmp_path / "in", ImportOptions(workers=1))
        wanted = contents(whole)
    known = Known()
    known.maybe_titles = {row["id"]: {row["title"]} for row in wanted["item"]}

    for turn in range(rounds(3)):
        lake_path = tmp_path / f"lake-{turn // 4}"
        if turn % 4 == 0:
            known.numbers.clear()
        stored = kill_import(lake_path, rng)
        with Lake.open(lake_path, create=True) as lake:
            assert lake.items.count() >= stored, "fewer items than the import has told of"
            known.titles = {}
            known.maybe_titles = {row["id"]: {row["title"]} for row in wanted["item"]}
            check(lake, known)

    with Lake.open(lake_path, create=True) as lake:
        import_source(lake, tmp_path / "in", ImportOptions(workers=1))
        assert contents(lake) == wanted


def kill_import(path: Path, rng: random.Random) -> int:
    """How many rows the import said were in when it was killed."""
    die_at = rng.randint(1, 150) if rng.random() < 0.5 else 0
    worker = start("import_catalogue", path, rng.getrandbits(31), "p0", die_at=die_at)
    worker.hear_first()
    until = time.monotonic() + (10.0 if die_at else rng.uniform(0.2, 2.5))
    while worker.hear(0.02) and time.monotonic() < until and "done" not in worker.said[-1]:
        pass
    worker.kill()
    return max((told["stored"] for told in worker.said if "stored" in told), default=0)
